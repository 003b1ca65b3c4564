"""Health over time: how large the derivatives of every layer were at chosen steps of a run."""

from __future__ import annotations

from pydantic import Field

from app.core.numbers import Number
from app.protocol.tracing import Answer
from app.spec.base import Strict

Series = tuple[Number | None, ...]


class HealthWanted(Strict):
    """At about how many steps, first and newest included."""

    points: int = Field(24, ge=2, le=64)


class Bounds(Answer):
    """What lies outside is drawn as unhealthy; null: no bound on that side."""

    low: float | None
    high: float | None


class LayerHealth(Answer):
    """One node; every series goes along ``DerivativeHealth.steps``. Null is "there is none": no
    gradient reaches the node, it has no weights that are trained, or its function cannot die. That
    is not 0.

    ``sensitivity``: ‖∂E/∂x‖₂ of the node's output x over the whole batch, E the loss as it is
    minimised (a mean over the batch for most losses); what ``trace`` has as ``node.sensitivity``.
    ``gradient``: ‖∂E/∂W‖₂ over all parameters of the node together, before any clipping.
    ``update``: ‖ΔW‖₂ / ‖W‖₂ of what the optimiser really did at that step, all trained parameters
    of the node together; about 10⁻³ is a common rule of thumb (Stanford's course CS231n).
    ``dead``: of an activation that is flat on one side (ReLU), the share of units (maps, or entries
    of a vector) whose slope φ′ is exactly 0 for every sample of the batch and at every place.
    ``saturated``: of an activation with two flat ends (sigmoid, tanh), the share of cells whose slope
    is less than a tenth of the steepest.
    """

    node: str
    sensitivity: Series
    gradient: Series
    update: Series
    dead: Series
    saturated: Series


class Measures(Answer):
    """The bounds of every measure."""

    sensitivity: Bounds
    gradient: Bounds
    update: Bounds
    dead: Bounds
    saturated: Bounds


class DerivativeHealth(Answer):
    """Each step is looked at with its own batch, draws and weights, in training mode and in float32;
    ``steps`` counts the steps made before. ``complete`` is false where time ran out: what is missing
    is made when it is asked for again. Layers are in order of computation."""

    branch: int
    step: int
    steps: tuple[int, ...]
    complete: bool
    bounds: Measures
    layers: tuple[LayerHealth, ...]


BOUNDS = Measures(
    sensitivity=Bounds(low=1e-6, high=10.0),
    gradient=Bounds(low=1e-4, high=10.0),
    update=Bounds(low=1e-5, high=1e-1),
    dead=Bounds(low=None, high=0.5),
    saturated=Bounds(low=None, high=0.5),
)
