"""2-D points: exclusive or, in four squares."""

from __future__ import annotations

from typing import Literal

import numpy as np

from app.catalog.datasets._points import Draws, PointClasses, Reals, jitter, signs, square
from app.core.text import text

HALF, GAP = 5.0, 0.3


class PointsXor(PointClasses):
    """Positive where both coordinates have one sign. Noise relabels, it moves no point."""

    TITLE = text("XOR", "异或")
    SUMMARY = text(
        "Four squares, opposite ones alike: what a network without a hidden layer cannot learn.",
        "四个方块，对角同类：没有隐层的网络学不会。",
    )
    DOC_ZH = "两坐标同号为正。噪声只改标签，不移动点。"
    ALIASES = ("exclusive or", "checkerboard", "异或问题")
    EXAMPLES = ({"type": "points_xor"},)

    type: Literal["points_xor"] = "points_xor"

    def points(self, draws: Draws) -> tuple[Reals, Reals]:
        points = square(draws, HALF, self.samples)
        points += np.where(points > 0, GAP, -GAP)
        seen = points + jitter(draws, HALF, self.noise, self.samples)
        return points, signs(seen[:, 0] * seen[:, 1] >= 0)
