"""Runs: create, list, command, and what they left behind: events, curves, snapshots, tensors."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query
from pydantic import BaseModel, Field, TypeAdapter
from starlette.requests import Request
from starlette.responses import FileResponse, Response

from app.api.bodies import body, documented
from app.api.context import Here
from app.api.document import READS_BODY, SAFETENSORS, binary, failures
from app.api.encode import Json
from app.catalog.losses import Readout
from app.core.errors import NotFound
from app.core.numbers import Number
from app.core.text import text
from app.protocol.commands import AnyCommand
from app.protocol.events import StoredEvent
from app.protocol.runs import Applied, MetricsSeries, RunInfo, SnapshotInfo
from app.protocol.taps import AnySample, FixedSample
from app.protocol.warp import Sweep, SweepAnswer
from app.spec.base import Strict
from app.spec.presets import presets
from app.spec.run import RunSpec

router = APIRouter(tags=["runs"])


class PredictionWanted(Strict):
    """A sample of the run's data set, or the values of one."""

    sample: AnySample


class SweepWanted(Strict):
    """A picture of the run's data set, or the values of one, and how it is to be moved."""

    sample: FixedSample
    sweep: Sweep


class AugmentedWanted(Strict):
    """A sample, and for how many steps it is to be shown."""

    sample: AnySample
    count: int = Field(8, ge=1, le=64)


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


class StepPrediction(BaseModel):
    """The answer at one step of a sequence: the class, the right one where it is known, and the
    likeliest classes, each with its probability (or output, where ``readout`` is raw). Where an output
    is NaN there is no class, and no likeliest one."""

    label: int | None
    target: int | None
    top: list[tuple[int, Number]]


class Prediction(BaseModel):
    """What the network says of one sample, with its present weights, in evaluation mode. ``label`` is
    null for a regression, and where an output is NaN: then nothing is decided.

    A network that learns to give back its input answers with that: ``outputs`` in the input's order
    and the ``loss`` of this one sample, which is null otherwise. One that gives a class at every step
    of a sequence answers in ``steps``, up to the end of the sample; ``outputs`` is empty then.
    """

    step: int
    outputs: list[Number]
    probabilities: list[Number] | None
    label: int | None
    readout: Readout
    loss: Number | None
    steps: list[StepPrediction] | None


RunId = Annotated[str, Path(max_length=32, description="The run's id.")]
RunBody = Annotated[RunSpec, Depends(body(TypeAdapter(RunSpec)))]
CommandBody = Annotated[AnyCommand, Depends(body(TypeAdapter(AnyCommand)))]
PredictionBody = Annotated[PredictionWanted, Depends(body(TypeAdapter(PredictionWanted)))]
SweepBody = Annotated[SweepWanted, Depends(body(TypeAdapter(SweepWanted)))]
AugmentedBody = Annotated[AugmentedWanted, Depends(body(TypeAdapter(AugmentedWanted)))]
TURNED = {
    "sample": {"kind": "stored", "index": 0},
    "sweep": {"axis": "turn", "low": -30.0, "high": 30.0, "points": 61},
}
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


@router.post(
    "/runs/{run}/predictions",
    response_model=Prediction,
    responses=failures(*READS_BODY, 404, 409, 503, 507),
    summary="Predict one sample",
    openapi_extra=documented(
        "PredictionWanted", ("a validation sample", {"sample": {"kind": "stored", "index": 0}})
    ),
)
async def predict(run: RunId, wanted: PredictionBody, request: Request, here: Here) -> Response:
    """With ``Accept: application/vnd.safetensors`` the answer is a float32 frame of every node's
    activation instead."""
    prediction, frame = await here.runs.predict(run, wanted.sample)
    if SAFETENSORS in request.headers.get("accept", ""):
        return Response(frame, media_type=SAFETENSORS, headers={"cache-control": "no-store"})
    return Json(prediction)


@router.post(
    "/runs/{run}/sweeps",
    response_model=SweepAnswer,
    responses=failures(*READS_BODY, 404, 409, 503, 507),
    summary="Predict one sample along a movement",
    openapi_extra=documented("SweepWanted", ("turned from −30° to 30°", TURNED)),
)
async def sweep(run: RunId, wanted: SweepBody, here: Here) -> Json:
    """The answer for a picture that is turned, scaled, shifted, sheared or bent by each of up to 121
    amounts: one batch, so that a whole curve is one call."""
    wanted.sweep.require()
    return Json(await here.runs.sweep(run, wanted.sample, wanted.sweep))


@router.post(
    "/runs/{run}/augmented",
    response_class=Response,
    responses={**binary("inputs (count, …)"), **failures(*READS_BODY, 404, 409, 503, 507)},
    summary="One sample, augmented",
    openapi_extra=documented(
        "AugmentedWanted", ("eight steps", {"sample": {"kind": "stored", "index": 0}, "count": 8})
    ),
)
async def augment_sample(run: RunId, wanted: AugmentedBody, here: Here) -> Response:
    """The sample as it would enter each of the next steps of training, as a safetensors file."""
    content = await here.runs.augmented(run, wanted.sample, wanted.count)
    return Response(content, media_type=SAFETENSORS, headers={"cache-control": "no-store"})


@router.get(
    "/runs/{run}/tensors",
    response_class=Response,
    responses={**binary("Every parameter, named node.weight …"), **failures(404, 409, 503, 507)},
    summary="Present parameters",
)
async def get_tensors(run: RunId, here: Here) -> Response:
    """The parameters after the newest step, as a safetensors file."""
    content = await here.runs.tensors(run)
    return Response(content, media_type=SAFETENSORS, headers={"cache-control": "no-store"})
