"""A number inside a recurrent layer by its textbook name: which operation of the node it is.

``c`` at t = 5 of layer 0, or ``u_f``: the net input of the gate f, before its sigmoid.
"""

from __future__ import annotations

from app.engine.tracing.answers import unknown
from app.engine.tracing.capture import Graph, Value
from app.engine.tracing.step import Trace
from app.engine.tracing.strands import names_of
from app.protocol.tracing import Cell


def resolved(trace: Trace, cell: Cell) -> Cell:
    """The same number as a cell of an elementary operation; raises NoSuchCell."""
    if cell.time is None:
        return cell
    network = trace.trainer.network
    if cell.node not in network.order or not names_of(network.node(str(cell.node))):
        raise unknown("node", f"{cell.node} is no recurrent layer", f"{cell.node} 不是循环层")
    if (cell.sample or 0) >= trace.count:
        why = f"the batch has {trace.count} samples", f"该批次有 {trace.count} 个样本"
        raise unknown("sample", *why)
    graph = trace.open(str(cell.node)).graph
    value = _value(graph, cell, names_of(network.node(str(cell.node))))
    maker = graph.makers.get(value.number)
    if maker is None:
        raise unknown("time", "nothing is computed there", "该处没有计算")
    operation, result = maker
    index = (cell.sample or 0, *cell.index)
    return cell.model_copy(
        update={"operation": operation.number, "result": result, "index": index, "time": None}
    )


def _value(graph: Graph, cell: Cell, names: tuple[str, ...]) -> Value:
    said = cell.state or names[0]
    net = said == "u" or said.startswith("u_")
    name = (said[2:] or names[0]) if net else said
    known = {layer for layer, _, _ in graph.moments}
    layer = max(known) if cell.layer is None else cell.layer
    if layer not in known:
        why = f"there are {len(known)} layers, counted from 0", f"共有 {len(known)} 层，从 0 起编号"
        raise unknown("layer", *why)
    if (layer, cell.reverse) not in graph.strands:
        raise unknown("reverse", "the layer reads forwards only", "该层只正向读取")
    found = graph.moments.get((layer, cell.reverse, name))
    if found is None:
        every = ", ".join([*names, *(f"u_{one}" for one in names)])
        raise unknown(
            "state",
            f"layer {layer} has no {said!r} here; it has: {every}",
            f"第 {layer} 层此处没有 {said!r}；有：{every}",
        )
    assert cell.time is not None
    if cell.time >= len(found):
        raise unknown("time", f"there are {len(found)} steps", f"共有 {len(found)} 个时刻")
    value = found[graph.strands[layer, cell.reverse].place(cell.sample or 0, cell.time)]
    return _argument(graph, value, said) if net else value


def _argument(graph: Graph, value: Value, said: str) -> Value:
    """What a function was taken of; a plain sum is its own net input."""
    maker = graph.makers.get(value.number)
    if maker is None or not maker[0].pointwise:
        return value
    if len(maker[0].slots) != 1:
        raise unknown("state", f"there is no {said!r} here", f"此处没有 {said!r}")
    return maker[0].slots[0]
