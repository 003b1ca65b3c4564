"""Health of the derivatives over time: the question and its answer."""

from __future__ import annotations

from app.features._base import Question
from app.protocol.health import DerivativeHealth, HealthWanted

HEALTH = Question(
    name="health",
    asks=HealthWanted,
    answer=DerivativeHealth,
    route="health",
    tag="microscope",
    summary="Health of the derivatives over time",
    about="""
    Per layer, at steps spread over the run: the norms of ∂E/∂x and ∂E/∂W, the update relative
    to the weights, the shares of dead units and of saturated cells, with the bounds of what is
    healthy. Looked at from snapshots when it is asked for, so that training pays nothing; ask again
    where ``complete`` is false.
    """,
    examples=(("as the page asks", {}), ("coarser", {"points": 8})),
)
