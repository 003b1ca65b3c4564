"""Where everything of a network's picture stands: blocks in columns by depth, branches below each
other. Numbers only; what they look like is decided elsewhere.
"""

from __future__ import annotations

from dataclasses import dataclass

from app.catalog.layers import Layer
from app.core.shapes import Shape
from app.spec.model import INPUT, ModelSpec, Node
from app.spec.report import Report

COLUMNS = 9
"""Columns beside each other before the picture goes on below."""


@dataclass
class Block:
    """A layer, and the activations folded into it; the input has no layer."""

    id: str
    layers: list[Layer]
    sources: tuple[str, ...]
    shape: Shape | None
    count: int = 0
    column: int = 0
    lane: int = 0


@dataclass(frozen=True)
class Figure:
    """The blocks in order of computation, and the wires between them by identifier."""

    blocks: tuple[Block, ...]
    wires: tuple[tuple[str, str], ...]

    @property
    def columns(self) -> int:
        return max(block.column for block in self.blocks) + 1

    @property
    def lanes(self) -> int:
        return max(block.lane for block in self.blocks) + 1


def figure(model: ModelSpec, report: Report) -> Figure:
    """The picture's skeleton; layers that no order reaches are left out."""
    nodes = {node.id: node for node in model.nodes}
    readers = _readers(model)
    holder: dict[str, Block] = {}
    blocks = [Block(INPUT, [], (), report.input_shape)]
    holder[INPUT] = blocks[0]
    for name in report.order:
        node, about = nodes[name], report.node(name)
        before = holder[node.inputs[0]]
        if _folds(node, before, readers, model):
            before.layers.append(node.layer)
            before.count += about.count
            holder[name] = before
            continue
        sources = tuple(dict.fromkeys(holder[source].id for source in node.inputs))
        block = Block(name, [node.layer], sources, about.shape, about.count)
        blocks.append(block)
        holder[name] = block
    _place(blocks)
    wires = tuple((source, block.id) for block in blocks for source in block.sources)
    return Figure(tuple(blocks), wires)


def _readers(model: ModelSpec) -> dict[str, int]:
    found: dict[str, int] = {}
    for node in model.nodes:
        for source in node.inputs:
            found[source] = found.get(source, 0) + 1
    return found


def _folds(node: Node, before: Block, readers: dict[str, int], model: ModelSpec) -> bool:
    """An activation that alone reads a layer is part of its block."""
    source = node.inputs[0]
    return (
        node.layer.POINTWISE
        and len(node.inputs) == 1
        and bool(before.layers)
        and readers[source] == 1
        and source not in model.outputs
    )


def _place(blocks: list[Block]) -> None:
    """Columns by the longest way from the input; a branch gets the next free lane of its columns."""
    known = {block.id: block for block in blocks}
    for block in blocks:
        block.column = max((known[source].column + 1 for source in block.sources), default=0)
    taken: set[tuple[int, int]] = set()
    for block in blocks:
        lane = min((known[source].lane for source in block.sources), default=0)
        while (block.column, lane) in taken:
            lane += 1
        block.lane = lane
        taken.add((block.column, lane))
        # What passes over a column keeps its lane free there.
        for source in block.sources:
            for column in range(known[source].column + 1, block.column):
                taken.add((column, known[source].lane))
