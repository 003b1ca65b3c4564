"""Runs: create, list, command, and what they left behind: events, curves, snapshots, tensors."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query
from pydantic import BaseModel, TypeAdapter
from starlette.responses import FileResponse, Response

from app.api.bodies import body, documented
from app.api.context import Here
from app.api.document import READS_BODY, SAFETENSORS, binary, failures
from app.api.encode import Json
from app.core.errors import NotFound
from app.core.text import text
from app.protocol.commands import AnyCommand
from app.protocol.events import StoredEvent
from app.protocol.runs import Applied, MetricsSeries, RunInfo, SnapshotInfo
from app.spec.presets import presets
from app.spec.run import RunSpec

router = APIRouter(tags=["runs"])


class RunPage(BaseModel):
    """Runs, the newest first; ``next`` is the cursor of the following page."""

    runs: list[RunInfo]
    next: str | None


class EventPage(BaseModel):
    """Events in order; ``last`` is the number of the newest stored event of the run."""

    events: list[StoredEvent]
    last: int


class SnapshotList(BaseModel):
    """The snapshots on disk, by branch and step."""

    snapshots: list[SnapshotInfo]


RunId = Annotated[str, Path(max_length=32, description="The run's id.")]
RunBody = Annotated[RunSpec, Depends(body(TypeAdapter(RunSpec)))]
CommandBody = Annotated[AnyCommand, Depends(body(TypeAdapter(AnyCommand)))]
COMMANDS = (
    ("play", {"type": "play"}),
    ("one batch", {"type": "step", "unit": "batch", "count": 1}),
    ("back to the start", {"type": "rewind", "step": 0}),
    ("another learning rate", {"type": "set_optimizer", "values": {"learning_rate": 0.01}}),
    ("label smoothing", {"type": "set_loss", "values": {"label_smoothing": 0.1}}),
)
LARGEST_STEP = 2**53


@router.post(
    "/runs",
    status_code=202,
    response_model=RunInfo,
    responses=failures(*READS_BODY, 409, 503, 507),
    summary="Create a run",
    openapi_extra=documented("RunSpec", *((one.id, one.spec) for one in presets()[:1])),
)
async def create_run(spec: RunBody, here: Here) -> Json:
    """Stores the run and starts its worker, paused at step 0 or waiting in the queue. Training
    begins with the command ``play`` or ``step``."""
    info = await here.runs.create(spec)
    return Json(info, 202, {"location": f"/api/v1/runs/{info.id}"})


@router.get("/runs", response_model=RunPage, responses=failures(422), summary="List runs")
async def list_runs(
    here: Here,
    cursor: Annotated[str | None, Query(max_length=64, description="``next`` of a page.")] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> Json:
    """The newest first, in pages."""
    found, following = await here.runs.list(cursor, limit)
    return Json({"runs": found, "next": following})


@router.get("/runs/{run}", response_model=RunInfo, responses=failures(404), summary="One run")
async def get_run(run: RunId, here: Here) -> Json:
    """Its spec, state, place and the settings in force."""
    return Json(await here.runs.get(run))


@router.delete(
    "/runs/{run}",
    status_code=204,
    response_class=Response,
    responses=failures(404, 409),
    summary="Delete a run",
)
async def delete_run(run: RunId, here: Here) -> Response:
    """Ends its worker and removes its events and snapshots for good."""
    await here.runs.delete(run)
    return Response(status_code=204)


@router.post(
    "/runs/{run}/commands",
    response_model=Applied,
    responses=failures(*READS_BODY, 404, 409, 503, 507),
    summary="Command a run",
    openapi_extra=documented("AnyCommand", *COMMANDS),
)
async def command_run(run: RunId, command: CommandBody, here: Here) -> Json:
    """Answers when the command has taken effect between two steps. An interrupted or parked run
    goes on from its last snapshot. Where no worker is there within four seconds, or the run waits in
    the queue, the answer is ``waiting``: the command is kept, also over a restart of the server."""
    return Json(await here.runs.command(run, command))


@router.get(
    "/runs/{run}/events",
    response_model=EventPage,
    responses=failures(404, 422),
    summary="Events of a run",
)
async def list_events(
    run: RunId,
    here: Here,
    after: Annotated[int, Query(ge=0, le=LARGEST_STEP)] = 0,
    limit: Annotated[int, Query(ge=1, le=2000)] = 500,
) -> Json:
    """Those after number ``after``; no number is missing but of metrics that newer ones replaced."""
    events = await here.runs.events(run, after, limit)
    last = (await here.runs.get(run)).last_seq
    return Json({"events": events, "last": last})


@router.get(
    "/runs/{run}/metrics",
    response_model=MetricsSeries,
    responses=failures(404, 422),
    summary="Curves of a run",
)
async def get_metrics(
    run: RunId,
    here: Here,
    branch: Annotated[int | None, Query(ge=0, le=LARGEST_STEP)] = None,
) -> Json:
    """Loss and accuracy from step 0 to the end of a branch, along the branches it came from."""
    return Json(await here.runs.metrics(run, branch))


@router.get(
    "/runs/{run}/snapshots",
    response_model=SnapshotList,
    responses=failures(404),
    summary="Snapshots of a run",
)
async def list_snapshots(run: RunId, here: Here) -> Json:
    """Steps that a rewind reaches at once; any other step is replayed from the one before."""
    return Json({"snapshots": await here.runs.snapshots(run)})


@router.get(
    "/runs/{run}/snapshots/{branch}/{step}",
    response_class=FileResponse,
    responses={**binary("The snapshot: parameters, buffers, optimiser state."), **failures(404)},
    summary="Download a snapshot",
)
async def download_snapshot(
    run: RunId,
    branch: Annotated[int, Path(ge=0, le=LARGEST_STEP)],
    step: Annotated[int, Path(ge=0, le=LARGEST_STEP)],
    here: Here,
) -> Response:
    """A safetensors file that PyTorch's users can load."""
    path = await here.runs.snapshot_file(run, branch, step)
    try:
        found = await asyncio.to_thread(path.stat)
    except OSError:
        raise NotFound(kind=text("snapshot", "快照"), name=f"{branch}-{step}") from None
    name = f"{run}-{path.name}"
    return FileResponse(path, media_type=SAFETENSORS, filename=name, stat_result=found)
