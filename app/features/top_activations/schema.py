"""Which samples excite a map most: the question and its answer."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from app.core.numbers import Number
from app.features._base import Question
from app.protocol.taps import StoredSample
from app.spec.base import Strict


class ExcitingWanted(Strict):
    """The training samples at which a map (or unit) of a node is largest: by its ``maximum``, or by
    its ``mean`` over the picture. At most ``among`` samples are looked at, from the first."""

    node: str = Field(min_length=1, max_length=32)
    unit: int = Field(0, ge=0, le=2**31)
    by: Literal["maximum", "mean"] = "maximum"
    count: int = Field(9, ge=1, le=64)
    among: int = Field(5000, ge=1, le=60_000)


class Patch(BaseModel):
    """Part of the input picture: rows and columns from, up to and without."""

    model_config = ConfigDict(frozen=True)

    top: int
    left: int
    bottom: int
    right: int


class ExcitingSample(BaseModel):
    """One sample. ``place`` is where in the map its maximum is; ``patch`` the part of the input that
    this cell sees, null where that is everything or no picture."""

    model_config = ConfigDict(frozen=True, ser_json_inf_nan="strings")

    sample: StoredSample
    label: int | None
    value: Number
    place: tuple[int, ...]
    patch: Patch | None


class Exciting(BaseModel):
    """The samples, the strongest first; ``among`` is how many were looked at."""

    model_config = ConfigDict(frozen=True)

    node: str
    unit: int
    by: Literal["maximum", "mean"]
    step: int
    branch: int
    among: int
    samples: tuple[ExcitingSample, ...]


EXCITING = Question(
    name="exciting",
    asks=ExcitingWanted,
    answer=Exciting,
    route="exciting",
    tag="attribution",
    summary="Samples that excite a map most",
    about="""
    The training samples for which a map's maximum or mean is largest, where in the map, and the
    part of the input picture that this cell sees.
    """,
    examples=(("a map", {"node": "conv1", "unit": 2}),),
)
