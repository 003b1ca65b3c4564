"""A part's own plot as a chart: axes, curves, spikes and what they are called."""

from __future__ import annotations

from math import floor, log10

from markupsafe import Markup

from app.api.pictures.svg import Point, drawing, element, path, text
from app.catalog.plot import Plot
from app.core.text import Language

WIDTH, HEIGHT = 640.0, 300.0
LEFT, RIGHT, TOP, BOTTOM = 52.0, 16.0, 34.0, 40.0


class Scale:
    """From values low…high to pixels start…end, with round ticks."""

    def __init__(self, low: float, high: float, start: float, end: float) -> None:
        self.low, self.high, self.start, self.end = low, high, start, end

    def __call__(self, value: float) -> float:
        share = (value - self.low) / (self.high - self.low)
        return self.start + share * (self.end - self.start)

    def ticks(self, most: int = 6) -> list[float]:
        """Multiples of 1, 2 or 5 times a power of ten."""
        rough = (self.high - self.low) / most
        power = 10.0 ** floor(log10(rough))
        step = next(m * power for m in (1.0, 2.0, 5.0, 10.0) if m * power >= rough)
        first = floor(self.low / step)
        found = [(first + i) * step for i in range(2 * most + 3)]
        return [tick for tick in found if self.low <= tick <= self.high]


def chart(plot: Plot, title: str, language: Language) -> Markup:
    """The plot in one language."""
    heights = [y for line in plot.lines for y in line.y] + [s.y for s in plot.spikes]
    low, high = min(0.0, *heights), max(heights)
    room = 0.06 * ((high - low) or 1.0)
    x = Scale(plot.x[0], plot.x[-1], LEFT, WIDTH - RIGHT)
    y = Scale(low - (room if low < 0 else 0.0), high + room, HEIGHT - BOTTOM, TOP)
    marks = [_axes(x, y), text(WIDTH - RIGHT, HEIGHT - 6, plot.x_name.say(language), cls="end")]
    place = LEFT
    for number, line in enumerate(plot.lines, 1):
        points = [(x(a), y(b)) for a, b in zip(plot.x, line.y, strict=True)]
        if line.filled:
            marks.append(_area(points, y(0.0), number))
        marks.append(path(points, cls=f"line line-{number}"))
        name = line.name.say(language)
        marks.append(element("path", d=f"M {place} 16 h 18", cls=f"line line-{number}"))
        marks.append(text(place + 24, 20, name))
        place += 44 + 9.0 * len(name)
    for spike in plot.spikes:
        marks.append(path([(x(spike.x), y(0.0)), (x(spike.x), y(spike.y))], cls="line line-1"))
        marks.append(element("circle", cx=x(spike.x), cy=y(spike.y), r=4, cls="dot line-1"))
        marks.append(text(x(spike.x) + 8, y(spike.y) + 4, f"{100 * spike.y:.3g} %"))
    return drawing(WIDTH, HEIGHT, title, *marks)


def _area(points: list[Point], base: float, number: int) -> Markup:
    closed = [(points[0][0], base), *points, (points[-1][0], base)]
    return path(closed, cls=f"area line-{number}")


def _axes(x: Scale, y: Scale) -> Markup:
    marks: list[str] = []
    for tick in x.ticks(8):
        marks.append(path([(x(tick), y.start), (x(tick), y.end)], cls="grid"))
        marks.append(text(x(tick), HEIGHT - BOTTOM + 16, _written(tick), cls="middle"))
    for tick in y.ticks(5):
        marks.append(path([(x.start, y(tick)), (x.end, y(tick))], cls="grid"))
        marks.append(text(LEFT - 8, y(tick) + 4, _written(tick), cls="end"))
    marks.append(path([(x.start, y(0.0)), (x.end, y(0.0))], cls="axis"))
    if x.low < 0.0 < x.high:
        marks.append(path([(x(0.0), y.start), (x(0.0), y.end)], cls="axis"))
    return element("g", *marks)


def _written(value: float) -> str:
    return f"{value:.6g}".replace("-", "−") if abs(value) > 1e-12 else "0"
