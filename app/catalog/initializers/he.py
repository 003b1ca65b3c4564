"""He (Kaiming) initialisation."""

from __future__ import annotations

from typing import Literal

from app.catalog.family import Formula
from app.catalog.initializers._fan_in import ByFanIn
from app.catalog.initializers._gain import Nonlinearity, nonlinearity_option
from app.core.text import text


class He(ByFanIn):
    """Normal with variance g²/fan-in, g = √2 for ReLU; bias 0. Source: He et al., ICCV 2015."""

    TITLE = text("He", "He")
    SUMMARY = text(
        "Makes up for the half that ReLU cuts away.",
        "补偿 ReLU 截去的一半信号。",
    )
    DOC_ZH = "正态分布，方差 g²/扇入，ReLU 的 g = √2；偏置为 0。出处：He 等，ICCV 2015。"
    FORMULA = Formula(
        forward=r"w \sim N\!\left(0, \tfrac{g^2}{n_{in}}\right),\quad g_{\mathrm{ReLU}} = \sqrt 2"
    )
    EXAMPLES = ({"type": "he"},)

    type: Literal["he"] = "he"
    nonlinearity: Nonlinearity = nonlinearity_option("relu")
