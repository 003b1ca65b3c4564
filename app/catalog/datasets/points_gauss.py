"""2-D points: two normal distributions."""

from __future__ import annotations

from typing import Literal

import numpy as np

from app.catalog.datasets._points import Draws, PointClasses, Reals, signs, stack
from app.core.text import text

CENTRE = 2.0


class PointsGauss(PointClasses):
    """Clouds around (2, 2) and (−2, −2); noise 0…0.5 widens their variance from 0.5 to 4.

    With much noise some points lie outside of the picture, which shows −6…6.
    """

    TITLE = text("Two Gaussians", "双高斯")
    SUMMARY = text(
        "Two round clouds: one straight line parts them, as long as the noise is small.",
        "两团圆形点云：噪声不大时，一条直线即可分开。",
    )
    DOC_ZH = (
        "以 (2, 2) 与 (−2, −2) 为中心的两团；噪声 0…0.5 使方差从 0.5 增至 4。\n\n"
        "噪声较大时，部分点落在图像范围 −6…6 之外。"
    )
    ALIASES = ("gaussian", "clusters", "normal distribution", "高斯分布", "正态分布")
    EXAMPLES = ({"type": "points_gauss"},)

    type: Literal["points_gauss"] = "points_gauss"

    def points(self, draws: Draws) -> tuple[Reals, Reals]:
        positive, _ = self.halves()
        sign = signs(np.arange(self.samples) < positive)
        spread = np.sqrt(0.5 + 7.0 * self.noise)
        cloud = stack(draws.normal("x1", self.samples), draws.normal("x2", self.samples))
        return CENTRE * sign[:, None] + spread * cloud, sign
