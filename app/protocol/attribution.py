"""Why an answer is what it is: what is asked, and how it is refused."""

from __future__ import annotations

from pydantic import Field, TypeAdapter

from app.core.errors import Invalid
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


ATTRIBUTION_WANTED: TypeAdapter[AttributionWanted] = TypeAdapter(AttributionWanted)
