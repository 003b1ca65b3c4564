"""A vector for every token: what turns words and characters into numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from app.catalog.family import Formula, option
from app.catalog.initializers import AnyInitializer
from app.catalog.initializers.normal import Normal
from app.catalog.layers._base import RECURRENT, Fix, Layer, Parameter, Rows, ShapeMismatch
from app.catalog.plot import Place
from app.core.shapes import Shape, Steps, Tokens
from app.core.text import text

if TYPE_CHECKING:
    import torch


class Embedding(Layer):
    """Row k of the table ``weight`` (tokens, size) for the token with id k.

    Input (T,), output (T, size). Multiplying the table with a one-hot vector would give the same. The
    padding, id 0, gives 0, and its row gets no gradient. Starts as torch.nn.Embedding does. Source:
    Bengio et al., Journal of Machine Learning Research 3, 2003.
    """

    TITLE = text("Embedding", "嵌入")
    SUMMARY = text(
        "Every token has a vector of its own, which is learnt: the way in for texts.",
        "每个词元有一个可学习的向量：文本由此进入网络。",
    )
    DOC_ZH = (
        "对编号为 k 的词元，取表 weight (词元数, size) 的第 k 行。\n\n"
        "输入 (T,)，输出 (T, size)；等价于用独热向量乘以该表。填充（编号 0）的输出为 0，其行不收到梯度。"
        "初始化与 torch.nn.Embedding 相同。出处：Bengio 等，2003。"
    )
    GROUP = RECURRENT
    TIME_FIRST = True
    TOKENS = True
    BY_STEP = True
    FORMULA = Formula(
        forward=r"x_t = w_{k_t}",
        backward=r"\frac{\partial E}{\partial w_k} = \sum_{t:\,k_t = k} \delta_t",
    )
    ALIASES = ("tokens", "words", "characters", "lookup table", "词嵌入", "词向量", "词元", "序列")
    EXAMPLES = ({"type": "embedding", "size": 32},)
    ID_PREFIX = "embed"
    TOKEN_VECTORS = "weight"

    type: Literal["embedding"] = "embedding"
    size: int = option(
        32,
        text("size", "维数"),
        text("Numbers that stand for a token.", "表示一个词元的数的个数。"),
        ge=1,
        le=1024,
    )
    init: AnyInitializer = option(
        Normal(std=1.0),
        text("initial weights", "权值初始化"),
        text("How the vectors start.", "向量的初始值。"),
    )

    def output_shape(self, inputs: tuple[Shape, ...]) -> Shape:
        if not isinstance(inputs[0], Tokens):
            expected = text(
                "the ids of tokens, as data sets of texts have them", "文本数据的词元编号"
            )
            raise ShapeMismatch(self, expected, inputs[0], Fix("remove"))
        return Steps(inputs[0][0], self.size)

    def parameters(self, inputs: tuple[Shape, ...]) -> tuple[Parameter, ...]:
        return (Parameter(name="weight", shape=(_tokens(inputs), self.size)),)

    def rows(self, unit: int, inputs: tuple[Shape, ...]) -> dict[str, Rows]:
        """One number of every token's vector."""
        return {"weight": Rows(1, (unit,))}

    def arithmetic(self, inputs: tuple[Shape, ...]) -> str:
        tokens = _tokens(inputs)
        return f"{tokens}×{self.size} = {tokens * self.size}"

    def place(self, inputs: tuple[Shape, ...], gain: float) -> Place | None:
        """One token is on at a time: every value has one input."""
        return Place(fan_in=1, fan_out=self.size, units=self.size, gain=gain)

    def build(self, inputs: tuple[Shape, ...]) -> torch.nn.Module:
        from app.nn.embedding import Embedding as Module

        return Module(_tokens(inputs), self.size)

    def initialize(
        self, module: torch.nn.Module, generator: torch.Generator, gain: float = 1.0
    ) -> None:
        import torch

        self.init.fill(module, generator, gain)
        with torch.no_grad():
            module.get_parameter("weight")[0].zero_()


def _tokens(inputs: tuple[Shape, ...]) -> int:
    """Rows of the table."""
    return inputs[0].vocabulary if isinstance(inputs[0], Tokens) else 0
