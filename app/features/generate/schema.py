"""A text that a network of next tokens continues: what is wanted, and what it wrote."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from app.core.errors import Invalid
from app.core.numbers import Number
from app.core.text import text
from app.features._base import Question
from app.spec.base import Strict


class NoNextToken(Invalid):
    code, status = "no_next_token", 422
    message = text(
        "This run does not learn which token comes next, so it continues no text. Choose a data set "
        "of texts such as {example}.",
        "该运行学习的不是下一个词元，因此不能续写文本。请选用文本数据集，例如 {example}。",
    )


class NotByStep(Invalid):
    code, status = "not_by_step", 422
    message = text(
        "The network cannot continue a text token by token: {name} ({title}) {why}.",
        "网络不能逐个词元地续写：{name}（{title_zh}）{why_zh}。",
    )


class GenerateWanted(Strict):
    """``temperature`` divides the outputs before the draw: 0 takes the likeliest token always.
    ``top_k`` draws among so many of the likeliest; 0 among all. The same seed gives the same text."""

    prompt: str = Field(min_length=1, max_length=20_000)
    length: int = Field(200, ge=1, le=2000)
    """Tokens to write."""
    temperature: float = Field(1.0, ge=0.0, le=10.0)
    top_k: int = Field(0, ge=0, le=100_000)
    seed: int = Field(0, ge=0, le=2**31 - 1)


class Likely(BaseModel):
    """A token and its probability."""

    model_config = ConfigDict(frozen=True, ser_json_inf_nan="strings")

    token: str
    probability: Number


class Written(BaseModel):
    """One token that was written, and those that were likeliest there. Probabilities are the network's
    own, of temperature 1; the padding is left out."""

    model_config = ConfigDict(frozen=True, ser_json_inf_nan="strings")

    token: str
    probability: Number
    top: list[Likely]


class Generated(BaseModel):
    """The text that follows the prompt, by the weights after ``step``."""

    step: int
    branch: int
    text: str
    tokens: list[Written]


GENERATE = Question(
    name="generate",
    asks=GenerateWanted,
    answer=Generated,
    route="generate",
    summary="Continue a text",
    about="""
    The network of a run on next tokens writes on, with its present weights, between two steps of
    training. What it remembers is carried from token to token, so that any length is fast.
    """,
    examples=(
        ("a hundred characters", {"prompt": "Two households", "length": 100, "temperature": 0.8}),
    ),
)
