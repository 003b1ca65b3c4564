"""Batch normalisation, for maps and for vectors."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Literal

from app.catalog.code import Code
from app.catalog.family import Formula, option
from app.catalog.layers._base import REGULARISATION, Layer, Parameter
from app.core.shapes import Shape, Steps, channels_first, channels_of, size
from app.core.text import text

if TYPE_CHECKING:
    import torch


class BatchNorm(Layer):
    """Gives every map (or feature) mean 0 and variance 1 over the batch, then a trainable scale and shift.

    Input (C, …), the same shape out. Of a sequence (T, F) every feature is normalised over all steps of
    all sequences of the batch; what comes behind the end of one is left out. Source: Ioffe and Szegedy, ICML 2015.
    """

    TITLE = text("Batch norm", "批归一化")
    SUMMARY = text(
        "Recentres and rescales every map over the batch, so that layers keep a healthy range.",
        "按批次对每张特征图重新居中与缩放，使各层数值保持在健康范围。",
    )
    DOC_ZH = (
        "使每张图（或特征）在批次上均值为 0、方差为 1，再做可训练的缩放与平移。\n\n"
        "输入 (C, …)，输出形状相同。对序列 (T, F)，每个特征在批次内所有序列的全部时刻上归一化；"
        "序列结尾之后的部分不计入。出处：Ioffe 与 Szegedy，ICML 2015。"
    )
    GROUP = REGULARISATION
    FORMULA = Formula(
        forward=r"x = \gamma\,\frac{u-\mu_B}{\sqrt{\sigma_B^2+\epsilon}} + \beta",
        backward=r"\delta_u = \frac{\gamma}{\sqrt{\sigma_B^2+\epsilon}}\left(\delta - \overline{\delta} - \hat u\,\overline{\delta\,\hat u}\right)",
    )
    ALIASES = (
        "批规范化",
        "batch normalization",
        "批量归一化",
        "normalisation",
    )
    EXAMPLES = ({"type": "batch_norm"},)
    ID_PREFIX = "bn"
    MASKED = True

    type: Literal["batch_norm"] = "batch_norm"
    momentum: float = option(
        0.1,
        text("momentum", "动量"),
        text(
            "Share of the newest batch in the running statistics.", "最新批次在滑动统计中的比例。"
        ),
        ge=0.0,
        le=1.0,
    )

    def output_shape(self, inputs: tuple[Shape, ...]) -> Shape:
        return inputs[0]

    def averaged(self, inputs: tuple[Shape, ...], batch: int) -> int:
        return batch * prod(channels_first(inputs[0])[1:])

    def parameters(self, inputs: tuple[Shape, ...]) -> tuple[Parameter, ...]:
        size = (channels_of(inputs[0]),)
        return Parameter(name="weight", shape=size), Parameter(name="bias", shape=size)

    def arithmetic(self, inputs: tuple[Shape, ...]) -> str:
        channels = channels_of(inputs[0])
        return f"2×{channels} = {2 * channels}"

    def buffers(self, inputs: tuple[Shape, ...]) -> tuple[Parameter, ...]:
        channels = (channels_of(inputs[0]),)
        running = ("running_mean", channels), ("running_var", channels), ("num_batches_tracked", ())
        return tuple(Parameter(name=name, shape=shape) for name, shape in running)

    def build(self, inputs: tuple[Shape, ...]) -> torch.nn.Module:
        from app.nn.batch_norm import BatchNorm as BatchNormModule
        from app.nn.steps import StepsBatchNorm

        kind = StepsBatchNorm if isinstance(inputs[0], Steps) else BatchNormModule
        return kind(channels_of(inputs[0]), momentum=self.momentum)

    def code(self, inputs: tuple[Shape, ...]) -> Code:
        """PyTorch's own class, wherever it can never meet what only ours takes: a single value."""
        if size(inputs[0][1:]) > 1 and not isinstance(inputs[0], Steps):
            kind = "nn.BatchNorm2d" if len(inputs[0]) == 3 else "nn.BatchNorm1d"
            return Code(super().code(inputs).expression.replace("BatchNorm", kind))
        return super().code(inputs)
