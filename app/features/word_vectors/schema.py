"""Which vectors of an embedding lie near which, and all of them laid flat: questions and answers."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from app.core.errors import Invalid
from app.core.numbers import Number
from app.core.text import text
from app.features._base import Question
from app.spec.base import Strict

Word = Annotated[str, Field(min_length=1, max_length=100)]
Node = Annotated[str, Field(min_length=1, max_length=32)]


class NoEmbedding(Invalid):
    code, status = "no_embedding", 422
    message = text(
        "There is no embedding layer over the words of the data: nothing has a vector.",
        "网络没有对数据词元的嵌入层：没有词向量。",
    )


class NoDirection(Invalid):
    code, status = "no_direction", 422
    message = text(
        "These words add up to the vector 0, which points nowhere.",
        "这些词相加得到零向量，没有方向。",
    )


class NeighboursWanted(Strict):
    """The words nearest to Σ plus − Σ minus, each taken at length 1. ``node`` is an embedding layer of
    the network; null is the first."""

    plus: tuple[Word, ...] = Field(min_length=1, max_length=8)
    minus: tuple[Word, ...] = Field((), max_length=8)
    count: int = Field(10, ge=1, le=100)
    node: Node | None = None


class ProjectionWanted(Strict):
    """``count`` tokens of the vocabulary (words by frequency) from number ``start`` on and the named
    ``words``, laid flat."""

    words: tuple[Word, ...] = Field((), max_length=500)
    start: int = Field(1, ge=1, le=1_000_000)
    count: int = Field(100, ge=0, le=1000)
    node: Node | None = None


class Neighbour(BaseModel):
    """One word and the cosine of the angle between its vector and the one in question."""

    model_config = ConfigDict(frozen=True, ser_json_inf_nan="strings")

    word: str
    token: int
    cosine: Number


class Neighbours(BaseModel):
    """The nearest first; the words in question are not among them. ``length`` is that of the vector in
    question, of one word as it is in the table."""

    model_config = ConfigDict(frozen=True, ser_json_inf_nan="strings")

    node: str
    step: int
    branch: int
    length: Number
    neighbours: tuple[Neighbour, ...]


class WordPlace(BaseModel):
    """Where a word's vector falls."""

    model_config = ConfigDict(frozen=True, ser_json_inf_nan="strings")

    word: str
    token: int
    x: Number
    y: Number


class Projection(BaseModel):
    """The vectors on the plane of their two principal components: that along which they differ most, and
    the next. ``share`` is how much of their variance each of the two holds."""

    model_config = ConfigDict(frozen=True, ser_json_inf_nan="strings")

    node: str
    step: int
    branch: int
    share: tuple[Number, Number]
    places: tuple[WordPlace, ...]


NEIGHBOURS = Question(
    name="find_neighbours",
    asks=NeighboursWanted,
    answer=Neighbours,
    route="neighbours",
    tag="word vectors",
    summary="Nearest words",
    about="""
    By the cosine between the vectors that an embedding layer has for them now, between two steps.
    """,
    examples=(
        ("of one word", {"plus": ["war"]}),
        ("a − b + c", {"plus": ["king", "woman"], "minus": ["man"], "count": 5}),
    ),
)
PROJECTION = Question(
    name="project",
    asks=ProjectionWanted,
    answer=Projection,
    route="projections",
    tag="word vectors",
    summary="Word vectors on a plane",
    about="""
    The vectors of an embedding layer on the plane of their two principal components.
    """,
    examples=(("the hundred most frequent", {"count": 100}),),
)
