"""What may be done to a network by hand: which weights, maps and units there are, and refusals."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import torch

from app.core.errors import NotFound
from app.core.shapes import channels_of
from app.core.text import text
from app.protocol.commands import (
    AnyCommand,
    EditWeight,
    Freeze,
    Restore,
    Silence,
    Unfreeze,
)
from app.protocol.refusals import (
    NoSuchUnit,
    NoSuchWeight,
    NothingToFreeze,
    ParametersShared,
)
from app.spec.check import check
from app.spec.model import ModelSpec
from app.spec.report import NodeReport
from app.spec.run import RunSpec
from app.spec.units import NONE, Marked, Marks

if TYPE_CHECKING:
    from app.engine.compile import Network

Marking = Freeze | Unfreeze | Silence | Restore


def no_layer(name: str) -> NotFound:
    return NotFound(pointer="/node", kind=text("layer", "层"), name=name)


def require_below(unit: int, count: int, name: str) -> None:
    """Raises NoSuchUnit."""
    if unit >= count:
        raise NoSuchUnit(pointer="/unit", node=name, name=name, count=count, unit=unit)


def _report(spec: RunSpec, name: str) -> tuple[list[NodeReport], NodeReport]:
    nodes = list(check(spec.model, spec.training).nodes)
    for node in nodes:
        if node.id == name:
            return nodes, node
    raise no_layer(name)


def require_unit(command: Marking, spec: RunSpec) -> NodeReport:
    """The node is there and has that map or unit; raises NotFound, NoSuchUnit."""
    _, node = _report(spec, command.node)
    if command.unit is not None:
        require_below(command.unit, channels_of(node.shape or ()), command.node)
    return node


def require_trained(command: Freeze | Unfreeze, spec: RunSpec) -> None:
    """It has parameters, and some of that unit's own; raises NothingToFreeze, ParametersShared."""
    node = require_unit(command, spec)
    if not node.parameters:
        nodes, _ = _report(spec, command.node)
        known = ", ".join(one.id for one in nodes if one.parameters) or "–"
        raise NothingToFreeze(pointer="/node", node=command.node, name=command.node, known=known)
    if command.unit is not None and not _own(spec.model, node, command.unit):
        raise ParametersShared(pointer="/unit", node=command.node, name=command.node)


def _own(model: ModelSpec, node: NodeReport, unit: int) -> bool:
    layer = next(one.layer for one in model.nodes if one.id == node.id)
    return bool(layer.rows(unit, tuple(shape for shape in node.inputs if shape is not None)))


def edit(network: Network, command: EditWeight) -> None:
    """Write one number of a parameter; raises NotFound, NoSuchWeight and writes nothing."""
    name = command.node
    if name not in network.order:
        raise no_layer(name)
    known = dict(network.node(name).named_parameters())
    parameter = known.get(command.tensor)
    if parameter is None:
        has = ", ".join(known) or "–"
        raise _misfit(
            name,
            "/tensor",
            f"{name} has no parameter “{command.tensor}”. It has: {has}.",
            f"{name} 没有参数“{command.tensor}”。有：{has}。",
        )
    shape = tuple(parameter.shape)
    inside = len(shape) == len(command.index) and all(
        i < n for i, n in zip(command.index, shape, strict=True)
    )
    if not inside:
        size = "×".join(map(str, shape)) or "1"
        raise _misfit(
            name,
            "/index",
            f"{name}.{command.tensor} is {size}, counted from 0; {list(command.index)} is outside.",
            f"{name}.{command.tensor} 的形状为 {size}（从 0 起编号），{list(command.index)} 在其外。",
        )
    with torch.no_grad():
        parameter[command.index] = command.value


def _misfit(node: str, pointer: str, why: str, why_zh: str) -> NoSuchWeight:
    return NoSuchWeight(pointer=pointer, node=node, why=text(why, why_zh))


def commands_between(
    before: Marks, after: Marks, mark: type[Freeze | Silence], release: type[Unfreeze | Restore]
) -> Iterator[AnyCommand]:
    """The commands that make one set of marks of another."""
    for node in sorted({*before, *after}):
        was, wanted = before.get(node, NONE), after.get(node, NONE)
        if was == wanted:
            continue
        if was.whole != wanted.whole:
            yield (mark if wanted.whole else release)(node=node)
            was = Marked(whole=wanted.whole)
        for unit in sorted({*was.units} ^ {*wanted.units}):
            yield (mark if wanted.has(unit) else release)(node=node, unit=unit)
