"""Layers of channels behind recurrent ones: a sequence's features are its channels, its steps are time."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from app.catalog.layers import LAYERS, Layer, Parameter, ShapeMismatch, fitted
from app.core.shapes import Shape, Steps, Tokens, channels_first, channels_of
from app.engine.export.onnx import INPUT_NAME, onnx_file
from app.engine.hand import require_trained
from app.engine.tracing.tracer import Tracer
from app.protocol.commands import Freeze
from app.protocol.refusals import NoSuchUnit
from app.protocol.tracing import Cell, ExplainWanted
from app.spec.check import check
from app.spec.model import INPUT
from app.spec.run import RunSpec
from app.spec.weights import expected
from tests.catalog.strategies import batch_of, fewer, parts, reseed
from tests.engine.export.exported import Case, executed
from tests.engine.specs import ADAM, Driven, Layers, command, run_spec, trainer_of

TAGGED = {"type": "part_of_speech", "sentences": 300, "longest": 9, "words": 200}
SERIES = {"type": "waves", "samples": 100, "length": 12}
OF_CHANNELS = (
    *("batch_norm", "channel_dropout", "concatenate", "conv1d", "global_mean_pool", "group_norm"),
    *("max_pool1d", "mean_pool1d", "prelu", "softmax", "subsample", "upsample"),
)
"""What it makes of (channels, length), it makes of (steps, features) too."""
PASSES_ON = ("add", "dropout", "gaussian_noise", "identity", "layer_norm", "rrelu", "relu", "tanh")
FLATTENS = ("flatten", "reshape", "last_step", "max_over_time", "mean_over_time")


def graph(*nodes: tuple[str, dict[str, Any], list[str]]) -> Any:
    listed = [{"id": name, "layer": layer, "inputs": inputs} for name, layer, inputs in nodes]
    return {"version": 1, "nodes": listed, "outputs": [nodes[-1][0]]}


def joined(first: int, second: int) -> Any:
    return graph(
        ("r", {"type": "rows"}, ["input"]),
        ("l", {"type": "rnn", "units": first}, ["r"]),
        ("g", {"type": "gru", "units": second}, ["r"]),
        ("c", {"type": "concatenate"}, ["l", "g"]),
        ("m", {"type": "mean_over_time"}, ["c"]),
        ("d", {"type": "dense", "units": 10}, ["m"]),
    )


@pytest.mark.parametrize(("first", "second"), [(6, 6), (6, 4), (1, 9)])
def test_a_join_behind_recurrent_layers_is_one_of_features(first: int, second: int) -> None:
    spec = run_spec(joined(first, second))
    report = check(spec.model, spec.training)
    assert report.problems == ()
    assert report.node("c").shape == (8, first + second)
    assert report.node("c").time_first
    trainer = trainer_of(spec)
    values = trainer.network.forward_all(trainer.data.val.inputs(trainer.data.val.rows[:5]))
    assert torch.equal(values["c"][:, :, :first], values["l"])
    assert torch.equal(values["c"][:, :, first:], values["g"])


def test_a_softmax_shares_out_every_step() -> None:
    layers: Layers = [
        {"type": "embedding", "size": 4},
        {"type": "rnn", "units": 5},
        {"type": "dense_steps", "units": 12},
        {"type": "softmax"},
    ]
    trainer = trainer_of(run_spec(layers, dataset=TAGGED))
    y = trainer.network(trainer.data.val.inputs(trainer.data.val.rows[:6])).double().detach()
    assert y.shape == (6, 9, 12)
    torch.testing.assert_close(y.sum(2), torch.ones(6, 9, dtype=torch.float64), rtol=0, atol=1e-6)


def test_batch_norm_behind_a_recurrent_layer_norms_its_features() -> None:
    layers: Layers = [
        {"type": "rows"},
        {"type": "rnn", "units": 5},
        {"type": "batch_norm"},
        {"type": "last_step"},
        {"type": "dense", "units": 10},
    ]
    trainer = trainer_of(run_spec(layers))
    assert trainer.network.get_parameter("bn1.weight").shape == (5,)
    y = trainer.network.forward_all(trainer.data.val.inputs(trainer.data.val.rows))["bn1"].detach()
    assert float(y.mean((0, 1)).abs().max()) < 1e-5
    torch.testing.assert_close(y.var((0, 1), correction=0), torch.ones(5), rtol=0, atol=1e-3)


def output_of(layer: Layer, shapes: tuple[Shape, ...], inputs: list[torch.Tensor]) -> torch.Tensor:
    module = layer.build(shapes).double().train()
    layer.initialize(module, torch.Generator().manual_seed(3))
    reseed(module, 4)
    made = module(*inputs)
    assert isinstance(made, torch.Tensor)
    return made


@pytest.mark.parametrize("kind", OF_CHANNELS)
@given(data=st.data(), steps=st.integers(4, 9), features=st.sampled_from((2, 4, 6)))
@fewer(4)
def test_both_layouts_say_the_same(
    kind: str, data: st.DataObject, steps: int, features: int
) -> None:
    """Weights, cost and every number: a sequence told as steps is the turned one told as channels."""
    layer: Layer = data.draw(parts(LAYERS.parts[kind]))
    timed = (Steps(steps, features),) * layer.ARITY[0]
    turned = ((features, steps),) * layer.ARITY[0]
    try:
        expected = layer.output_shape(turned)
    except ShapeMismatch:
        with pytest.raises(ShapeMismatch):
            layer.output_shape(timed)
        return
    shape = fitted(layer, timed)
    assert channels_first(shape) == expected
    assert len(shape) == 1 or isinstance(shape, Steps)
    assert layer.parameters(timed) == layer.parameters(turned)
    assert layer.buffers(timed) == layer.buffers(turned)
    assert layer.arithmetic(timed) == layer.arithmetic(turned)
    assert layer.macs(timed) == layer.macs(turned)
    for unit in range(channels_of(shape)):
        assert layer.rows(unit, timed) == layer.rows(unit, turned)
    generator = torch.Generator().manual_seed(data.draw(st.integers(0, 999)))
    inputs = [batch_of(one, 3, generator).double() for one in timed]
    found = output_of(layer, timed, inputs)
    wanted = output_of(layer, turned, [x.transpose(1, 2) for x in inputs])
    wanted = wanted.transpose(1, 2) if len(shape) == 2 else wanted
    torch.testing.assert_close(found, wanted, rtol=0.0, atol=1e-12)


@pytest.mark.parametrize("kind", PASSES_ON)
@pytest.mark.parametrize("shape", [Steps(5, 4), (4, 5)], ids=["steps", "channels"])
def test_what_works_on_values_passes_the_layout_on(kind: str, shape: Shape) -> None:
    layer = LAYERS.parts[kind]()
    made = fitted(layer, (shape,) * layer.ARITY[0])
    assert made == shape
    assert isinstance(made, Steps) == isinstance(shape, Steps)


def test_every_layer_is_asked_for_both_layouts() -> None:
    """No layer takes a sequence without its layout being looked at here."""
    known = {*OF_CHANNELS, *PASSES_ON, *FLATTENS, "rows", "reshape1d"}
    for kind, part in LAYERS.parts.items():
        if kind in known or part.POINTWISE or not part.__module__.startswith("app.catalog."):
            continue
        for shape in (Steps(9, 6), (6, 9)):
            try:
                made = fitted(part(), (shape,) * part.ARITY[0])
            except ShapeMismatch:
                continue
            assert part.TIME_FIRST, kind
            assert isinstance(shape, Steps)
            assert isinstance(made, Steps)


def test_channels_are_not_taken_for_steps() -> None:
    """A recurrent layer behind a convolution over channels × length: refused, and mended by one click."""
    layers: Layers = [
        {"type": "reshape1d", "channels": 4, "length": 16},
        {"type": "conv1d", "filters": 6},
        {"type": "lstm", "units": 3},
        {"type": "last_step"},
        {"type": "dense", "units": 10},
    ]
    spec = run_spec(layers)
    (problem,) = (p for p in check(spec.model, spec.training).problems if p.node == "lstm1")
    assert problem.code == "shape_mismatch"
    assert problem.repairs[0].text.en == "Insert Row by row before it"
    mended = run_spec([*layers[:2], {"type": "rows"}, *layers[2:]])
    report = check(mended.model, mended.training)
    assert report.problems == ()
    assert report.node("rows1").shape == (14, 6)
    trainer = trainer_of(mended)
    values = trainer.network.forward_all(trainer.data.val.inputs(trainer.data.val.rows[:3]))
    assert torch.equal(values["rows1"], values["conv1"].transpose(1, 2))


@pytest.mark.parametrize("kind", ["add", "concatenate"])
def test_layouts_are_not_mixed(kind: str) -> None:
    """Eight steps of eight features are not eight channels of length eight."""
    model = graph(
        ("r", {"type": "rows"}, ["input"]),
        ("s", {"type": "reshape1d"}, ["input"]),
        ("j", {"type": kind}, ["r", "s"]),
        ("f", {"type": "flatten"}, ["j"]),
        ("d", {"type": "dense", "units": 10}, ["f"]),
    )
    spec = run_spec(model)
    (problem,) = (p for p in check(spec.model, spec.training).problems if p.node == "j")
    assert "one layout" in problem.message.en
    assert any("Row by row" in repair.text.en for repair in problem.repairs)


def test_from_steps_to_channels_and_back() -> None:
    shape = Steps(5, 3)
    x = torch.randn(2, 5, 3)
    there = LAYERS.parts["reshape1d"].model_validate({"channels": 3, "length": 5})
    turned = there.build((shape,))(x)
    assert torch.equal(turned, x.transpose(1, 2))
    back = LAYERS.parts["rows"]()
    assert fitted(back, ((3, 5),)) == shape
    assert torch.equal(back.build(((3, 5),))(turned), x)
    assert torch.equal(back.build((shape,))(x), x)


# --- the whole of it ------------------------------------------------------------------------------

ALL: Layers = [
    {"type": "embedding", "size": 6},
    {"type": "gru", "units": 4, "bidirectional": True},
    {"type": "batch_norm"},
    {"type": "prelu"},
    {"type": "conv1d", "filters": 6, "kernel": 3, "padding": 1},
    {"type": "group_norm", "groups": 3},
    {"type": "layer_norm"},
    {"type": "channel_dropout", "rate": 0.3},
    {"type": "upsample", "factor": 2},
    {"type": "max_pool1d"},
    {"type": "mean_pool1d", "stride": 1},
    {"type": "subsample"},
    {"type": "softmax"},
    {"type": "global_mean_pool"},
    {"type": "dense", "units": 2},
]
SHORT = {"type": "grammaticality", "longest": 9, "sentences": 300, "words": 200}
OVER_SERIES: Layers = [
    {"type": "conv1d", "filters": 6, "kernel": 3},
    {"type": "batch_norm"},
    {"type": "prelu"},
    {"type": "max_pool1d"},
    {"type": "lstm", "units": 4},
    {"type": "last_step"},
    {"type": "dense", "units": 1},
]
SQUARED = {"loss": {"type": "squared_error"}}


def test_a_series_is_read_along_its_time() -> None:
    """Twelve values of one feature are one channel of length twelve."""
    spec = run_spec(OVER_SERIES, dataset=SERIES, **SQUARED)
    report = check(spec.model, spec.training)
    assert report.problems == ()
    assert report.input_time_first
    assert [report.node(name).shape for name in ("conv1", "pool1", "lstm1")] == [
        (10, 6),
        (5, 6),
        (5, 4),
    ]
    assert report.node("conv1").count == 6 * 3 + 6


def test_exported_code_repeats_the_runs(tmp_path: Path) -> None:
    cases = {
        "texts": Case(run_spec(ALL, dataset=SHORT, optimizer=ADAM, batch_size=16), 6),
        "series": Case(run_spec(OVER_SERIES, dataset=SERIES, batch_size=16, **SQUARED), 6),
        "joined": Case(run_spec(joined(5, 3)), 6),
    }
    found = executed(cases, tmp_path)
    for name, case in cases.items():
        assert found[name] == case.losses(), name


@pytest.mark.parametrize(
    "spec",
    [
        run_spec(OVER_SERIES, dataset=SERIES, **SQUARED),
        pytest.param(run_spec(ALL, dataset=SHORT), marks=pytest.mark.deep),
    ],
    ids=["series", "texts"],
)
def test_the_onnx_file_answers_as_the_network_does(spec: RunSpec) -> None:
    import onnxruntime

    trainer = trainer_of(spec)
    x = trainer.data.val.inputs(trainer.data.val.rows[:5])
    trainer.network.mode(training=False)
    with torch.no_grad():
        expected = trainer.network(x).numpy()
    session = onnxruntime.InferenceSession(onnx_file(trainer.network))
    tokens = isinstance(trainer.network.shapes[INPUT], Tokens)
    given = x.numpy().astype(np.int64) if tokens else x.numpy()
    (y,) = session.run(None, {INPUT_NAME: given})
    np.testing.assert_allclose(y, expected, rtol=1e-4, atol=1e-5)


def test_every_node_is_explained() -> None:
    """Cells of activations, sensitivities and parameters sum to their values, at ends and behind them."""
    layers = [ALL[0], {"type": "gru", "units": 8}, *ALL[2:]]
    driven = Driven(run_spec(layers, dataset=SHORT, optimizer=ADAM, batch_size=8)).to(2)
    tracer, trainer = Tracer(driven.session), driven.session.trainer
    random = np.random.RandomState(0)

    def asked(**cell: Any) -> None:
        found = tracer.explain(ExplainWanted(cell=Cell(**cell)))
        assert abs(found.difference) <= 1e-9 * max(1.0, found.scale), cell

    for name, shape in trainer.network.shapes.items():
        if name == "input":
            continue
        for _ in range(6):
            index = tuple(int(random.randint(n)) for n in shape)
            sample = int(random.randint(8))
            asked(role="activation", node=name, sample=sample, index=index)
            asked(role="sensitivity", node=name, sample=sample, index=index)
        for tensor, value in trainer.network.node(name).named_parameters():
            index = tuple(int(random.randint(n)) for n in value.shape)
            asked(role="gradient", node=name, tensor=tensor, index=index)


def test_weights_are_brought_along_and_units_counted_by_features() -> None:
    """What a file of weights must hold is what the network has; a ninth feature is refused."""
    spec = run_spec(ALL, dataset=SHORT)
    report = check(spec.model, spec.training)
    network = trainer_of(spec).network
    wanted = {f"{node}.{tensor.name}": tensor.shape for node, tensor, _ in expected_weights(spec)}
    assert wanted == {name: tuple(value.shape) for name, value in network.state_dict().items()}
    assert isinstance(report.node("bn1").inputs[0], Steps)
    with pytest.raises(NoSuchUnit):
        require_trained(Freeze(node="bn1", unit=8), spec)
    require_trained(Freeze(node="bn1", unit=7), spec)


def expected_weights(spec: RunSpec) -> list[tuple[str, Parameter, bool]]:
    return list(expected(spec.model, check(spec.model, spec.training)))


@pytest.mark.parametrize("node", ["bn1", "prelu1", "conv1", "gn1"])
def test_a_unit_of_a_sequence_is_a_feature(node: str) -> None:
    """It is silenced at every step, and what belongs to it alone is its own row."""
    trainer = trainer_of(run_spec(ALL, dataset=SHORT))
    count = trainer.network.unit_count(node)
    assert count == {"bn1": 8, "prelu1": 8, "conv1": 6, "gn1": 6}[node]
    trainer.command(command("silence", node=node, unit=count - 1))
    x = trainer.data.val.inputs(trainer.data.val.rows[:4])
    values = trainer.network.forward_all(x)[node]
    assert not values[:, :, count - 1].any()
    assert values[:, :, 0].any()
    trainer.command(command("freeze", node=node, unit=count - 1))
    before = {n: p.detach().clone() for n, p in trainer.network.node(node).named_parameters()}
    trainer.step()
    for name, value in trainer.network.node(node).named_parameters():
        assert torch.equal(value[count - 1], before[name][count - 1])
