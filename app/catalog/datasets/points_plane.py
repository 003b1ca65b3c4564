"""2-D regression: an inclined plane."""

from __future__ import annotations

from typing import Literal

from app.catalog.datasets._points import EXTENT, Draws, PointValues, Reals, jitter, square
from app.core.text import text


class PointsPlane(PointValues):
    """(x₁ + x₂)/12: −1 in one corner, 1 in the other. Noise changes values, it moves no point.

    It adds up to ±noise, so that values near a corner may pass ±1.
    """

    TITLE = text("Plane", "斜面")
    SUMMARY = text(
        "A value that rises evenly towards one corner: a single unit without activation fits it.",
        "数值向一角均匀升高：一个无激励函数的单元就能拟合。",
    )
    DOC_ZH = (
        "(x₁ + x₂)/12：一角为 −1，对角为 1。噪声改变数值，不移动点。\n\n"
        "噪声最多加减 noise，因此角附近的值可能超过 ±1。"
    )
    ALIASES = ("regression", "linear", "回归", "平面")
    EXAMPLES = ({"type": "points_plane"},)

    type: Literal["points_plane"] = "points_plane"

    def points(self, draws: Draws) -> tuple[Reals, Reals]:
        points = square(draws, EXTENT, self.samples)
        seen = points + jitter(draws, EXTENT, self.noise, self.samples)
        return points, seen.sum(axis=1) / (2.0 * EXTENT)
