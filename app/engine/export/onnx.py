"""The evaluation form of a network as one ONNX file, its batch axis free.

Needs the extra ``onnx``; nothing of it is imported before somebody asks.
"""

from __future__ import annotations

import contextlib
import io
import logging
import warnings
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import torch

from app.core.shapes import Shape
from app.engine.compile import Network
from app.engine.export.inputs import batch_of, dtype_of
from app.spec.model import INPUT

INPUT_NAME, OUTPUT_NAME = "input", "output"


class _Evaluated(torch.nn.Module):
    """The network as a function of one batch, without the engine's shortcuts."""

    def __init__(self, network: Network) -> None:
        super().__init__()
        self.network = network

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.network._run(x, self.network._needed)[self.network.output]


def onnx_file(network: Network) -> bytes:
    """An ONNX model: ``input`` (batch, *shape) float32, token ids (batch, steps) int64; ``output``
    (batch, outputs) float32.

    The network is left in evaluation mode.
    """
    network.mode(training=False)
    return export(_Evaluated(network).eval(), {INPUT_NAME: network.shapes[INPUT]}, [OUTPUT_NAME])


def export(module: torch.nn.Module, inputs: Mapping[str, Shape], outputs: list[str]) -> bytes:
    """A module in evaluation mode as ONNX: inputs by name, with the shape of one sample."""
    # A batch of one would be taken for a constant.
    examples = tuple(torch.zeros(2, *shape, dtype=dtype_of(shape)) for shape in inputs.values())
    batch = torch.export.Dim("batch", min=1)
    with _quiet():
        program = torch.onnx.export(
            module,
            examples,
            input_names=list(inputs),
            output_names=outputs,
            dynamic_shapes=tuple({0: batch} for _ in inputs),
            dynamo=True,
            external_data=False,
            verbose=False,
        )
    assert program is not None
    model = program.model_proto
    _forget(model.graph)
    for value in model.graph.input:
        value.doc_string = batch_of(inputs[value.name]).en
    return bytes(model.SerializeToString())


def _forget(graph: Any) -> None:
    """Leave out what the exporter notes for its developers: classes and paths of this machine."""
    listed: Iterable[Any] = (graph.input, graph.output, graph.value_info, graph.initializer)
    for things in (*listed, graph.node):
        for one in things:
            del one.metadata_props[:]
    del graph.metadata_props[:]
    for node in graph.node:
        for attribute in node.attribute:
            for inner in (attribute.g, *attribute.graphs):
                if inner.node:
                    _forget(inner)


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """The exporter tells developers of PyTorch what it does."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)
