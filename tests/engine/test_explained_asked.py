"""What may be asked of the microscope, and that it answers for the number that was asked for: fields that
do not apply are refused, the numbers a step starts from are the run's, sums are sums everywhere."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
import torch

from app.catalog.layers import LAYERS
from app.engine.tracing.tracer import Tracer
from app.protocol.refusals import CellMisfit, NoDerivative, NoSuchCell
from app.protocol.tracing import Cell, ExplainWanted, Explanation, Traced
from app.spec.examples import example
from app.spec.run import RunSpec
from tests.engine.explained import Walk
from tests.engine.specs import ADAM, Driven, Layers, run_spec

RECURRENT: Layers = [
    {"type": "rows"},
    {"type": "lstm", "units": 4},
    {"type": "last_step"},
    {"type": "dense", "units": 10},
]
NODES = ("seq1", "lstm1", "last1", "fc1")


@pytest.fixture(scope="module")
def tracer() -> Tracer:
    return Tracer(Driven(run_spec(RECURRENT, batch_size=4)).to(2).session)


def explain(tracer: Tracer, cell: dict[str, Any], **wanted: Any) -> Explanation:
    asked = {**wanted, "cell": cell}
    return tracer.explain(ExplainWanted.model_validate_json(json.dumps(asked)))


WEIGHT = {"node": "fc1", "tensor": "weight", "index": [1, 2]}
OUTPUT = {"role": "activation", "node": "lstm1", "sample": 0, "index": [1, 2]}
IN_TIME = {"role": "activation", "node": "lstm1", "sample": 0, "index": [3], "time": 2}
INSIDE = {"role": "activation", "node": "lstm1", "operation": 12, "index": [0, 1]}
EVERY_FIELD: dict[str, Any] = {
    "node": "fc1", "tensor": "c", "state": "c", "sample": 0, "index": [1], "operation": 0, "result": 1,
    "time": 2, "layer": 0, "reverse": True,
}  # fmt: skip
ASKED: tuple[tuple[dict[str, Any], set[str]], ...] = (
    (OUTPUT, {"tensor", "state", "result", "layer", "reverse"}),
    ({**OUTPUT, "role": "sensitivity"}, {"tensor", "state", "result", "layer", "reverse"}),
    (IN_TIME, {"tensor", "result"}),
    (INSIDE, {"tensor", "state", "sample", "time", "layer", "reverse"}),
    (
        {"role": "net_input", "node": "fc1", "sample": 0, "index": [0]},
        {"tensor", "state", "operation", "result", "time", "layer", "reverse"},
    ),
    ({"role": "loss"}, set(EVERY_FIELD)),
    ({"role": "activation", "node": "@loss"}, {"tensor", "state", "sample", "index", "result"}),
    ({"role": "target", "sample": 1}, set(EVERY_FIELD) - {"sample", "index"}),
    *(
        (
            {"role": role, **WEIGHT},
            {"state", "sample", "operation", "result", "time", "layer", "reverse"},
        )
        for role in ("parameter", "gradient", "update")
    ),
    (
        {"role": "state", "state": "momentum_buffer", **WEIGHT},
        {"sample", "operation", "result", "time", "layer", "reverse"},
    ),
)


@pytest.mark.parametrize(("cell", "others"), ASKED, ids=[str(cell) for cell, _ in ASKED])
def test_a_field_that_does_not_apply_is_refused_by_name(
    tracer: Tracer, cell: dict[str, Any], others: set[str]
) -> None:
    assert explain(tracer, cell).cell.role == cell["role"]
    for field in others:
        with pytest.raises(CellMisfit) as refused:
            explain(tracer, {**cell, field: EVERY_FIELD[field]})
        assert refused.value.pointer == f"/cell/{field}"
        assert refused.value.status == 422
        assert f"“{field}”" in refused.value.text.en
        assert f"“{field}”" in refused.value.text.zh


def test_what_a_state_is_asked_for_by_is_its_state(tracer: Tracer) -> None:
    """``tensor`` c gave h under the heading c."""
    for tensor in ("c", "nonsense"):
        with pytest.raises(CellMisfit, match="tensor"):
            explain(tracer, {**IN_TIME, "tensor": tensor})
    h, c = (explain(tracer, {**IN_TIME, "state": state}) for state in ("h", "c"))
    graph = tracer.trace(Traced()).open("lstm1").graph
    assert float(c.value) == float(graph.moments[0, False, "c"][2].tensor[0, 3])
    assert float(h.value) != float(c.value)


@pytest.mark.parametrize(
    ("cell", "field"),
    [
        ({**OUTPUT, "index": [1]}, "index"),
        ({**OUTPUT, "index": [1, 2, 3]}, "index"),
        ({**OUTPUT, "index": [1, -1]}, "index"),
        ({**OUTPUT, "sample": 4}, "sample"),
        ({**IN_TIME, "sample": 4}, "sample"),
        ({**IN_TIME, "index": []}, "index"),
        ({**IN_TIME, "layer": 1}, "layer"),
        ({**IN_TIME, "reverse": True}, "reverse"),
        ({**IN_TIME, "state": "z"}, "state"),
        ({**IN_TIME, "time": 8}, "time"),
        ({"role": "target", "sample": 4}, "sample"),
        ({"role": "target", "sample": 0, "index": [0]}, "index"),
        ({"role": "parameter", **WEIGHT, "index": [1]}, "index"),
        ({"role": "state", **WEIGHT, "state": "step"}, "state"),
        ({"role": "state", **WEIGHT}, "state"),
        ({"role": "constant", "node": "fc1", "index": []}, "tensor"),
        ({"role": "loss", "node": "fc1"}, "node"),
    ],
    ids=str,
)
def test_what_is_not_there_is_refused_by_its_field(
    tracer: Tracer, cell: dict[str, Any], field: str
) -> None:
    with pytest.raises((CellMisfit, NoSuchCell)) as refused:
        explain(tracer, cell)
    assert refused.value.pointer == f"/cell/{field}"
    assert refused.value.text.en != refused.value.text.zh


def test_the_count_of_steps_belongs_to_no_weight() -> None:
    """Adam keeps one number for a whole tensor beside its moments."""
    tracer = Tracer(Driven(run_spec(optimizer=ADAM)).to(2).session)
    cell = {"role": "state", "node": "conv1", "tensor": "bias", "index": [1], "state": "step"}
    with pytest.raises(NoSuchCell, match="exp_avg") as refused:
        explain(tracer, cell)
    assert "step'" in refused.value.text.en.replace("“", "'")


# --- the numbers that a step starts from -----------------------------------------------------------


NORMED: Layers = [
    {"type": "conv2d", "filters": 2, "kernel": 3},
    {"type": "batch_norm"},
    {"type": "relu"},
    {"type": "flatten"},
    {"type": "dense", "units": 10},
]


@pytest.mark.parametrize("precision", ["float64", "float32"])
@pytest.mark.parametrize("model", [NORMED, RECURRENT], ids=["before batch norm", "fused"])
def test_the_number_a_step_starts_from_is_the_one_that_it_uses(
    model: Layers, precision: str
) -> None:
    """Where Adam meets a gradient that is nought but for rounding, a step made again is 4 % off."""
    driven = Driven(run_spec(model, optimizer=ADAM, batch_size=8, seed=0))
    weights = []
    for step in range(4):
        driven.to(step) if step else None
        weights.append(
            {name: value.clone() for name, value in driven.session.trainer.state().items()}
        )
    tracer = Tracer(driven.session)
    for step in (1, 2, 3):
        for name, own in weights[step].items():
            family, _, rest = name.partition(".")
            node, tensor, *state = rest.split(".")
            if tensor.startswith(("running", "num_batches")) or state == ["step"]:
                continue
            index = [size - 1 for size in own.shape]
            role = {"role": "state", "state": state[0]} if state else {"role": "parameter"}
            cell = {**role, "node": node, "tensor": tensor, "index": index}
            found = explain(tracer, cell, step=step, precision=precision)
            assert float(found.value) == float(own[tuple(index)]), name
            assert found.stored
            assert found.difference == found.formula_value - found.value
            total = sum(float(term.value) for term in found.terms)
            assert float(found.formula_value) == pytest.approx(total, rel=1e-12)
            assert family in ("model", "optimizer")


def test_a_followed_weight_shows_the_number_that_was_clicked() -> None:
    driven = Driven(run_spec(NORMED, optimizer=ADAM, batch_size=8, seed=0)).to(3)
    for step in (1, 2, 3):
        walk = Walk(driven, seed=step, step=step).run(150)
        assert walk.faults == []


# --- sums ------------------------------------------------------------------------------------------


SUMMED: tuple[tuple[dict[str, Any], Any], ...] = (
    ({"type": "squared_error"}, lambda out, y: 0.5 * ((out - y) ** 2).sum()),
    ({"type": "squared_error", "form": "half_sum"}, lambda out, y: 0.5 * ((out - y) ** 2).sum()),
    (
        {"type": "cross_entropy"},
        lambda out, y: sum(
            np.log(np.exp(o).sum()) - o[int(k)] for o, k in zip(out, y, strict=True)
        ),
    ),
)


@pytest.mark.parametrize(("loss", "right"), SUMMED, ids=[str(loss) for loss, _ in SUMMED])
@pytest.mark.parametrize("precision", ["float64", "float32"])
def test_the_loss_is_summed_where_its_derivatives_are(
    loss: dict[str, Any], right: Any, precision: str
) -> None:
    model: Layers = [{"type": "flatten"}, {"type": "dense", "units": 10}]
    tracer = Tracer(Driven(run_spec(model, loss=loss, batch_size=3)).session)
    trace = tracer.trace(Traced.model_validate({"precision": precision}))
    out, targets = trace.values["fc1"].double().numpy(), trace.targets.double().numpy()
    wanted = float(right(out, targets))
    close = 1e-12 if precision == "float64" else 1e-5
    mean = explain(tracer, {"role": "loss"}, precision=precision)
    summed = explain(tracer, {"role": "loss"}, precision=precision, form="sum")
    assert float(summed.value) == pytest.approx(wanted, rel=close)
    assert float(summed.formula_value) == pytest.approx(wanted, rel=close)
    assert mean.quantity.en != summed.quantity.en
    assert "sum" in summed.quantity.en
    share = float(summed.value) / float(mean.value)
    (term,) = summed.terms
    assert np.prod([float(factor.value) for factor in term.factors]) == pytest.approx(
        wanted, rel=close
    )
    place = next(factor.place for factor in term.factors if factor.place)
    again = tracer.explain(
        ExplainWanted.model_validate({"cell": place, "form": "sum", "precision": precision})
    )
    assert float(again.value) == pytest.approx(float(mean.value), rel=1e-12)
    delta = explain(tracer, {"role": "sensitivity", "node": "@loss"}, form="sum")
    assert float(delta.value) == pytest.approx(share)
    # A change of an output changes ΣE by what its sensitivity says.
    moved, width = out.copy(), 1e-6
    moved[1, 4] += width
    slope = (float(right(moved, targets)) - wanted) / width
    cell = {"role": "sensitivity", "node": "fc1", "sample": 1, "index": [4]}
    found = explain(tracer, cell, precision=precision, form="sum")
    assert float(found.value) == pytest.approx(slope, rel=1e-3, abs=1e-5)


# --- places ----------------------------------------------------------------------------------------


KINDS = sorted(LAYERS.parts)


@pytest.mark.parametrize("kind", KINDS)
def test_every_place_that_an_explanation_gives_can_be_asked_for(kind: str) -> None:
    """Every operation of every layer, forward and backward; then what they lead to, to the end."""
    found = example(LAYERS.parts[kind])
    assert found is not None
    spec = json.loads(found.spec.model_dump_json())
    spec["training"]["phases"][0]["batch_size"] = 2
    driven = Driven(RunSpec.model_validate_json(json.dumps(spec)))
    tracer = Tracer(driven.session)
    network = tracer.trace(Traced()).trainer.network
    nodes = [n for n in network.order if network.layers[n].kind() == kind]
    seen: set[Cell] = set()
    left: list[Cell] = []
    for node in [*nodes[:1], "@loss"]:
        for operation in tracer.trace(Traced()).open(node).graph.operations[:40]:
            for number, result in enumerate(operation.results):
                if result is None or not result.tensor.numel():
                    continue
                index = tuple(size // 2 for size in result.tensor.shape)
                left += [
                    Cell(
                        role=role, node=node, operation=operation.number, result=number, index=index
                    )
                    for role in ("activation", "sensitivity")
                ]
    first = len(left)
    while left and len(seen) < first + 150:
        cell = left.pop(0)
        if cell in seen:
            continue
        seen.add(cell)
        try:
            answer = tracer.explain(ExplainWanted(cell=cell))
        except NoDerivative:
            assert cell.role == "sensitivity"
            continue
        assert answer.terms or answer.kind in ("given", "linear", "silenced"), cell
        for term in answer.terms[:6]:
            left += [factor.place for factor in term.factors if factor.place is not None]
        left += [loser.place for loser in answer.losers[:2] if loser.place is not None]


def test_a_draw_is_said_to_be_drawn() -> None:
    """Noise: ``normal_`` has no form of the same name that writes nothing."""
    for layer, drawn in (
        ({"type": "gaussian_noise"}, "normal"),
        ({"type": "dropout", "rate": 0.5}, "bernoulli"),
        ({"type": "rrelu"}, "uniform"),
    ):
        model: Layers = [{"type": "flatten"}, layer, {"type": "dense", "units": 10}]
        tracer = Tracer(Driven(run_spec(model, batch_size=4)).session)
        network = tracer.trace(Traced()).trainer.network
        node = network.order[1]
        numbers = [
            operation.number
            for operation in tracer.trace(Traced()).open(node).graph.operations
            if operation.name == drawn
        ]
        assert numbers
        cell = {"role": "constant", "node": node, "operation": numbers[0], "index": [0, 1]}
        found = explain(tracer, cell)
        assert found.kind == "given"
        assert "drew at random" in found.quantity.en
        own = tracer.trace(Traced()).open(node).graph.operations[numbers[0]].results[0]
        assert own is not None
        assert float(found.value) == float(own.tensor[0, 1])


def test_a_buffer_is_asked_for_by_its_name() -> None:
    """A batch norm in evaluation mode, opened by itself: its running mean is a place with a name."""
    from app.engine.tracing.capture import capture
    from app.engine.tracing.cells import Cell as GraphCell
    from app.engine.tracing.cells import source
    from app.engine.tracing.forward import forward
    from app.engine.tracing.places import Context, largest

    class Shifted(torch.nn.Module):
        shift: torch.Tensor

        def __init__(self) -> None:
            super().__init__()
            self.register_buffer("shift", torch.tensor([1.0, 2.0], dtype=torch.float64))
            self.plain = torch.tensor([3.0, 4.0], dtype=torch.float64)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return (x - self.shift) * self.plain

    graph = capture(Shifted(), [torch.randn(2, 2, dtype=torch.float64)])
    places = []
    for operation in graph.operations:
        for result in operation.results:
            assert result is not None
            found = forward(graph, source(graph, GraphCell(result, 3)))
            terms, _ = largest([(Context("n", ("x",), graph), b) for b in found.blocks])
            places += [f.place for t in terms for f in t.factors if f.place]
    named = {place.tensor: place.index for place in places if place.role == "constant"}
    assert named == {"shift": (1,), "constant 0": (1,)}
    assert float(graph.given["shift"].tensor[1]) == 2.0
    assert float(graph.given["constant 0"].tensor[1]) == 4.0
