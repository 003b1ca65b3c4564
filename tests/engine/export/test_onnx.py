"""The ONNX file answers as the network does in evaluation mode, whatever the size of the batch."""

from __future__ import annotations

import functools
import io
import sys
from collections.abc import Iterator
from itertools import accumulate
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
import torch
from onnxruntime.capi.onnxruntime_pybind11_state import InvalidArgument
from safetensors.torch import save

from app.catalog.layers import LAYERS, Layer, ShapeMismatch
from app.core.shapes import Shape, Steps, size
from app.engine.export.make import Order, make
from app.engine.export.onnx import INPUT_NAME, OUTPUT_NAME, export, onnx_file
from app.protocol.commands import LoggedCommand
from app.protocol.refusals import OnnxMissing
from app.spec.presets import Preset, presets
from app.spec.run import RunSpec
from tests.engine.export.randomly import random_runs
from tests.engine.specs import command, run_spec, trainer_of

TOLERANCE = 1e-5
SHAPES: tuple[Shape, ...] = ((6, 16, 16), (48,), (64,), (784,), (6, 24), Steps(24, 6))
"""Tried in this order until a layer takes one."""


@pytest.fixture(autouse=True, scope="module")
def one_registry() -> Iterator[None]:
    """PyTorch reads its table of operators anew for every export, which takes half of the time."""
    from torch.onnx._internal.exporter._registration import ONNXRegistry

    read = ONNXRegistry.from_torchlib
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ONNXRegistry, "from_torchlib", staticmethod(functools.cache(read)))
        yield


TYPES = {"tensor(int64)": torch.int64, "tensor(float)": torch.float32}


def session_of(blob: bytes) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(blob, options)


def answers(blob: bytes, inputs: dict[str, torch.Tensor]) -> list[Any]:
    """The outputs; inputs are given in the types that the file asks for."""
    session = session_of(blob)
    types = {one.name: TYPES[one.type] for one in session.get_inputs()}
    given = {name: x.to(types[name]).numpy() for name, x in inputs.items()}
    return list(session.run(None, given))


EVERY_DAY = {"lenet5", "lenet5_1998", "resnet", "autoencoder_conv", "lstm_digits"}
"""One of a kind; an export takes seconds, and the long suite makes those of all presets."""


@pytest.mark.parametrize(
    "preset",
    [
        pytest.param(one, id=one.id, marks=[] if one.id in EVERY_DAY else [pytest.mark.deep])
        for one in presets()
    ],
)
def test_every_preset(preset: Preset) -> None:
    trainer = trainer_of(preset.spec)
    for _ in range(3):
        trainer.step()
    blob = onnx_file(trainer.network)
    trainer.network.mode(training=False)
    for count in (1, 5):
        x = trainer.data.val.inputs(trainer.data.val.rows[:count]).contiguous()
        with torch.no_grad():
            expected = trainer.network(x).numpy()
        (found,) = answers(blob, {INPUT_NAME: x})
        assert found.shape == expected.shape
        np.testing.assert_allclose(found, expected, rtol=TOLERANCE, atol=TOLERANCE)


def test_a_network_of_tokens_with_masks_and_one_that_carries_its_state() -> None:
    """Texts that end early, as the network sees them; a file begins at rest wherever the training stands."""
    layers: list[dict[str, Any]] = [
        {"type": "embedding", "size": 3},
        {"type": "lstm", "units": 4},
        {"type": "dense_steps", "units": 35},
    ]
    dataset = {"type": "own_text", "length": 4, "carry": True}
    trainer = trainer_of(run_spec(layers, dataset=dataset, batch_size=4))
    for _ in range(3):
        trainer.step()
    assert trainer.carried
    blob = onnx_file(trainer.network)
    trainer.network.mode(training=False)
    x = torch.tensor([[3, 4, 5, 6], [5, 6, 7, 0], [9, 0, 0, 0]], dtype=torch.float32)
    with torch.no_grad():
        expected = trainer.network(x).numpy()
    (found,) = answers(blob, {INPUT_NAME: x})
    np.testing.assert_allclose(found, expected, rtol=TOLERANCE, atol=TOLERANCE)


TEXTS: dict[str, tuple[dict[str, Any], list[dict[str, Any]]]] = {
    "padded_both_ways": (
        {"type": "sentiment"},
        [
            {"type": "embedding", "size": 5},
            {"type": "gru", "units": 4, "bidirectional": True},
            {"type": "last_step"},
            {"type": "dense", "units": 2},
        ],
    ),
    "padded_last_step": (
        {"type": "grammaticality"},
        [
            {"type": "embedding", "size": 5},
            {"type": "rnn", "units": 4},
            {"type": "last_step"},
            {"type": "dense", "units": 2},
        ],
    ),
    "padded_mean": (
        {"type": "sentiment"},
        [
            {"type": "embedding", "size": 4},
            {"type": "mean_over_time"},
            {"type": "dense", "units": 2},
        ],
    ),
    "every_step": (
        {"type": "own_text", "length": 4},
        [
            {"type": "embedding", "size": 3},
            {"type": "rnn", "units": 4},
            {"type": "dense_steps", "units": 35},
        ],
    ),
}


@pytest.mark.parametrize(
    "name",
    [
        "padded_last_step",
        *(
            pytest.param(name, marks=pytest.mark.deep)
            for name in TEXTS
            if name != "padded_last_step"
        ),
    ],
)
def test_token_ids_come_in_as_whole_numbers(name: str) -> None:
    dataset, layers = TEXTS[name]
    trainer = trainer_of(run_spec(layers, dataset=dataset, batch_size=8))
    trainer.step()
    blob = onnx_file(trainer.network)
    trainer.network.mode(training=False)
    session = session_of(blob)
    (asked,) = session.get_inputs()
    assert asked.type == "tensor(int64)"
    (steps,), last = trainer.data.shape, trainer.data.shape.vocabulary - 1  # type: ignore[attr-defined]
    ids = np.zeros((3, steps), np.int64)
    ids[0], ids[1, : steps // 2], ids[2, :1] = last, 1, min(7, last)
    with torch.no_grad():
        expected = trainer.network(torch.from_numpy(ids).float()).numpy()
    (found,) = session.run(None, {INPUT_NAME: ids})
    np.testing.assert_allclose(found, expected, rtol=TOLERANCE, atol=TOLERANCE)
    with pytest.raises(InvalidArgument):
        session.run(None, {INPUT_NAME: ids.astype(np.float32)})
    assert f"int64, token ids from 1 to {last}" in about(blob)


def about(blob: bytes) -> str:
    """What the file says of its input."""
    import onnx

    return str(onnx.load(io.BytesIO(blob)).graph.input[0].doc_string)


@pytest.mark.parametrize(
    ("dataset", "layers", "batch"),
    [
        ({"type": "digits8"}, None, "(batch, 1, 8, 8)"),
        ({"type": "points_xor"}, [{"type": "dense", "units": 2}], "(batch, 2)"),
    ],
)
def test_quantities_come_in_as_float32(
    dataset: dict[str, Any], layers: list[dict[str, Any]] | None, batch: str
) -> None:
    blob = onnx_file(trainer_of(run_spec(layers, dataset=dataset)).network)
    assert session_of(blob).get_inputs()[0].type == "tensor(float)"
    assert about(blob) == f"{batch} float32"


def test_a_file_says_nothing_of_the_machine_it_was_made_on() -> None:
    blob = onnx_file(trainer_of(run_spec()).network)
    for word in (str(Path(__file__).parents[3]), "stack_trace", ".py", "app."):
        assert word.encode() not in blob


class Side(torch.nn.Module):
    """Many layers beside each other, each with its own part of one long input: one export for all."""

    def __init__(
        self, layers: list[torch.nn.Module], shapes: list[Shape], arity: list[int]
    ) -> None:
        super().__init__()
        self.layers = torch.nn.ModuleList(layers)
        self.shapes, self.arity = shapes, arity
        self.ends = list(accumulate(map(size, shapes), initial=0))

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, ...]:
        outputs = []
        for place, layer in enumerate(self.layers):
            part = x[:, self.ends[place] : self.ends[place + 1]]
            part = part.reshape(-1, *self.shapes[place])
            outputs.append(layer(*([part] * self.arity[place])))
        return tuple(outputs)


def fitting(layer: Layer) -> Shape | None:
    """An input shape that the layer takes."""
    for shape in SHAPES:
        try:
            layer.output_shape((shape,) * layer.ARITY[0])
        except ShapeMismatch:
            continue
        return shape
    return None


@pytest.mark.deep
@pytest.mark.timeout(600)
def test_every_layer() -> None:
    made: dict[str, tuple[Layer, Shape]] = {}
    for kind, part in LAYERS.parts.items():
        for number, example in enumerate(part.EXAMPLES):
            layer = part.model_validate(example)
            shape = fitting(layer)
            if shape is not None:
                made[f"{kind}_{number}"] = (layer, shape)
    assert {name.rpartition("_")[0] for name in made} == set(LAYERS.parts)
    modules = []
    for layer, shape in made.values():
        module = layer.build((shape,) * layer.ARITY[0])
        layer.initialize(module, torch.Generator().manual_seed(1))
        modules.append(module)
    shapes = [shape for _, shape in made.values()]
    side = Side(modules, shapes, [layer.ARITY[0] for layer, _ in made.values()]).eval()
    blob = export(side, {INPUT_NAME: (side.ends[-1],)}, [f"output_{n}" for n in made])
    for count in (1, 3):
        generator = torch.Generator().manual_seed(2)
        x = torch.randn(count, side.ends[-1], generator=generator)
        with torch.no_grad():
            expected = side(x)
        for name, one, other in zip(made, answers(blob, {INPUT_NAME: x}), expected, strict=True):
            np.testing.assert_allclose(one, other, TOLERANCE, TOLERANCE, err_msg=name)


@pytest.mark.deep
@pytest.mark.timeout(3000)
def test_three_hundred_random_graphs() -> None:
    for spec in random_runs(300):
        answers_alike(spec)


@pytest.mark.parametrize("number", range(4))
def test_random_graphs(number: int) -> None:
    answers_alike(random_runs(4)[number])


def answers_alike(spec: RunSpec) -> None:
    """Within the tolerance of the largest value, for an example batch and another size."""
    trainer = trainer_of(spec)
    network = trainer.network
    blob = onnx_file(network)
    network.mode(training=False)
    for count in (1, 3):
        x = trainer.data.val.inputs(trainer.data.val.rows[:count]).contiguous()
        with torch.no_grad():
            expected = network(x).numpy()
        (found,) = answers(blob, {INPUT_NAME: x})
        assert found.shape == expected.shape
        largest = max(1.0, float(np.abs(expected[np.isfinite(expected)]).max(initial=0.0)))
        np.testing.assert_allclose(
            found, expected, rtol=TOLERANCE, atol=TOLERANCE * largest, err_msg=str(spec.model)
        )


def test_the_file_is_one_file_with_names_and_a_free_batch() -> None:
    import onnx

    blob = onnx_file(trainer_of(run_spec()).network)
    found = onnx.load(io.BytesIO(blob))
    onnx.checker.check_model(found)
    assert not any(tensor.external_data for tensor in found.graph.initializer)
    (source,), (sink,) = found.graph.input, found.graph.output
    assert (source.name, sink.name) == (INPUT_NAME, OUTPUT_NAME)
    dims = source.type.tensor_type.shape.dim
    assert dims[0].dim_param
    assert [dim.dim_value for dim in dims[1:]] == [1, 8, 8]


def test_without_the_extra_it_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnx", None)
    spec = run_spec()
    present = save({n: v.contiguous() for n, v in trainer_of(spec).network.state_dict().items()})
    with pytest.raises(OnnxMissing) as refused:
        make(Order(kind="onnx", spec=spec, data_root=Path()), present)
    for said in (refused.value.text.en, refused.value.text.zh):
        assert "pip install 'glassnet[onnx]'" in said


def test_what_is_silenced_is_silent_in_the_file() -> None:
    """A map, and a unit of a recurrent layer, which its own next step does not hear either."""
    spec = run_spec(
        [
            {"type": "conv2d", "filters": 2, "kernel": 3},
            {"type": "relu"},
            {"type": "rows"},
            {"type": "rnn", "units": 4},
            {"type": "last_step"},
            {"type": "dense", "units": 10},
        ]
    )
    trainer = trainer_of(spec)
    whole = {n: v.contiguous() for n, v in trainer.network.state_dict().items()}
    log = tuple(
        LoggedCommand(step=3, command=command("silence", node=node, unit=1))
        for node in ("relu1", "rnn1")
    )
    blob = make(Order(kind="onnx", spec=spec, log=log, data_root=Path()), save(whole))
    for entry in log:
        trainer.command(entry.command)
    trainer.network.mode(training=False)
    x = torch.rand(3, 1, 8, 8, generator=torch.Generator().manual_seed(4))
    with torch.no_grad():
        expected = trainer.network(x)
    np.testing.assert_allclose(answers(blob, {INPUT_NAME: x})[0], expected, TOLERANCE, TOLERANCE)
