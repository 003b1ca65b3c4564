"""The networks that ship with Glassnet: complete runs, one JSON file each, in ``presets/``.

The number that a file's name begins with orders them; the first is the page's default. Every preset says
what it reaches, and the benchmarks hold it to that.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from math import exp
from typing import Literal, get_args

from pydantic import Field, model_validator

from app.core.text import Text, text
from app.spec.base import Strict
from app.spec.run import RunSpec

GroupId = Literal["convolutional", "depth", "points", "tables", "autoencoder", "sequence", "text"]
GROUPS: dict[GroupId, Text] = {
    "convolutional": text("Convolutional networks", "卷积神经网络"),
    "depth": text("Shallow and deep", "浅层与深层"),
    "points": text("Points in the plane", "平面点集"),
    "tables": text("Tables", "表格数据"),
    "autoencoder": text("Autoencoders", "自编码器"),
    "sequence": text("Sequences", "序列"),
    "text": text("Texts", "文本"),
}
"""Headings of the menu, in its order."""


class Goal(Strict):
    """What a run reaches on its validation set after ``epochs`` epochs, whatever its seed.

    Accuracies are shares of one. A preset that shows how training fails has an accuracy it stays below.
    """

    epochs: int = Field(ge=1, le=10_000)
    accuracy: float | None = Field(None, ge=0, le=1)
    """At least this share is right."""
    loss: float | None = Field(None, gt=0)
    """At most this loss."""
    perplexity: float | None = Field(None, gt=1)
    """At most this perplexity, e to the loss: of texts."""
    stays_below: float | None = Field(None, ge=0, le=1)
    """No more than this share is right."""

    @model_validator(mode="after")
    def _one(self) -> Goal:
        figures = (self.accuracy, self.loss, self.perplexity, self.stays_below)
        if sum(value is not None for value in figures) != 1:
            raise ValueError("a goal is one of accuracy, loss, perplexity and stays_below")
        return self

    def met(self, accuracy: float | None, loss: float) -> bool:
        """Whether these figures keep what is promised."""
        if self.loss is not None:
            return loss <= self.loss
        if self.perplexity is not None:
            return exp(loss) <= self.perplexity
        if accuracy is None:
            return False
        if self.stays_below is not None:
            return accuracy <= self.stays_below
        return accuracy >= (self.accuracy or 0.0)


class Preset(Strict):
    """A run to start from, and what to say about it."""

    id: str = Field(pattern=r"^[a-z][a-z0-9_]{0,31}$")
    group: GroupId
    title: Text
    summary: Text
    reaches: Goal
    spec: RunSpec


class Group(Strict):
    """A heading of the menu."""

    id: GroupId
    title: Text


def groups() -> tuple[Group, ...]:
    """The headings under which the presets are listed, in order."""
    return tuple(Group(id=name, title=GROUPS[name]) for name in get_args(GroupId))


@cache
def presets() -> tuple[Preset, ...]:
    """All presets in order, validated; raises pydantic's ValidationError for a broken file."""
    folder = files("app.spec") / "presets"
    found = sorted((file for file in folder.iterdir() if file.name.endswith(".json")), key=_name)
    return tuple(Preset.model_validate_json(file.read_bytes(), strict=True) for file in found)


def _name(file: object) -> str:
    return str(getattr(file, "name", ""))
