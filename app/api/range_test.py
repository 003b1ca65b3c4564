"""The learning-rate range test of a run: start, look, cancel. It changes nothing of the run."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends

from app.api.bodies import body, documented
from app.api.context import Here
from app.api.document import READS_BODY, failures
from app.api.encode import Json
from app.api.runs import RunId
from app.protocol.range_test import RANGE_WANTED, RangeTest, RangeWanted

router = APIRouter(tags=["runs"])

WantedBody = Annotated[RangeWanted, Depends(body(RANGE_WANTED))]


@router.post(
    "/runs/{run}/range-test",
    status_code=202,
    response_model=RangeTest,
    responses=failures(*READS_BODY, 404, 409, 503),
    summary="Test learning rates",
    openapi_extra=documented(
        "RangeWanted", ("the usual range", {"low": 1e-5, "high": 10.0, "batches": 100})
    ),
)
async def start_range_test(run: RunId, wanted: WantedBody, here: Here) -> Json:
    """Trains a copy of the run as it is now, with a learning rate that rises batch by batch, and
    suggests one, or says why it does not. A test that is still under way is given up for it."""
    found = await here.runs.range_test(run, "range_start", wanted)
    return Json(found, 202, {"location": f"/api/v1/runs/{run}/range-test"})


@router.get(
    "/runs/{run}/range-test",
    response_model=RangeTest,
    responses=failures(404, 409, 503),
    summary="The newest test of learning rates",
)
async def get_range_test(run: RunId, here: Here) -> Json:
    """How far it is, and in the end what it found. It is kept as long as the run has its worker."""
    return Json(await here.runs.range_test(run, "range_look"))


@router.delete(
    "/runs/{run}/range-test",
    response_model=RangeTest,
    responses=failures(404, 409, 503),
    summary="Cancel the test of learning rates",
)
async def cancel_range_test(run: RunId, here: Here) -> Json:
    """Gives the copy up; what was measured stays to be seen. One that has ended stays as it is."""
    return Json(await here.runs.range_test(run, "range_cancel"))
