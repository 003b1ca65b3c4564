"""Why an answer is what it is: attributions of a prediction."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends
from pydantic import BaseModel
from starlette.responses import Response

from app.api.bodies import body, documented
from app.api.context import Here
from app.api.document import READS_BODY, SAFETENSORS, binary, failures
from app.api.encode import Json
from app.api.runs import RunId
from app.catalog.attributions import ATTRIBUTIONS
from app.core.text import Text
from app.protocol.attribution import (
    ATTRIBUTION_WANTED,
    AttributionWanted,
)

router = APIRouter(tags=["attribution"])

AttributionBody = Annotated[AttributionWanted, Depends(body(ATTRIBUTION_WANTED))]
REFUSALS = failures(*READS_BODY, 404, 409, 503)
METHODS: tuple[tuple[str, Any], ...] = tuple(
    (part.TITLE.en, {"method": part.EXAMPLES[0]}) for part in ATTRIBUTIONS.parts.values()
)


class MethodInfo(BaseModel):
    """One method of attribution."""

    type: str
    title: Text
    summary: Text
    formula: str


class MethodList(BaseModel):
    """All of them."""

    methods: list[MethodInfo]


@router.get(
    "/attributions",
    response_model=MethodList,
    responses=failures(),
    summary="Methods of attribution",
)
async def list_methods() -> Json:
    """Which methods there are; their fields are those of ``AttributionWanted`` in this document."""
    methods = [
        MethodInfo(
            type=part.kind(),
            title=part.TITLE,
            summary=part.SUMMARY,
            formula=part.FORMULA.forward if part.FORMULA else "",
        )
        for part in ATTRIBUTIONS.parts.values()
    ]
    return Json({"methods": methods})


@router.post(
    "/runs/{run}/attributions",
    response_class=Response,
    responses={**binary("attribution and input (*shape), outputs (K,), coarse"), **REFUSALS},
    summary="Attribute a prediction",
    openapi_extra=documented("AttributionWanted", *METHODS),
)
async def attribute(run: RunId, wanted: AttributionBody, here: Here) -> Response:
    """A number for every input: how much the answer for a sample rests on it, by Captum, in float64,
    in a process of its own. The metadata tell method, ``target``, ``score``, whether the numbers are
    ``signed``, and for integrated gradients ``baseline_score`` and ``completeness_delta``."""
    content = await here.runs.attribution(run, wanted)
    return Response(content, media_type=SAFETENSORS, headers={"cache-control": "no-store"})
