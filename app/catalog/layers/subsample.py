"""The chapter's sub-sampling: block sums or means with a trainable weight and bias per map."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from app.catalog.family import Formula, option
from app.catalog.layers._base import POOLING, Layer, Parameter, Window, map_input
from app.catalog.layers._pool import blocks
from app.core.shapes import Shape, Steps, channels_of, laid_out_as
from app.core.text import text

if TYPE_CHECKING:
    import torch


class Subsample(Layer):
    """βⱼ·down(xⱼ) + bⱼ with one trainable β and b per map; blocks do not overlap.

    Input (C, H, W), output (C, ⌊H/n⌋, ⌊W/n⌋); a sequence (C, L) becomes (C, ⌊L/n⌋),
    (T, F) becomes (⌊T/n⌋, F). Source: LeCun et al., 1998, layers S2 and S4.
    """

    TITLE = text("Sub-sampling", "下采样")
    SUMMARY = text(
        "Pools every block and multiplies by a trainable weight, one per map, as LeNet-5 of 1998 did.",
        "对每块池化，再乘以可训练的权值（每张特征图一个），如 1998 年的 LeNet-5。",
    )
    DOC_ZH = (
        "βⱼ·down(xⱼ) + bⱼ，每张图有一个可训练的 β 与 b；各块互不重叠。\n\n"
        "输入 (C, H, W)，输出 (C, ⌊H/n⌋, ⌊W/n⌋)；序列 (C, L) 变为 (C, ⌊L/n⌋)，(T, F) 变为 (⌊T/n⌋, F)。出处：LeCun 等，1998，S2 与 S4 层。"
    )
    GROUP = POOLING
    FORMULA = Formula(
        forward=r"u_j^\ell = \beta_j^\ell\,\mathrm{down}(x_j^{\ell-1}) + b_j^\ell",
        backward=r"\delta_j^{\ell-1} = \beta_j^{\ell}\,\mathrm{up}(\delta_j^{\ell}),\quad"
        r" \frac{\partial E}{\partial \beta_j} = \sum_{u,v} (\delta_j \circ \mathrm{down}(x_j))_{uv}"
        r",\quad \frac{\partial E}{\partial b_j} = \sum_{u,v} (\delta_j)_{uv}",
    )
    ALIASES = ("降采样", "down-sampling", "trainable pooling", "sub-sampling", "池化层", "LeNet")
    EXAMPLES = ({"type": "subsample", "size": 2, "mode": "mean"},)
    ID_PREFIX = "sub"
    WINDOW = Window(size="size")
    MASKED = True

    type: Literal["subsample"] = "subsample"
    size: int = option(
        2, text("size", "窗口边长"), text("Side n of the block.", "方块边长 n。"), ge=1, le=16
    )
    mode: Literal["mean", "sum"] = option(
        "mean",
        text("down()", "down()"),
        text("Mean or sum of each block.", "取每块的平均或总和。"),
        labels={"mean": text("mean", "平均"), "sum": text("sum", "总和")},
    )

    def output_shape(self, inputs: tuple[Shape, ...]) -> Shape:
        return laid_out_as(inputs[0], blocks(self, map_input(self, inputs), self.size, self.size))

    def parameters(self, inputs: tuple[Shape, ...]) -> tuple[Parameter, ...]:
        maps = (channels_of(inputs[0]),)
        return Parameter(name="weight", shape=maps), Parameter(name="bias", shape=maps)

    def arithmetic(self, inputs: tuple[Shape, ...]) -> str:
        maps = channels_of(inputs[0])
        return f"{maps}×(1+1) = {2 * maps}"

    def build(self, inputs: tuple[Shape, ...]) -> torch.nn.Module:
        from app.nn.steps import StepsSubsample
        from app.nn.subsample import Subsample as SubsampleModule

        kind = StepsSubsample if isinstance(inputs[0], Steps) else SubsampleModule
        return kind(channels_of(inputs[0]), self.size, self.mode, sides=len(inputs[0]) - 1)

    def initialize(
        self, module: torch.nn.Module, generator: torch.Generator, gain: float = 1.0
    ) -> None:
        import torch

        with torch.no_grad():
            module.get_parameter("weight").fill_(1.0)
            module.get_parameter("bias").zero_()
