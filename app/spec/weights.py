"""Whether weights that were brought along fit a network: by name and shape, tensor by tensor."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from app.catalog.layers import Parameter
from app.core.errors import Problem
from app.core.shapes import Shape, show
from app.core.text import text
from app.spec.model import ModelSpec
from app.spec.report import Report

POINTER = "/weights"


def expected(model: ModelSpec, report: Report) -> Iterator[tuple[str, Parameter, bool]]:
    """(node, tensor, whether it may be missing) of every weight and buffer, in the file's naming."""
    layers = {node.id: node.layer for node in model.nodes}
    for node in report.nodes:
        inputs = tuple(shape for shape in node.inputs if shape is not None)
        for parameter in node.parameters:
            yield node.id, parameter, False
        for buffer in layers[node.id].buffers(inputs):
            yield node.id, buffer, buffer.shape == ()


def misfits(model: ModelSpec, report: Report, given: Mapping[str, Shape]) -> list[Problem]:
    """One problem for each tensor that is missing, of another shape, or not the network's."""
    problems, known = [], set()
    for node, tensor, optional in expected(model, report):
        name = f"{node}.{tensor.name}"
        known.add(name)
        if name not in given:
            if not optional:
                problems.append(_missing(node, name, tensor.shape))
        elif given[name] != tensor.shape:
            problems.append(_other_shape(node, name, tensor.shape, given[name]))
    return problems + [_extra(name, shape) for name, shape in given.items() if name not in known]


def _missing(node: str, name: str, shape: Shape) -> Problem:
    return Problem(
        code="weights_missing",
        message=text(
            f"{name} ({show(shape)}) is missing in the file.",
            f"文件中缺少 {name}（{show(shape)}）。",
        ),
        pointer=POINTER,
        node=node,
        params={"tensor": name, "expected": list(shape)},
    )


def _other_shape(node: str, name: str, wanted: Shape, got: Shape) -> Problem:
    return Problem(
        code="weights_shape",
        message=text(
            f"{name} should be {show(wanted)}, but is {show(got)} in the file.",
            f"{name} 应为 {show(wanted)}，文件中却是 {show(got)}。",
        ),
        pointer=POINTER,
        node=node,
        params={"tensor": name, "expected": list(wanted), "got": list(got)},
    )


def _extra(name: str, shape: Shape) -> Problem:
    return Problem(
        code="weights_extra",
        message=text(
            f"{name[:200]} ({show(shape)}) belongs to no layer of the network.",
            f"{name[:200]}（{show(shape)}）不属于网络中的任何层。",
        ),
        pointer=POINTER,
        params={"tensor": name[:200], "got": list(shape)},
    )
