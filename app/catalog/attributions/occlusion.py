"""Occlusion: what the answer loses when a part of the input is covered."""

from __future__ import annotations

from typing import Literal

from app.catalog.attributions._base import PERTURBATION, Attributed, Attribution, Subject
from app.catalog.family import Formula, option
from app.core.text import text


class Occlusion(Attribution):
    """A window covers a part of the input, all channels of it, and slides over the rest.

    Captum's Occlusion: an input gets the mean of what the answer lost under all windows that cover
    it. Source: Zeiler and Fergus, 2014.
    """

    TITLE = text("Occlusion", "遮挡")
    SUMMARY = text(
        "How much the output falls when a window covers a part of the input.",
        "用窗口遮住一部分输入，看输出下降多少。",
    )
    DOC_ZH = (
        "窗口遮住输入的一部分（所有通道）并滑动；每个输入取所有覆盖它的窗口所致损失的平均。"
        "出处：Zeiler 与 Fergus，2014。"
    )
    GROUP = PERTURBATION
    FORMULA = Formula(
        forward=r"M_i = \frac{1}{|W_i|} \sum_{w \in W_i} \bigl(y_c(x) - y_c(x \setminus w)\bigr)"
    )
    EXAMPLES = ({"type": "occlusion"},)

    type: Literal["occlusion"] = "occlusion"
    window: int = option(
        4,
        text("window", "窗口"),
        text("Side of the window in pixels.", "窗口边长（像素）。"),
        ge=1,
        le=64,
    )
    stride: int = option(
        2,
        text("stride", "步幅"),
        text("By how far it moves.", "每次移动的距离。"),
        ge=1,
        le=64,
    )
    value: float = option(
        0.0,
        text("cover", "遮挡值"),
        text("The value that covers.", "用于遮挡的取值。"),
        ge=-1e6,
        le=1e6,
    )

    def attribute(self, subject: Subject) -> Attributed:
        from captum.attr import Occlusion as Method

        shape = tuple(subject.x.shape[1:])
        window: tuple[int, ...]
        stride: tuple[int, ...]
        if len(shape) == 1:
            window, stride = (1,), (1,)  # one number after the other
        elif len(shape) == 2:  # (steps, features): some steps, all of their features
            side = min(self.window, shape[0])
            window, stride = (side, shape[1]), (min(self.stride, side), shape[1])
        else:
            window = (shape[0], *(min(self.window, side) for side in shape[1:]))
            stride = (shape[0], *(min(self.stride, n) for n in window[1:]))
        found = Method(subject.function).attribute(
            subject.x,
            sliding_window_shapes=window,
            strides=stride,
            baselines=self.value,
            target=subject.target,
            perturbations_per_eval=32,
        )
        return Attributed(found[0].detach())
