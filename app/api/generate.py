"""A run that writes: ``POST /runs/{run}/generate``."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.responses import Response

from app.api.bodies import body, documented
from app.api.context import Here
from app.api.document import READS_BODY, failures
from app.api.encode import as_written
from app.api.runs import RunId
from app.protocol.generate import GENERATE_WANTED, Generated, GenerateWanted

router = APIRouter(tags=["runs"])

WantedBody = Annotated[GenerateWanted, Depends(body(GENERATE_WANTED))]


@router.post(
    "/runs/{run}/generate",
    response_model=Generated,
    responses=failures(*READS_BODY, 404, 409, 503),
    summary="Continue a text",
    openapi_extra=documented(
        "GenerateWanted",
        ("a hundred characters", {"prompt": "Two households", "length": 100, "temperature": 0.8}),
    ),
)
async def generate(run: RunId, wanted: WantedBody, here: Here) -> Response:
    """The network of a run on next tokens writes on, with its present weights, between two steps of
    training. What it remembers is carried from token to token, so that any length is fast."""
    return as_written(await here.runs.answer(run, "generate", wanted))
