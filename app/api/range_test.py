"""The learning-rate range test of a run: start, look, cancel. It changes nothing of the run."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from app.api.bodies import documented, read
from app.api.context import Here
from app.api.document import READS_BODY, failures
from app.api.encode import as_written
from app.api.runs import RunId
from app.features.lr_range_test.schema import CANCEL, LOOK, START
from app.protocol.range_test import RangeTest

router = APIRouter(tags=["runs"])


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
async def start_range_test(run: RunId, request: Request, here: Here) -> Response:
    """Trains a copy of the run as it is now, with a learning rate that rises batch by batch, and
    suggests one, or says why it does not. A test that is still under way is given up for it."""
    _, body = await read(request, START.adapter)
    found = await here.runs.range_test(run, START, body)
    return as_written(found, 202, {"location": f"/api/v1/runs/{run}/range-test"})


@router.get(
    "/runs/{run}/range-test",
    response_model=RangeTest,
    responses=failures(404, 409, 503),
    summary="The newest test of learning rates",
)
async def get_range_test(run: RunId, here: Here) -> Response:
    """How far it is, and in the end what it found. It is kept as long as the run has its worker."""
    return as_written(await here.runs.range_test(run, LOOK))


@router.delete(
    "/runs/{run}/range-test",
    response_model=RangeTest,
    responses=failures(404, 409, 503),
    summary="Cancel the test of learning rates",
)
async def cancel_range_test(run: RunId, here: Here) -> Response:
    """Gives the copy up; what was measured stays to be seen. One that has ended stays as it is."""
    return as_written(await here.runs.range_test(run, CANCEL))
