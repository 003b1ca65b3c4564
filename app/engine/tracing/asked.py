"""Which fields name a cell, role by role: a field that says nothing there is refused, not passed over."""

from __future__ import annotations

from collections.abc import Mapping

from app.core.text import Text, text
from app.engine.tracing.answers import unknown
from app.engine.tracing.step import Trace
from app.protocol.refusals import CellMisfit
from app.protocol.tracing import LOSS_NODE, Cell, CellRole
from app.spec.model import INPUT

_SAID = frozenset({"role", "step", "doing"})
"""Of every cell; ``doing`` is said in answers and not looked at."""
_OUTPUT = frozenset({"node", "sample", "index"})
_INSIDE = frozenset({"node", "operation", "result", "index"})
_IN_TIME = _OUTPUT | {"time", "state", "layer", "reverse"}
_WEIGHT = frozenset({"node", "tensor", "index"})
_OF_ROLE: Mapping[CellRole, frozenset[str]] = {
    "activation": _OUTPUT,
    "sensitivity": _OUTPUT,
    "net_input": _OUTPUT,
    "parameter": _WEIGHT,
    "gradient": _WEIGHT,
    "update": _WEIGHT,
    "state": _WEIGHT | {"state"},
    "loss": frozenset({"node"}),
    "target": frozenset({"sample", "index"}),
    "constant": _WEIGHT,
}
_WITH: Mapping[str, Text] = {
    "state": text("it goes with “time”", "须与“time”同时给出"),
    "layer": text("it goes with “time”", "须与“time”同时给出"),
    "reverse": text("it goes with “time”", "须与“time”同时给出"),
    "result": text("it goes with “operation”", "须与“operation”同时给出"),
    "sample": text(
        "inside a node “index” covers all axes, the sample's among them",
        "节点内部的“index”已包括样本轴在内的所有轴",
    ),
}
_OTHER = text("it names nothing in the role “{role}”", "它在角色“{role}”下不指明任何东西")


def require_fields(cell: Cell) -> None:
    """Raises CellMisfit with the first field that does not apply."""
    fields = _applying(cell)
    for name, field in Cell.model_fields.items():
        said = getattr(cell, name) != field.get_default()
        if said and name not in _SAID and name not in fields:
            why = _WITH.get(name, _OTHER) if cell.role in ("activation", "sensitivity") else _OTHER
            raise misfit(name, why.format(role=cell.role), cell.node)
    if cell.role == "loss" and cell.node not in (None, LOSS_NODE):
        raise misfit(
            "node", text(f"the loss is at {LOSS_NODE}", f"损失位于 {LOSS_NODE}"), cell.node
        )


def _applying(cell: Cell) -> frozenset[str]:
    """The fields that name such a cell."""
    if cell.operation is not None and cell.role in ("activation", "sensitivity", "constant"):
        return _INSIDE
    if cell.role in ("activation", "sensitivity"):
        if cell.time is not None:
            return _IN_TIME
        if cell.node == LOSS_NODE:
            return frozenset({"node"})
    return _OF_ROLE[cell.role]


def misfit(field: str, why: Text, node: str | None) -> CellMisfit:
    return CellMisfit(pointer=f"/cell/{field}", node=node, field=field, why=why)


def node_of(trace: Trace, cell: Cell) -> str:
    """The node that a cell belongs to; raises NoSuchCell."""
    node = LOSS_NODE if cell.role == "loss" else cell.node
    known = {*trace.trainer.network.order, INPUT, LOSS_NODE}
    if node is None or node not in known:
        raise unknown("node", f"node {node!r}", f"节点 {node!r}")
    return node
