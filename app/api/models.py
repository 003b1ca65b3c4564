"""Networks that are being edited: shapes, counts and problems by closed forms."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import BaseModel, TypeAdapter

from app.api.bodies import body, documented
from app.api.context import Here
from app.api.document import READS_BODY, failures
from app.api.encode import Json
from app.spec.aside import checked
from app.spec.base import Strict
from app.spec.model import AnyModel
from app.spec.presets import presets
from app.spec.report import Report
from app.spec.run import RunSpec
from app.spec.training import TrainingSpec

router = APIRouter(tags=["models"])


class ModelCheck(Strict):
    """A network and what it is to be trained on."""

    model: AnyModel
    training: TrainingSpec


EXAMPLE = {
    "model": [
        {"type": "conv2d", "filters": 6, "kernel": 5, "padding": 2},
        {"type": "tanh"},
        {"type": "flatten"},
        {"type": "dense", "units": 10},
    ],
    "training": {"dataset": {"type": "digits28"}},
}
CheckBody = Annotated[ModelCheck, Depends(body(TypeAdapter(ModelCheck)))]


@router.post(
    "/models:check",
    response_model=Report,
    responses=failures(*READS_BODY),
    summary="Check a network",
    openapi_extra=documented("ModelCheck", ("a small network", EXAMPLE)),
)
async def check_model(request: CheckBody) -> Json:
    """Shapes, parameter counts and problems of every layer. A network that cannot be built is
    answered with 200 too: its good part is described and its problems carry repairs."""
    return Json(await checked(request.model, request.training))


class SpecReport(BaseModel):
    """A spec that was understood, with every default written out, and what its check says."""

    spec: RunSpec
    report: Report


SpecBody = Annotated[RunSpec, Depends(body(TypeAdapter(RunSpec)))]


@router.post(
    "/specs:check",
    response_model=SpecReport,
    responses=failures(*READS_BODY, 404),
    summary="Check a whole spec",
    openapi_extra=documented("RunSpec", *((one.id, one.spec) for one in presets()[:1])),
)
async def check_spec(spec: SpecBody, here: Here) -> Json:
    """For a spec that comes from a file or a link: what ``POST /runs`` would take, in full. Nothing
    is created; a network that cannot be built is answered with 200, its report says why. Weights
    that it names must be here and fit: 422 lists every misfit."""
    report = await checked(spec.model, spec.training)
    await here.runs.require_weights(spec, report)
    return Json({"spec": spec, "report": report})
