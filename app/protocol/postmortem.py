"""The post-mortem of a training that left the numbers: what broke first, and what led to it."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

from app.core.numbers import Number

Broken = Literal["input", "parameter", "activation", "loss", "sensitivity", "gradient", "update"]
"""In the order in which a training step makes them: the batch and the parameters it begins with,
outputs layer by layer, the loss, ∂E/∂(output) layer by layer backwards, ∂E/∂W, the parameters it ends
with."""


class Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_inf_nan="strings")


class FirstBroken(Frozen):
    """The first tensor with a number that is not finite, and the first such number in it.

    ``step`` counts training steps from 1: the step that made it. ``tensor`` is the parameter's name,
    else empty. ``time`` counts steps of the sequence from 0 in the order of the data: where the pass
    met it first, which backwards is the last; ``times`` is the sequence's length. ``gate`` is the part of a recurrent cell, by the name it
    has in the formula (``i``, ``f``, ``g``, ``o``, ``c``, ``h``, ``r``, ``z``, ``n``); ``stack`` the
    layer within a stacked one, ``reverse`` the direction from the end to the start. ``index`` is the
    place in the tensor, the sample first where there is one.
    """

    step: int
    node: str
    what: Broken
    tensor: str = ""
    gate: str | None = None
    time: int | None = None
    times: int | None = None
    stack: int | None = None
    reverse: bool | None = None
    index: tuple[int, ...] = ()
    value: Number


class Growth(Frozen):
    """The steps before: loss and norm of all gradients together, before any clipping. A step whose
    pass broke has no gradient that is finite."""

    steps: tuple[int, ...]
    loss: tuple[Number, ...]
    gradient: tuple[Number, ...]


class PostMortem(Frozen):
    """``good``: the newest step with a snapshot, or 0, whose loss was at most half more than that
    at the start of the training. ``clip_norm``: a threshold for the gradient's norm, its median over
    the first quarter of the growth. ``learning_rate``: a tenth of what was in force."""

    first: FirstBroken
    growth: Growth
    good: int
    clip_norm: float | None
    learning_rate: float
