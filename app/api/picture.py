"""A network as SVG: every layer drawn as the maps it gives, with shape and parameters under it.

Made from spec and report alone; it contains no script and refers to nothing outside itself.
"""

from __future__ import annotations

from bisect import bisect_right
from html import escape
from math import log2
from typing import Literal

from app.core.quoted import line
from app.core.shapes import Shape, show
from app.core.text import Language, Text, text
from app.spec.figure import COLUMNS, Block, Figure, figure
from app.spec.report import Report
from app.spec.run import RunSpec

Theme = Literal["light", "dark"]
COLOURS: dict[Theme, dict[str, str]] = {
    "light": {
        "ground": "#ffffff",
        "face": "#eff1f5",
        "edge": "#5b6475",
        "strong": "#3d4fe0",
        "tint": "#e8ebfd",
        "text": "#171c26",
        "muted": "#5b6475",
        "wire": "#8a91a1",
    },
    "dark": {
        "ground": "#141922",
        "face": "#1f2632",
        "edge": "#9aa4b4",
        "strong": "#8c9bff",
        "tint": "#222a4d",
        "text": "#e8ecf3",
        "muted": "#9aa4b4",
        "wire": "#6b7585",
    },
}
FONT = (
    "system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', 'PingFang SC', 'Microsoft YaHei', "
    "'Noto Sans CJK SC', 'DejaVu Sans', sans-serif"
)
WIDTH, HEIGHT, MARGIN, TITLE, TRACK = 132, 208, 24, 46, 30
MIDDLE = 62
"""Height of the wires in a lane."""
MOST_MAPS, SHIFT = 5, 5
_INPUT = text("Input", "输入")
_PARAMETERS = text("{count} parameters", "{count} 个参数")


class _Plan:
    """Places in the picture; a long network goes on in further rows."""

    def __init__(self, found: Figure) -> None:
        self.rows = _rows(found)
        self.starts = [row.start for row in self.rows]
        lanes = [max(b.lane + 1 for b in found.blocks if b.column in row) for row in self.rows]
        self.tops = [float(TITLE)]
        for count in lanes:
            self.tops.append(self.tops[-1] + count * HEIGHT + TRACK)
        self.width = max(map(len, self.rows)) * WIDTH + 2 * MARGIN
        self.height = round(self.tops[-1]) - TRACK + MARGIN // 2

    def row(self, block: Block) -> int:
        return bisect_right(self.starts, block.column) - 1

    def centre(self, block: Block) -> tuple[float, float]:
        """Middle of the block's picture."""
        row = self.row(block)
        x = MARGIN + (block.column - self.starts[row]) * WIDTH + WIDTH / 2
        return x, self.tops[row] + block.lane * HEIGHT + MIDDLE


def _rows(found: Figure) -> list[range]:
    """Columns row by row: broken where one block alone is read on, else after :data:`COLUMNS`."""
    known = {block.id: block for block in found.blocks}
    rows, first = [], 0
    while first < found.columns:
        last = min(first + COLUMNS, found.columns)
        if last < found.columns:
            single = [c for c in range(first + 4, last + 1) if _crossing(found, known, c) == 1]
            last = max(single, default=last)
        rows.append(range(first, last))
        first = last
    return rows


def _crossing(found: Figure, known: dict[str, Block], column: int) -> int:
    """Blocks before ``column`` that something in it or behind it reads."""
    return len({a for a, b in found.wires if known[a].column < column <= known[b].column})


def svg(spec: RunSpec, report: Report, theme: Theme, language: Language) -> str:
    """The picture of a network that was checked."""
    found = figure(spec.model, report)
    plan, colours = _Plan(found), COLOURS[theme]
    known = {block.id: block for block in found.blocks}
    total = _PARAMETERS.format(count=f"{report.totals.parameters:,}").say(language)
    title = line(spec.name) or spec.model.outputs[0]
    size = f'width="{plan.width}" height="{plan.height}" viewBox="0 0 {plan.width} {plan.height}"'
    small = f'dx="12" font-size="12" font-weight="400" fill="{colours["muted"]}"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="{FONT}" role="img">',
        f"<title>{escape(title)}</title>",
        f'<rect width="100%" height="100%" fill="{colours["ground"]}"/>',
        f'<text x="{MARGIN}" y="30" font-size="15" font-weight="600" fill="{colours["text"]}">',
        f"{escape(title)}<tspan {small}>{escape(total)}</tspan></text>",
    ]
    parts += [_wire(plan, known[a], known[b], colours) for a, b in found.wires]
    parts += [_block(plan, block, colours, language) for block in found.blocks]
    return "\n".join([*parts, "</svg>"]) + "\n"


# --- blocks ----------------------------------------------------------------------------------------


def _sides(shape: Shape | None) -> tuple[float, float, int]:
    """(width, height, sheets) of a block: larger maps and longer vectors are drawn larger."""
    if shape is None or not shape:
        return 28.0, 28.0, 1
    if len(shape) == 1:
        return 12.0, min(96.0, 14 + 9 * log2(shape[0] + 1)), 1
    sides = [14 + 7.0 * log2(side + 1) for side in shape[1:]]
    height = min(64.0, sides[0])
    width = min(64.0, sides[1]) if len(sides) > 1 else height
    return width, height, min(MOST_MAPS, shape[0])


def _extent(block: Block) -> float:
    """Half the width of a block's picture."""
    width, _, sheets = _sides(block.shape)
    return (width + (sheets - 1) * SHIFT) / 2


def _block(plan: _Plan, block: Block, colours: dict[str, str], language: Language) -> str:
    x, y = plan.centre(block)
    width, height, sheets = _sides(block.shape)
    trained = block.count > 0
    edge, face = (
        (colours["strong"], colours["tint"]) if trained else (colours["edge"], colours["face"])
    )
    spread = (sheets - 1) * SHIFT
    drawn = []
    for sheet in range(sheets):
        left = x - (width + spread) / 2 + sheet * SHIFT
        top = y - (height + spread) / 2 + sheet * SHIFT
        drawn.append(
            f'<rect x="{left:g}" y="{top:g}" width="{width:g}" height="{height:g}" rx="2.5" '
            f'fill="{face}" stroke="{edge}" stroke-width="1.2"/>'
        )
    lines = _lines(block, language)
    said = [
        f'<text x="{x:g}" y="{y + 70 + 16 * place:g}" text-anchor="middle" font-size="{size}" '
        f'font-weight="{weight}" fill="{colours[colour]}">{escape(line)}</text>'
        for place, (line, size, weight, colour) in enumerate(lines)
    ]
    return "\n".join([*drawn, *said])


def _lines(block: Block, language: Language) -> list[tuple[str, int, int, str]]:
    titles = [layer.TITLE for layer in block.layers] or [_INPUT]
    lines = [(_short(titles[:1], language), 12, 600, "text")]
    if titles[1:]:
        lines.append(("+ " + _short(titles[1:], language), 11, 400, "text"))
    if block.layers:
        lines.append((block.id, 11, 400, "muted"))
    if block.shape is not None:
        lines.append((show(block.shape), 12, 400, "text"))
    if block.count:
        lines.append((f"{block.count:,}", 11, 400, "strong"))
    return lines


def _short(titles: list[Text], language: Language) -> str:
    """As many words as there is room for."""
    said = " + ".join(title.say(language) for title in titles)
    room = 10 if language == "zh" else 19
    return said if len(said) <= room else said[: room - 1].rstrip(" +") + "…"


# --- wires -----------------------------------------------------------------------------------------


def _wire(plan: _Plan, source: Block, target: Block, colours: dict[str, str]) -> str:
    (x1, y1), (x2, y2) = plan.centre(source), plan.centre(target)
    start, end = x1 + _extent(source) + 3, x2 - _extent(target) - 3
    if plan.row(source) != plan.row(target):
        path = _to_next_row(plan, source, (start, y1), (end, y2))
    elif source.lane == target.lane and target.column - source.column > 1:
        top = y1 - MIDDLE + 6
        path = f"M{start:g} {y1:g}C{start + 40:g} {top:g} {end - 40:g} {top:g} {end:g} {y2:g}"
    else:
        bend = (end - start) / 2
        path = f"M{start:g} {y1:g}C{start + bend:g} {y1:g} {end - bend:g} {y2:g} {end:g} {y2:g}"
    return (
        f'<path d="{path}" fill="none" stroke="{colours["wire"]}" stroke-width="1.4"/>'
        f'<path d="M{end - 5:g} {y2 - 3.5:g}L{end + 1:g} {y2:g}L{end - 5:g} {y2 + 3.5:g}Z" '
        f'fill="{colours["wire"]}"/>'
    )


def _to_next_row(
    plan: _Plan, source: Block, start: tuple[float, float], end: tuple[float, float]
) -> str:
    """Down through the track between the rows, with round corners."""
    track = plan.tops[plan.row(source) + 1] - TRACK / 2
    right = plan.centre(source)[0] + WIDTH / 2 + 4
    left, r = end[0] - 14, 6
    return (
        f"M{start[0]:g} {start[1]:g}H{right - r:g}Q{right:g} {start[1]:g} {right:g} {start[1] + r:g}"
        f"V{track - r:g}Q{right:g} {track:g} {right - r:g} {track:g}H{left + r:g}"
        f"Q{left:g} {track:g} {left:g} {track + r:g}V{end[1] - r:g}"
        f"Q{left:g} {end[1]:g} {left + r:g} {end[1]:g}H{end[0]:g}"
    )
