"""Grad-CAM: the maps of a layer, weighted by how much the answer rests on each."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import StringConstraints

from app.catalog.attributions._base import (
    GRADIENTS,
    Attributed,
    Attribution,
    DoesNotApply,
    Subject,
)
from app.catalog.family import Formula, option
from app.core.text import Text, text


class GradCam(Attribution):
    """Where in the picture the maps of a layer support the prediction.

    Captum's LayerGradCam: the mean gradient of a map is its weight; only what speaks for the answer
    is kept, and spread over the input bilinearly. Source: Selvaraju et al., 2017.
    """

    TITLE = text("Grad-CAM", "Grad-CAM")
    SUMMARY = text(
        "Where the maps of a layer support the prediction.", "某层特征图中支持该预测的位置。"
    )
    DOC_ZH = (
        "以每张特征图的平均梯度为系数对特征图求和，只保留正值，再双线性放大到输入尺寸。"
        "出处：Selvaraju 等，2017。"
    )
    GROUP = GRADIENTS
    FORMULA = Formula(
        forward=r"M = \max\Bigl(0, \sum_k \alpha_k A^k\Bigr),\quad"
        r" \alpha_k = \frac{1}{Z} \sum_{ij} \frac{\partial y_c}{\partial A^k_{ij}}"
    )
    EXAMPLES = ({"type": "grad_cam"},)

    type: Literal["grad_cam"] = "grad_cam"
    layer: Annotated[str, StringConstraints(max_length=32)] | None = option(
        None,
        text("layer", "层"),
        text(
            "Whose maps are weighted; none: those of the last convolution.",
            "对哪一层的特征图加权；留空为最后一个卷积层。",
        ),
    )

    def attribute(self, subject: Subject) -> Attributed:
        from captum.attr import LayerAttribution, LayerGradCam

        name = self._layer(subject)
        found = LayerGradCam(subject.function, subject.nodes[name]).attribute(
            subject.x, target=subject.target, relu_attributions=True
        )
        spread = LayerAttribution.interpolate(found, subject.x.shape[2:], "bilinear")
        whole = spread.expand(1, subject.x.shape[1], *spread.shape[2:])
        return Attributed(whole[0].detach(), False, found[0, 0].detach(), {"layer": name})

    def _layer(self, subject: Subject) -> str:
        maps = [name for name in subject.nodes if len(subject.shapes[name]) == 3]
        known = ", ".join(maps) or "–"
        if subject.x.dim() != 4:
            raise self._refusal(
                "the input is a row of numbers, so it has no maps. Use saliency or integrated gradients.",
                "输入不是图像，没有特征图。请改用显著性或积分梯度。",
            )
        if self.layer is None:
            if not subject.convolutions:
                raise self._refusal(
                    f"the network has no convolution. Choose a layer with maps: {known}.",
                    f"网络没有卷积层。请选择有特征图的层：{known}。",
                )
            return subject.convolutions[-1]
        if self.layer not in maps:
            raise self._refusal(
                f"{self.layer} has no maps. Layers that have: {known}.",
                f"{self.layer} 没有特征图。有特征图的层：{known}。",
            )
        return self.layer

    def _refusal(self, why: str, why_zh: str) -> DoesNotApply:
        said: Text = text(why, why_zh)
        return DoesNotApply(
            pointer="/method", method=self.TITLE.en, method_zh=self.TITLE.zh, why=said
        )
