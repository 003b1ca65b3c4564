"""Taps: what a viewer asks to see while a run trains. Nothing else is captured."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, TypeAdapter, model_validator

from app.protocol.warp import Warp
from app.spec.base import Strict

Role = Literal["activation", "kernel", "decision", "gate", "unit"]


class StoredSample(Strict):
    """A sample of the run's data set."""

    kind: Literal["stored"] = "stored"
    split: Literal["train", "val"] = "val"
    index: int = Field(0, ge=0, le=10_000_000)


class GivenSample(Strict):
    """Values of one sample, in the input's order: a drawn digit, for instance."""

    kind: Literal["given"] = "given"
    values: tuple[float, ...] = Field(min_length=1, max_length=65_536)


class TextSample(Strict):
    """A text in the words of the run's data set, which must be one of texts."""

    kind: Literal["text"] = "text"
    text: str = Field(min_length=1, max_length=20_000)


FixedSample = Annotated[StoredSample | GivenSample | TextSample, Field(discriminator="kind")]


class WarpedSample(Strict):
    """Another sample, a picture, moved."""

    kind: Literal["warped"] = "warped"
    of: FixedSample
    warp: Warp = Warp()


AnySample = Annotated[
    StoredSample | GivenSample | TextSample | WarpedSample, Field(discriminator="kind")
]


class Tap(Strict):
    """Roles of all nodes, or of the named ones, for one watched sample.

    ``activation``: every node's output for the sample, evaluation mode (plus ``input`` itself).
    ``kernel``: weights and biases. ``decision``: for 2-D data, every unit over a grid of the plane.
    ``gate``: the inner values of recurrent layers over time, for instance ``lstm1.gate_i``.
    ``unit``, which stands alone: what unit number ``unit`` of recurrent layers held at every step,
    unquantised, ``lstm1.unit_i`` (steps,); without gates the parts of its net input, ``rnn1.unit_Ux``.
    """

    roles: tuple[Role, ...] = Field(("activation",), min_length=1, max_length=4)
    nodes: tuple[str, ...] | None = Field(None, max_length=256)
    sample: AnySample = StoredSample()
    rate: float = Field(20.0, ge=1e-6, le=60)
    """Frames a second at most."""
    unit: int | None = Field(None, ge=0, le=4095)

    @model_validator(mode="after")
    def _names_its_unit(self) -> Self:
        if (self.roles == ("unit",)) != (self.unit is not None) or "unit" in self.roles[1:]:
            raise ValueError("the role unit stands alone, with the field unit")
        return self


SAMPLE: TypeAdapter[AnySample] = TypeAdapter(AnySample)
TAP: TypeAdapter[Tap] = TypeAdapter(Tap)
