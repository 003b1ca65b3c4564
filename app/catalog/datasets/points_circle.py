"""2-D points: a disc inside a ring."""

from __future__ import annotations

from typing import Literal

import numpy as np

from app.catalog.datasets._points import Draws, PointClasses, Reals, jitter, signs, stack
from app.core.text import text

RADIUS = 5.0


class PointsCircle(PointClasses):
    """Positive within 2.5 of the centre, negative from 3.5 to 5. Noise relabels, it moves no point."""

    TITLE = text("Circle", "圆环")
    SUMMARY = text(
        "A disc inside a ring: no straight line parts them, three hidden units can.",
        "圆盘在圆环之内：直线无法分开，三个隐单元即可。",
    )
    DOC_ZH = "距中心 2.5 以内为正，3.5 至 5 为负。噪声只改标签，不移动点。"
    ALIASES = ("disc", "ring", "圆形")
    EXAMPLES = ({"type": "points_circle"},)

    type: Literal["points_circle"] = "points_circle"

    def points(self, draws: Draws) -> tuple[Reals, Reals]:
        inside, outside = self.halves()
        radius = np.concatenate(
            (
                draws.uniform("inside", 0.0, 0.5 * RADIUS, inside),
                draws.uniform("outside", 0.7 * RADIUS, RADIUS, outside),
            )
        )
        angle = draws.uniform("angle", 0.0, 2.0 * np.pi, self.samples)
        points = stack(radius * np.sin(angle), radius * np.cos(angle))
        seen = points + jitter(draws, RADIUS, self.noise, self.samples)
        return points, signs(np.hypot(seen[:, 0], seen[:, 1]) < 0.5 * RADIUS)
