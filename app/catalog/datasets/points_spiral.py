"""2-D points: two interwoven spirals."""

from __future__ import annotations

from typing import Literal

import numpy as np

from app.catalog.datasets._points import Draws, PointClasses, Reals, jitter, signs, stack
from app.core.text import text

RADIUS, TURNS = 5.0, 1.75


class PointsSpiral(PointClasses):
    """Two arms, half a turn apart, each of 1¾ turns out to radius 5; noise moves the points.

    The k-th of n points lies at radius 5k/n, k = 1…n: the centre, where both arms would
    start, holds no point.
    """

    TITLE = text("Spiral", "双螺旋")
    SUMMARY = text(
        "Two spirals wound into each other: hard, it takes two hidden layers or many units.",
        "两条互相缠绕的螺旋：较难，需要两个隐层或许多单元。",
    )
    DOC_ZH = (
        "两条旋臂，相差半圈，各转 1¾ 圈至半径 5；噪声移动各点。\n\n"
        "n 个点中第 k 个的半径为 5k/n，k = 1…n：两臂共同的起点即中心，不放点。"
    )
    ALIASES = ("two spirals", "螺旋线")
    EXAMPLES = ({"type": "points_spiral"},)

    type: Literal["points_spiral"] = "points_spiral"

    def points(self, draws: Draws) -> tuple[Reals, Reals]:
        positive, negative = self.halves()
        along = np.concatenate([np.arange(1, n + 1) / n for n in (positive, negative)])
        sign = signs(np.arange(self.samples) < positive)
        angle = 2.0 * np.pi * TURNS * along + np.where(sign > 0, 0.0, np.pi)
        points = stack(RADIUS * along * np.sin(angle), RADIUS * along * np.cos(angle))
        return points + jitter(draws, 1.0, self.noise, self.samples), sign
