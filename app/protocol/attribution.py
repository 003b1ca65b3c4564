"""Why an answer is what it is, and which samples excite a map most: questions and answers."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from app.core.errors import Invalid
from app.core.numbers import Number
from app.core.text import text
from app.protocol.taps import AnySample, StoredSample
from app.spec.attribution import AnyAttribution
from app.spec.base import Strict


class NoSuchTarget(Invalid):
    code, status = "no_such_target", 422
    message = text(
        "The network has {count} outputs, counted from 0: there is no {target}.",
        "网络有 {count} 个输出（从 0 起编号），没有第 {target} 个。",
    )


class NothingDecidedHere(Invalid):
    code, status = "nothing_decided_here", 422
    message = text(
        "An output is NaN, so the network decides for no class here: name a target, or go back to a "
        "step before its numbers broke.",
        "有输出为 NaN，网络在此没有预测：请指定目标，或回到数值失常之前的一步。",
    )


class AttributionWanted(Strict):
    """A method, a sample, and the output in question: null is the one that the network decides for.
    Outputs are looked at as the last layer gives them, before any softmax; of a network with one
    output for two classes, target 0 is its negative."""

    method: AnyAttribution
    sample: AnySample = StoredSample()
    target: int | None = Field(None, ge=0, le=100_000)


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


ATTRIBUTION_WANTED: TypeAdapter[AttributionWanted] = TypeAdapter(AttributionWanted)
EXCITING_WANTED: TypeAdapter[ExcitingWanted] = TypeAdapter(ExcitingWanted)
