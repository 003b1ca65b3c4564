"""Saliency: the size of the gradient."""

from __future__ import annotations

from typing import Literal

from app.catalog.attributions._base import GRADIENTS, Attributed, Attribution, Subject
from app.catalog.family import Formula, option
from app.core.text import text


class Saliency(Attribution):
    """How much the output changes with each input, to first order.

    Captum's Saliency: the gradient of the output, its absolute value unless the sign is asked for.
    Source: Simonyan, Vedaldi and Zisserman, 2014.
    """

    TITLE = text("Saliency", "显著性")
    SUMMARY = text(
        "The gradient of the answer with respect to every input.", "输出对每个输入的梯度。"
    )
    DOC_ZH = "输出随每个输入的一阶变化。默认取梯度的绝对值。出处：Simonyan 等，2014。"
    GROUP = GRADIENTS
    FORMULA = Formula(forward=r"M_i = \left|\frac{\partial y_c}{\partial x_i}\right|")
    EXAMPLES = ({"type": "saliency"},)

    type: Literal["saliency"] = "saliency"
    signed: bool = option(
        False,
        text("with its sign", "保留符号"),
        text("The gradient itself instead of its size.", "取梯度本身，而非其大小。"),
    )

    def attribute(self, subject: Subject) -> Attributed:
        from captum.attr import Saliency as Method

        found = Method(subject.function).attribute(
            subject.x, target=subject.target, abs=not self.signed
        )
        return Attributed(found[0].detach(), signed=self.signed)
