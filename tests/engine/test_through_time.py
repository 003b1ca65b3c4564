"""Back-propagation through time as it is shown, against the chapter's three steps in NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import load

from app.engine.tracing import through_time as module
from app.engine.tracing.step import Trace
from app.engine.tracing.through_time import ThroughTime, frame, place_of
from app.engine.tracing.tracer import Tracer
from app.protocol.refusals import NoDerivative, NoSuchCell
from app.protocol.taps import StoredSample
from app.protocol.through_time import Contribution, ThroughTimeWanted
from app.protocol.tracing import Cell, Drawn, ExplainWanted, Explanation, Traced
from tests.conftest import DEEP
from tests.engine.chapter_time import CELLS, Array, Elman
from tests.engine.specs import Driven, run_spec

TOLERANCE = 1e-9
ELMAN: dict[str, Any] = {"type": "rnn", "units": 4}
KINDS: tuple[dict[str, Any], ...] = (
    {"type": "rnn", "units": 3, "activation": "relu", "layers": 2, "bidirectional": True},
    {"type": "rnn", "units": 3, "activation": "sigmoid"},
    {"type": "lstm", "units": 3, "layers": 2, "bidirectional": True, "dropout": 0.4},
    {"type": "gru", "units": 3, "layers": 2},
    {"type": "jordan", "units": 4, "outputs": 3, "output": "softmax"},
    {"type": "banded_rnn", "units": 5, "reach": 1},
)


def looked_at(
    layer: dict[str, Any], *, length: int = 6, each: bool = True, seed: int = 3, **changes: Any
) -> tuple[Tracer, Trace, str]:
    """A run on short sequences, one training step in; with an output at every step, or at the last."""
    tail: list[dict[str, Any]] = [{"type": "dense_steps", "units": 2}]
    if not each:
        tail = [{"type": "last_step"}, {"type": "dense", "units": 1}]
    spec = run_spec(
        [layer, *changes.pop("between", []), *tail],
        dataset={"type": "adding", "length": length, "samples": 100},
        loss={"type": "squared_error", "form": "half_sum"},
        target="input" if each else "label",
        batch_size=3,
        optimizer={"type": "sgd", "learning_rate": 0.01},
        seed=seed,
        **changes,
    )
    tracer = Tracer(Driven(spec).to(1).session)
    trace = tracer.trace(Traced())
    return tracer, trace, trace.trainer.network.order[0]


def asked(trace: Trace, node: str, **wanted: Any) -> dict[str, torch.Tensor]:
    return load(frame(trace, ThroughTimeWanted(node=node, **wanted), {}))


def close(found: torch.Tensor, expected: Array) -> None:
    assert tuple(found.shape) == expected.shape
    scale = max(1.0, float(np.abs(expected).max(initial=0.0)))
    assert float(np.abs(found.numpy() - expected).max(initial=0.0)) <= TOLERANCE * scale


def check_the_chapter(kind: str, fields: dict[str, Any], length: int, seed: int) -> None:
    tracer, trace, node = looked_at({"type": kind, **fields}, length=length, seed=seed)
    network = trace.trainer.network
    weights = {k: p.detach().numpy() for k, p in network.node(node).named_parameters()}
    cell = CELLS[kind](weights, trace.values["input"].numpy(), fields.get("activation", "tanh"))
    close(trace.values[node], cell.output)
    # E = ½ΣΣ(o − y)², o = V s + c.
    out = network.order[-1]
    V = network.node(out).get_parameter("weight").detach().numpy()
    delta_o = (trace.values[out] - trace.targets).numpy()
    back = cell.back(delta_o @ V)

    found = asked(trace, node, sample=1)
    for name, expected in back.states.items():
        close(found[f"{node}.{name}.sensitivity"], expected[1])
        close(found[f"{node}.{name}.sensitivity.norm"], np.linalg.norm(expected[1], axis=1))
    every = [d[1] for d in back.deltas.values() if d.shape[2] == fields["units"]]
    first = "U" if kind == "jordan" else "weight_ih_l0"
    close(found[f"{node}.{first}.delta"], np.concatenate(every, axis=1))
    check_sums(trace, node, found, cell.gradients(back))
    outer = np.einsum("nti,ntj->tij", delta_o, cell.output)
    close(found[f"{out}.weight.contribution"], np.linalg.norm(outer, axis=(1, 2)))
    close(trace.gradients[f"{out}.weight"], outer.sum(0))
    close(trace.gradients[f"{out}.bias"], delta_o.sum((0, 1)))

    rows = found["rows"].tolist()
    assert rows == list(range(length))
    for row in rows:
        only = np.zeros_like(delta_o)
        only[:, row] = delta_o[:, row]
        for name, state in cell.back(only @ V).states.items():
            close(found[f"matrix.{name}"][row], np.linalg.norm(state[1], axis=1))
    check_explained(tracer, node, 1, back.states | back.deltas)


def check_sums(
    trace: Trace, node: str, found: dict[str, torch.Tensor], terms: dict[str, Array]
) -> None:
    """Norms of the terms, two of the terms themselves, and their sum: PyTorch's gradient."""
    for name, expected in terms.items():
        full = f"{node}.{name}"
        norms = np.linalg.norm(expected.reshape(len(expected), -1), axis=1)
        close(found[f"{full}.contribution"], norms)
        close(trace.gradients[full], expected.sum(0))
        for time in (0, len(expected) - 1):
            one = asked(trace, node, contribution=Contribution(tensor=full, time=time))
            close(one[f"{full}.contribution"], expected[time])


def check_explained(tracer: Tracer, node: str, sample: int, known: dict[str, Array]) -> None:
    """∂E/∂(every number inside), at the first and the last step: terms sum to it."""
    for name, expected in known.items():
        for time in (0, expected.shape[1] - 1):
            found = explained(tracer, node, name, time, "sensitivity", sample, 1)
            assert abs(float(found.value) - expected[sample, time, 1]) <= TOLERANCE
            assert abs(float(found.difference)) <= TOLERANCE * max(float(found.scale), 1e-12)


def explained(
    tracer: Tracer, node: str, name: str, time: int, role: str, sample: int, unit: int, **more: Any
) -> Explanation:
    samples = more.pop("samples", None)
    cell = {"role": role, "node": node, "state": name, "time": time, "sample": sample}
    wanted = Cell.model_validate({**cell, "index": (unit,), **more})
    return tracer.explain(ExplainWanted(cell=wanted, samples=samples))


@pytest.mark.parametrize("kind", CELLS)
def test_the_chapters_three_steps_are_what_is_shown(kind: str) -> None:
    fields = {"units": 4, **({"outputs": 3} if kind == "jordan" else {})}
    check_the_chapter(kind, fields, length=5, seed=3)


@pytest.mark.deep
@pytest.mark.parametrize("kind", CELLS)
@settings(max_examples=25)
@given(
    units=st.integers(2, 9),
    length=st.integers(2, 30),
    outputs=st.integers(2, 5),
    activation=st.sampled_from(("tanh", "relu", "sigmoid")),
    seed=st.integers(0, 2**16),
)
def test_the_chapters_three_steps_at_any_size(
    kind: str, units: int, length: int, outputs: int, activation: str, seed: int
) -> None:
    fields: dict[str, Any] = {"units": units}
    if kind != "lstm":
        fields["activation"] = activation
    if kind == "jordan":
        fields["outputs"] = outputs
    check_the_chapter(kind, fields, length, seed)


@pytest.mark.parametrize("layer", KINDS, ids=lambda layer: str(layer["type"]))
def test_every_recurrent_layer_opens_at_every_step(layer: dict[str, Any]) -> None:
    """States are those of the pass; every gate, cell and hidden value and every δ(t) is a sum."""
    tracer, trace, node = looked_at(layer, length=3)
    look = ThroughTime(trace, place_of(trace, ThroughTimeWanted(node=node)))
    stacked = range(look.place.layers)
    for place in [(k, way) for k in stacked for way in (False, True)[: look.place.directions]]:
        at = {"layer": place[0], "reverse": place[1]}
        found = asked(trace, node, sample=2, **at)
        for name in look.states:
            value = found[f"{node}.{name}"]
            for time in (0, 1, 2) if DEEP else (1,):
                one = explained(tracer, node, name, time, "activation", 2, 2, **at)
                assert abs(float(one.value) - float(value[time, 2])) <= TOLERANCE
                assert abs(float(one.difference)) <= TOLERANCE * max(float(one.scale), 1.0)
                delta = explained(tracer, node, name, time, "sensitivity", 2, 2, **at)
                assert abs(float(delta.difference)) <= TOLERANCE * max(float(delta.scale), 1e-9)
                if name in look.memory:
                    own = found[f"{node}.{name}.sensitivity"][time, 2]
                    assert abs(float(delta.value) - float(own)) <= TOLERANCE
        sums = [name[: -len(".contribution")] for name in found if name.endswith(".contribution")]
        assert {name.partition(".")[0] for name in sums} == {node, trace.trainer.network.order[-1]}
        for full in sums:
            terms = [
                asked(trace, node, **at, contribution=Contribution(tensor=full, time=t))
                for t in range(3)
            ]
            total = torch.stack([one[f"{full}.contribution"] for one in terms]).sum(0)
            close(total, trace.gradients[full].numpy())
    top = asked(trace, node, sample=2)
    halves = [top[f"{node}.{look.states[0]}"]]
    if look.place.directions == 2:
        halves.append(asked(trace, node, sample=2, reverse=True)[f"{node}.{look.states[0]}"])
    close(torch.cat(halves, 1), trace.values[node][2].numpy())


def test_one_output_gives_one_row() -> None:
    _, trace, node = looked_at(ELMAN, each=False)
    found = asked(trace, node, sample=1)
    assert found["rows"].tolist() == [5]
    torch.testing.assert_close(found["matrix.s"][0], found[f"{node}.s.sensitivity.norm"])
    assert float(trace.sensitivity[node][1, 0].abs().max()) == 0.0, "nothing from above"
    assert float(found["matrix.s"][0, 0]) > 0.0, "but something from later"


@pytest.mark.parametrize("how", ["last_step", "mean_over_time"])
@pytest.mark.parametrize("texts", [False, True], ids=["numbers", "texts"])
def test_the_weights_of_one_answer_are_a_sum_over_time_too(how: str, texts: bool) -> None:
    """∂V = Σ_t a_t δ_o h_tᵀ: one term, of the last step, or for the mean a share of every step."""
    layers: list[dict[str, Any]] = [{"type": "embedding", "size": 3}] if texts else []
    units = 2 if texts else 1
    layers += [{"type": "gru", "units": 3}, {"type": how}, {"type": "dense", "units": units}]
    data = {"type": "sentiment"} if texts else {"type": "adding", "length": 6, "samples": 100}
    loss = {"type": "cross_entropy"} if texts else {"type": "squared_error"}
    trace = Tracer(Driven(run_spec(layers, dataset=data, loss=loss, batch_size=4)).session).trace(
        Traced()
    )
    node, out = "gru1", trace.trainer.network.order[-1]
    h, delta = trace.values[node].numpy(), trace.sensitivity[out].numpy()
    steps = h.shape[1]
    x = trace.values["input"].numpy()
    ends = [int(np.flatnonzero(row)[-1]) + 1 if texts else steps for row in x]
    assert len(set(ends)) > 1 or not texts, "the texts of the batch differ in length"
    share = np.zeros(h.shape[:2])
    for row, end in enumerate(ends):
        share[row, :end] = 1.0 / end
        if how == "last_step":
            share[row] = np.arange(steps) == end - 1
    terms = np.einsum("nt,ng,ntf->tgf", share, delta, h)
    found = asked(trace, node, roles=("contribution",))
    close(found[f"{out}.weight.contribution"], np.linalg.norm(terms, axis=(1, 2)))
    close(found[f"{out}.bias.contribution"], np.linalg.norm(share.T @ delta, axis=1))
    close(trace.gradients[f"{out}.weight"], terms.sum(0))
    last = Contribution(tensor=f"{out}.weight", time=max(ends) - 1)
    close(asked(trace, node, contribution=last)[f"{out}.weight.contribution"], terms[max(ends) - 1])


def test_a_carried_state_is_where_the_gradient_is_cut() -> None:
    """Truncation as it is shown: the states of the batch before go in as constants, h(−1) of each text."""
    layers: list[dict[str, Any]] = [
        {"type": "embedding", "size": 3},
        {"type": "rnn", "units": 4},
        {"type": "dense_steps", "units": 35},
    ]
    dataset = {"type": "own_text", "length": 6, "carry": True}
    driven = Driven(run_spec(layers, dataset=dataset, batch_size=3)).to(2)
    tracer, node = Tracer(driven.session), "rnn1"
    trace = tracer.trace(Traced())
    network = trace.trainer.network
    weights = {k: p.detach().numpy() for k, p in network.node(node).named_parameters()}
    (start,) = (state[0].double().numpy() for state in driven.session.trainer.carried[node])
    assert np.abs(start).min() > 0.0
    elman = Elman(weights, trace.values["embed1"].numpy(), start=start)
    close(trace.values[node], elman.output)
    V = network.node(network.order[-1]).get_parameter("weight").detach().numpy()
    above = trace.sensitivity[network.order[-1]].numpy() @ V
    back = elman.back(above)
    found = asked(trace, node, sample=2)
    close(found[f"{node}.s.sensitivity"], back.states["s"][2])
    close(trace.gradients[f"{node}.weight_hh_l0"], elman.gradients(back)["weight_hh_l0"].sum(0))
    for row, tau in enumerate(found["rows"].tolist()):
        only = np.zeros_like(above)
        only[:, tau] = above[:, tau]
        close(found["matrix.s"][row], np.linalg.norm(elman.back(only).states["s"][2], axis=1))
    place = place_of(trace, ThroughTimeWanted(node=node))
    assert ThroughTime(trace, place).facts()["start"] == "carried"
    rested = tracer.trace(Traced(samples=(StoredSample(index=0),)))
    assert ThroughTime(rested, place).facts()["start"] == "rest"


def test_what_a_batch_decides_together_is_looked_at_together() -> None:
    """Draws belong to the batch: the matrix of a network with draws is made with all samples."""
    _, plain, node = looked_at(ELMAN)
    _, drawn, _ = looked_at(ELMAN, between=[{"type": "dropout", "rate": 0.0}])
    expected, found = (asked(one, node, sample=2, roles=("matrix",)) for one in (plain, drawn))
    torch.testing.assert_close(found["matrix.s"], expected["matrix.s"], rtol=0, atol=1e-9)


@pytest.mark.parametrize("reverse", [False, True], ids=["ahead", "back"])
def test_what_is_behind_the_end_of_a_text_takes_no_part(reverse: bool) -> None:
    """Texts of different lengths: time is each sample's own, in both directions."""
    layers: list[dict[str, Any]] = [
        {"type": "embedding", "size": 3},
        {"type": "gru", "units": 3, "bidirectional": True},
        {"type": "dense_steps", "units": 35},
    ]
    spec = run_spec(layers, dataset={"type": "own_text", "length": 8}, batch_size=4)
    tracer = Tracer(Driven(spec).session)
    samples = tuple(Drawn(values=tuple(map(float, ids))) for ids in TEXTS)
    trace = tracer.trace(Traced(samples=samples))
    node = "gru1"
    found = asked(trace, node, sample=1, reverse=reverse)
    half = trace.values[node][1][:, 3:] if reverse else trace.values[node][1][:, :3]
    close(found[f"{node}.h"][:5], half[:5].numpy())
    assert not found[f"{node}.h.sensitivity"][5:].any()
    assert found["rows"].tolist() == [0, 1, 2, 3], "the last token of a text has none that follows"
    assert not found["matrix.h"][:, 5:].any()
    for tau, row in zip(found["rows"].tolist(), found["matrix.h"], strict=True):
        beyond = row[:tau] if reverse else row[tau + 1 : 5]
        assert not beyond.any(), "nothing flows against the direction"
        assert float(row[tau]) > 0.0
    terms = [
        asked(trace, node, reverse=reverse, contribution=Contribution(tensor=full, time=t))
        for full in (f"{node}.weight_hh_l0" + ("_reverse" if reverse else ""),)
        for t in range(8)
    ]
    full = next(name for name in terms[0] if name.endswith(".contribution"))
    gradient = trace.gradients[full[: -len(".contribution")]]
    close(torch.stack([one[full] for one in terms]).sum(0), gradient.numpy())
    for time in (0, 4):
        place: dict[str, Any] = {"reverse": reverse, "samples": samples}
        one = explained(tracer, node, "h", time, "sensitivity", 1, 2, **place)
        own = found[f"{node}.h.sensitivity"][time, 2]
        assert abs(float(one.value) - float(own)) <= TOLERANCE
    assert (
        float(found[f"{node}.weight_hh_l0{'_reverse' if reverse else ''}.contribution"][7]) == 0.0
    )


TEXTS = ((1, 2, 3, 4, 5, 6, 7, 0), (3, 4, 5, 6, 7, 0, 0, 0), (2, 3, 0, 0, 0, 0, 0, 0))


def test_long_sequences_have_fewer_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    _, trace, node = looked_at(ELMAN, length=40)
    whole = asked(trace, node, roles=("matrix",))
    monkeypatch.setattr(module, "MOST_ROWS", 7)
    monkeypatch.setattr(module, "AT_ONCE", 300)
    some = asked(trace, node, roles=("matrix",))
    rows = some["rows"].tolist()
    assert (len(rows), rows[0], rows[-1]) == (7, 0, 39)
    torch.testing.assert_close(some["matrix.s"], whole["matrix.s"][rows], rtol=1e-12, atol=0)


def test_what_is_not_there_is_refused() -> None:
    tracer, trace, node = looked_at(ELMAN)
    out = trace.trainer.network.order[-1]
    for pointer, wanted in {
        "/node": {"node": out},
        "/sample": {"node": node, "sample": 3},
        "/layer": {"node": node, "layer": 1},
        "/reverse": {"node": node, "reverse": True},
        "/contribution/tensor": {"node": node, "contribution": {"tensor": "x.y", "time": 0}},
        "/contribution/time": {
            "node": node,
            "contribution": {"tensor": f"{node}.weight_hh_l0", "time": 6},
        },
    }.items():
        with pytest.raises(NoSuchCell) as refused:
            frame(trace, ThroughTimeWanted.model_validate(wanted), {})
        assert refused.value.pointer == pointer
    cells: dict[str, dict[str, Any]] = {
        "time": {"time": 6},
        "state": {"state": "c", "time": 0},
        "node": {"node": out, "time": 0},
        "index": {"time": 0, "index": (4,)},
        "sample": {"time": 0, "sample": 99},
        "layer": {"time": 0, "layer": 1},
        "reverse": {"time": 0, "reverse": True},
    }
    for field, cell in cells.items():
        asked_cell = {"role": "activation", "node": node, "sample": 0, "index": (0,), **cell}
        with pytest.raises(NoSuchCell) as refused:
            tracer.explain(ExplainWanted(cell=Cell.model_validate(asked_cell)))
        assert refused.value.pointer == f"/cell/{field}"


def test_a_layer_that_the_loss_does_not_see_has_no_derivative() -> None:
    layers = [
        {"id": "rnn1", "layer": {"type": "rnn", "units": 2}, "inputs": ["input"]},
        {"id": "blind", "layer": {"type": "rnn", "units": 2}, "inputs": ["input"]},
        {"id": "out", "layer": {"type": "dense_steps", "units": 2}, "inputs": ["rnn1"]},
    ]
    model = {"version": 1, "nodes": layers, "outputs": ["out"]}
    spec = run_spec(
        model,  # type: ignore[arg-type]
        dataset={"type": "adding", "length": 5, "samples": 100},
        loss={"type": "squared_error"},
        target="input",
    )
    trace = Tracer(Driven(spec).session).trace(Traced())
    with pytest.raises(NoDerivative):
        frame(trace, ThroughTimeWanted(node="blind"), {})
