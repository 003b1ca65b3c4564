"""2-D regression: six hills and hollows."""

from __future__ import annotations

from typing import Literal

import numpy as np

from app.catalog.datasets._points import EXTENT, Draws, PointValues, Reals, jitter, square
from app.core.text import text

# (x₁, x₂, height) of every summit
SUMMITS = np.array(
    [
        (-4.0, 2.5, 1.0),
        (0.0, 2.5, -1.0),
        (4.0, 2.5, 1.0),
        (-4.0, -2.5, -1.0),
        (0.0, -2.5, 1.0),
        (4.0, -2.5, -1.0),
    ]
)
REACH = 2.0


class PointsMultiGauss(PointValues):
    """±1 at six summits, falling to 0 at a distance of 2. Noise changes values, it moves no point."""

    TITLE = text("Multi-Gaussian", "多峰")
    SUMMARY = text(
        "Three hills and three hollows side by side: a bumpy value to fit.",
        "三座小丘与三处洼地交错：要拟合的是起伏的数值。",
    )
    DOC_ZH = "六个峰顶为 ±1，到距离 2 处降为 0。噪声改变数值，不移动点。"
    ALIASES = ("regression", "hills", "gaussian", "回归", "多高斯")
    EXAMPLES = ({"type": "points_multi_gauss"},)

    type: Literal["points_multi_gauss"] = "points_multi_gauss"

    def points(self, draws: Draws) -> tuple[Reals, Reals]:
        points = square(draws, EXTENT, self.samples)
        seen = points + jitter(draws, EXTENT, self.noise, self.samples)
        distance = np.linalg.norm(seen[:, None] - SUMMITS[None, :, :2], axis=2)
        height = SUMMITS[:, 2] * np.clip(1.0 - distance / REACH, 0.0, 1.0)
        # where reaches overlap, the nearer summit counts
        winner = np.abs(height).argmax(axis=1)
        return points, height[np.arange(self.samples), winner]
