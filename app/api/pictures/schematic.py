"""A layer without a curve as a drawing of what goes in and what comes out, from its closed forms."""

from __future__ import annotations

from itertools import pairwise

from markupsafe import Markup

from app.api.pictures.svg import Point, drawing, element, path, text
from app.catalog.layers import Layer
from app.core.shapes import Shape, show
from app.spec.check import check
from app.spec.examples import Example

WIDTH, HEIGHT, MIDDLE = 640.0, 260.0, 120.0
LARGEST = 112.0
DEPTH = 9.0
MOST_MAPS, MOST_CELLS, MOST_UNITS = 5, 16, 9


class Box:
    """A drawn tensor: where its front map lies, and how large a cell of it is."""

    def __init__(self, shape: Shape, centre: float, largest: int) -> None:
        self.shape, self.centre = shape, centre
        rows, columns = self.grid
        self.cell = min(LARGEST / max(largest, 1), 22.0)
        self.width, self.height = columns * self.cell, rows * self.cell
        self.left, self.top = centre - self.width / 2, MIDDLE - self.height / 2

    @property
    def grid(self) -> tuple[int, int]:
        """Rows and columns of the front map; a sequence is a map of channels over time."""
        if len(self.shape) == 3:
            return self.shape[1], self.shape[2]
        if len(self.shape) == 2:
            return min(self.shape[0], MOST_CELLS), self.shape[1]
        return min(self.shape[0], MOST_UNITS), 1

    def corner(self, row: float, column: float) -> Point:
        return self.left + column * self.cell, self.top + row * self.cell

    def draw(self) -> list[Markup]:
        if len(self.shape) == 1:
            return self._units()
        maps = min(self.shape[0], MOST_MAPS) if len(self.shape) == 3 else 1
        marks = []
        for place in range(maps - 1, -1, -1):
            x, y = self.left + place * DEPTH, self.top - place * DEPTH
            size = {"width": self.width, "height": self.height}
            marks.append(element("rect", x=x, y=y, **size, cls="sheet"))
        rows, columns = self.grid
        if max(rows, columns) <= MOST_CELLS:
            lines = [(self.corner(r, 0), self.corner(r, columns)) for r in range(1, rows)]
            lines += [(self.corner(0, c), self.corner(rows, c)) for c in range(1, columns)]
            marks += [path(ends, cls="grid") for ends in lines]
        return marks

    def _units(self) -> list[Markup]:
        rows, _ = self.grid
        step = min(22.0, 190.0 / rows)
        top = MIDDLE - step * (rows - 1) / 2
        marks = [
            element("circle", cx=self.centre, cy=top + step * row, r=step * 0.36, cls="sheet")
            for row in range(rows)
        ]
        if self.shape[0] > rows:
            marks.append(text(self.centre, top + step * rows + 4, "⋮", cls="middle"))
        return marks


def schematic(part: type[Layer], example: Example, title: str) -> Markup:
    """Inputs and output of the part in its example network, with the patch that one cell sees."""
    report = check(example.spec.model, example.spec.training)
    node = next(n for n in example.spec.model.nodes if isinstance(n.layer, part))
    found = report.node(node.id)
    inputs = [shape for shape in found.inputs if shape is not None]
    output = found.shape or ()
    largest = max((side for shape in [*inputs, output] for side in _sides(shape)), default=1)
    step = 190.0
    first = WIDTH / 2 - step * len(inputs) / 2
    boxes = [Box(shape, first + step * i, largest) for i, shape in enumerate([*inputs, output])]
    marks: list[str] = []
    for box in boxes:
        marks += box.draw()
        marks.append(text(box.centre, HEIGHT - 28, show(box.shape), cls="middle strong"))
    marks += [
        text((a.centre + b.centre) / 2 + 2 * DEPTH, MIDDLE + 6, "+", cls="middle sign")
        for a, b in pairwise(boxes[:-1])
    ]
    marks += _between(node.layer, boxes[-2], boxes[-1])
    if found.arithmetic:
        marks.append(text(WIDTH / 2, HEIGHT - 6, found.arithmetic, cls="middle"))
    return drawing(WIDTH, HEIGHT, title, *marks)


def _sides(shape: Shape) -> tuple[int, ...]:
    if len(shape) == 3:
        return shape[1:]
    if len(shape) == 2:
        return min(shape[0], MOST_CELLS), shape[1]
    return ()


def _between(layer: Layer, source: Box, target: Box) -> list[Markup]:
    """An arrow, or the rays from the patch under a kernel to the cell that it makes."""
    kernel = getattr(layer, "kernel", None) or getattr(layer, "size", None)
    sides = len(source.shape) - 1
    if not isinstance(kernel, int) or sides < 1 or len(target.shape) != len(source.shape):
        return _arrow(source, target)
    grows = target.grid[1] > source.grid[1]  # a stamp: one cell makes a patch
    reach = (1, kernel) if grows else (kernel, 1)
    if any(box.grid[1] < cells for box, cells in zip((source, target), reach, strict=True)):
        return _arrow(source, target)
    areas = [
        (*box.corner(0, 0), cells * box.cell, (cells if sides == 2 else box.grid[0]) * box.cell)
        for box, cells in zip((source, target), reach, strict=True)
    ]
    (x, y, width, height), (to_x, to_y, _, to_height) = areas
    rays = [
        path([(x + width, y + share * height), (to_x, to_y + share * to_height)], cls="ray")
        for share in (0.0, 1.0)
    ]
    rects = [
        element("rect", x=x, y=y, width=width, height=height, cls="patch")
        for x, y, width, height in areas
    ]
    return [*rays, *rects]


def tensor(shape: Shape, title: str) -> Markup:
    """One tensor alone: the shape of a data set whose samples are not here."""
    box = Box(shape, WIDTH / 2, max(_sides(shape), default=1))
    label = text(WIDTH / 2, HEIGHT - 28, show(shape), cls="middle strong")
    return drawing(WIDTH, HEIGHT, title, *box.draw(), label)


def _arrow(source: Box, target: Box) -> list[Markup]:
    start = source.centre + max(source.width / 2, 10.0) + 48.0
    end = target.centre - max(target.width / 2, 10.0) - 16.0
    start = min(start, end - 24.0)
    head = [(end - 7, MIDDLE - 5), (end, MIDDLE), (end - 7, MIDDLE + 5)]
    return [path([(start, MIDDLE), (end, MIDDLE)], cls="ray"), path(head, cls="ray")]


def unknown(kind: str, title: str) -> Markup:
    """A set of the user's own before it is there: pictures, or rows of numbers."""
    box = Box((3, 8, 8) if kind == "image" else (8, 6), WIDTH / 2, 8)
    label = text(WIDTH / 2, HEIGHT - 28, "? × ? × ?" if kind == "image" else "?", cls="middle")
    return drawing(WIDTH, HEIGHT, title, *box.draw(), label)


def mapping(example: Example, title: str) -> Markup:
    """Data in, outputs out, nothing of a network between them."""
    report = check(example.spec.model, example.spec.training)
    source, target = report.input_shape, report.output_shape or ()
    largest = max((side for shape in (source, target) for side in _sides(shape)), default=1)
    boxes = [Box(source, WIDTH / 2 - 95.0, largest), Box(target, WIDTH / 2 + 95.0, largest)]
    marks = [mark for box in boxes for mark in box.draw()]
    labels = [text(b.centre, HEIGHT - 28, show(b.shape), cls="middle strong") for b in boxes]
    return drawing(WIDTH, HEIGHT, title, *marks, *labels, *_arrow(*boxes))
