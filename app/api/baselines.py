"""Baselines: rivals of a network on the same data, learnt in the background."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path
from pydantic import BaseModel, TypeAdapter
from starlette.responses import Response

from app.api.bodies import body, documented
from app.api.context import Here
from app.api.document import READS_BODY, failures
from app.api.encode import Json
from app.core.errors import DataMissing
from app.core.text import text
from app.protocol.baselines import BaselineRecord
from app.spec.baseline import BaselineSpec

router = APIRouter(tags=["baselines"])

EXAMPLE = {"dataset": {"type": "digits28"}, "baseline": {"type": "linear_svm"}}
FETCH = text("download it first.", "请先下载。")
BaselineBody = Annotated[BaselineSpec, Depends(body(TypeAdapter(BaselineSpec)))]
BaselineId = Annotated[str, Path(max_length=32, description="The job's id.")]


class BaselineList(BaseModel):
    """Every job that is remembered, the newest first."""

    baselines: list[BaselineRecord]


@router.post(
    "/baselines",
    status_code=202,
    response_model=BaselineRecord,
    responses=failures(*READS_BODY, 409, 507),
    summary="Let a baseline learn",
    openapi_extra=documented("BaselineSpec", ("a linear SVM on digits", EXAMPLE)),
)
async def create_baseline(spec: BaselineBody, here: Here) -> Json:
    """Learns the training samples that a run with this data set learns from and is judged by the
    same validation samples; pictures are laid flat. One job at a time, in a process of its own, at
    most 180 s. The same spec is the same job: a finished one is answered at once."""
    spec.require()
    if not spec.dataset.available(here.fetches.root):
        raise DataMissing(
            pointer="/dataset",
            name=spec.dataset.TITLE.en,
            name_zh=spec.dataset.TITLE.zh,
            repair=FETCH.en,
            repair_zh=FETCH.zh,
        )
    record = await here.baselines.begin(spec)
    return Json(record, 202, {"location": f"/api/v1/baselines/{record.id}"})


@router.get(
    "/baselines", response_model=BaselineList, responses=failures(), summary="List baselines"
)
async def list_baselines(here: Here) -> Json:
    """Those that go on and those that have ended."""
    return Json({"baselines": here.baselines.list()})


@router.get(
    "/baselines/{baseline}",
    response_model=BaselineRecord,
    responses=failures(404),
    summary="One baseline",
)
async def get_baseline(baseline: BaselineId, here: Here) -> Json:
    """Its state, and its result once it is finished."""
    return Json(here.baselines.get(baseline))


@router.delete(
    "/baselines/{baseline}",
    status_code=204,
    response_class=Response,
    responses=failures(404),
    summary="Cancel or forget a baseline",
)
async def delete_baseline(baseline: BaselineId, here: Here) -> Response:
    """Ends its process if it still learns; its result is forgotten."""
    await here.baselines.delete(baseline)
    return Response(status_code=204)
