"""Word vectors: the nearest words of a word, and the vectors laid flat."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.responses import Response

from app.api.bodies import body, documented
from app.api.context import Here
from app.api.document import READS_BODY, failures
from app.api.encode import as_written
from app.api.runs import RunId
from app.protocol.near import (
    NEIGHBOURS_WANTED,
    PROJECTION_WANTED,
    Neighbours,
    NeighboursWanted,
    Projection,
    ProjectionWanted,
)

router = APIRouter(tags=["word vectors"])

NeighboursBody = Annotated[NeighboursWanted, Depends(body(NEIGHBOURS_WANTED))]
ProjectionBody = Annotated[ProjectionWanted, Depends(body(PROJECTION_WANTED))]
REFUSALS = failures(*READS_BODY, 404, 409, 503)


@router.post(
    "/runs/{run}/neighbours",
    response_model=Neighbours,
    responses=REFUSALS,
    summary="Nearest words",
    openapi_extra=documented(
        "NeighboursWanted",
        ("of one word", {"plus": ["war"]}),
        ("a − b + c", {"plus": ["king", "woman"], "minus": ["man"], "count": 5}),
    ),
)
async def find_neighbours(run: RunId, wanted: NeighboursBody, here: Here) -> Response:
    """By the cosine between the vectors that an embedding layer has for them now, between two steps."""
    return as_written(await here.runs.answer(run, "neighbours", wanted))


@router.post(
    "/runs/{run}/projections",
    response_model=Projection,
    responses=REFUSALS,
    summary="Word vectors on a plane",
    openapi_extra=documented("ProjectionWanted", ("the hundred most frequent", {"count": 100})),
)
async def project(run: RunId, wanted: ProjectionBody, here: Here) -> Response:
    """The vectors of an embedding layer on the plane of their two principal components."""
    return as_written(await here.runs.answer(run, "projection", wanted))
