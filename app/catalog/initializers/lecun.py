"""LeCun initialisation."""

from __future__ import annotations

from typing import Literal

from app.catalog.family import Formula
from app.catalog.initializers._fan_in import ByFanIn
from app.catalog.initializers._gain import Nonlinearity, nonlinearity_option
from app.core.text import text


class LeCun(ByFanIn):
    """Normal with variance g²/fan-in, g = 1 as it was made; bias 0. Source: LeCun et al., Efficient BackProp, 1998."""

    TITLE = text("LeCun", "LeCun")
    SUMMARY = text(
        "Keeps the size of signals going forward; made for tanh and SELU.",
        "使前向信号保持大小；适合 tanh 与 SELU。",
    )
    DOC_ZH = (
        "正态分布，方差 g²/扇入，原始取 g = 1；偏置为 0。出处：LeCun 等，Efficient BackProp，1998。"
    )
    FORMULA = Formula(forward=r"w \sim N\!\left(0, \tfrac{g^2}{n_{in}}\right),\quad g = 1")
    EXAMPLES = ({"type": "lecun"},)

    type: Literal["lecun"] = "lecun"
    nonlinearity: Nonlinearity = nonlinearity_option("linear")
