"""Fully connected layer."""

from __future__ import annotations

from typing import Literal

from app.catalog.family import Formula, option
from app.catalog.initializers import AnyInitializer, DefaultInitializer
from app.catalog.layers._base import DENSE, Fix, ShapeMismatch
from app.catalog.layers._dense import FullyConnected
from app.core.shapes import Shape
from app.core.text import text


class Dense(FullyConnected):
    """Every output is a weighted sum of all inputs, plus a bias. Input (features,), output (units,)."""

    TITLE = text("Dense", "全连接")
    SUMMARY = text(
        "Connects every input to every unit, each with a weight of its own.",
        "每个输入与每个单元相连，各有自己的权值。",
    )
    DOC_ZH = "每个输出是全部输入的加权和，再加一个偏置。输入 (features,)，输出 (units,)。"
    GROUP = DENSE
    FORMULA = Formula(
        forward=r"u^\ell = W^\ell x^{\ell-1} + b^\ell",
        backward=r"\delta^{\ell-1} = (W^{\ell})^{\mathsf T}\delta^{\ell}"
        r",\quad \frac{\partial E}{\partial W} = \sum_n \delta^\ell (x^{\ell-1})^{\mathsf T}"
        r",\quad \frac{\partial E}{\partial b} = \sum_n \delta^\ell",
    )
    ALIASES = (
        "神经元",
        "neuron",
        "隐层",
        "隐藏层",
        "隐含层",
        "稠密层",
        "净激活值",
        "误差项",
        "残差",
        "fully connected",
        "linear",
        "fc",
        "全连接层",
        "输出层",
    )
    EXAMPLES = ({"type": "dense", "units": 10},)
    ID_PREFIX = "fc"
    PICTURE = "weighted_sum"

    type: Literal["dense"] = "dense"
    units: int = option(
        16, text("units", "单元数"), text("Number of outputs.", "输出的数目。"), ge=1, le=8192
    )
    bias: bool = option(
        True,
        text("bias", "偏置"),
        text("Add one trainable number per unit.", "每个单元加一个可训练的数。"),
    )
    init: AnyInitializer = option(
        DefaultInitializer(),
        text("initial weights", "权值初始化"),
        text("How the weights start.", "权值的初始值。"),
    )

    def output_shape(self, inputs: tuple[Shape, ...]) -> Shape:
        if len(inputs[0]) != 1:
            expected = text("a vector", "向量")
            raise ShapeMismatch(self, expected, inputs[0], Fix("insert", value="flatten"))
        return (self.units,)
