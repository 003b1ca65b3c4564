"""A recurrent layer through time at one step: what is asked, and where the answer's tensors lie."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from app.protocol.tracing import Node, Traced
from app.spec.base import Strict

TimeRole = Literal["state", "sensitivity", "matrix", "contribution"]
TIME_ROLES: tuple[TimeRole, ...] = ("state", "sensitivity", "matrix", "contribution")
MOST_ROWS = 128
"""Outputs of which the matrix has a row; of longer sequences they are spread evenly."""


class Contribution(Strict):
    """One step's part of a parameter's gradient: ``tensor`` is its full name, ``lstm1.weight_hh_l0``."""

    tensor: Annotated[str, Field(min_length=1, max_length=160)]
    time: int = Field(ge=0, le=100_000)


class ThroughTimeWanted(Traced):
    """``node`` is a recurrent layer; ``sample`` a position in the pass, whose states, sensitivities
    and matrix are given; contributions are the whole pass's, as gradients are. ``layer`` counts the
    stacked ones from 0, null is the top one; ``reverse`` the half that reads backwards.

    With ``contribution`` only that step's matrix and the gradient that all steps sum to are given.
    """

    node: Node
    sample: int = Field(0, ge=0)
    layer: int | None = Field(None, ge=0, le=16)
    reverse: bool = False
    roles: tuple[TimeRole, ...] | None = Field(None, min_length=1, max_length=4)
    contribution: Contribution | None = None
