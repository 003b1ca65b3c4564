"""The lag experiment: how far back cells remember, and how much gradient arrives there."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path
from pydantic import BaseModel, TypeAdapter
from starlette.responses import Response

from app.api.bodies import body, documented
from app.api.context import Here
from app.api.document import READS_BODY, failures
from app.api.encode import Json
from app.core.errors import NotFound
from app.core.text import text
from app.protocol.lag import LagRecord
from app.spec.lag import Cell, LagSpec
from app.spec.run import RunSpec

router = APIRouter(tags=["lag experiments"])

ADDING = {"task": "adding", "cells": ["rnn", "lstm"], "lags": [50], "steps": 1575}
LagBody = Annotated[LagSpec, Depends(body(TypeAdapter(LagSpec)))]
LagId = Annotated[str, Path(max_length=32, description="The experiment's id.")]
_PAIR = text("cell and lag in this experiment", "单元与间隔组合")


class LagList(BaseModel):
    """Every experiment that is remembered, the newest first."""

    experiments: list[LagRecord]


@router.post(
    "/lag-experiments",
    status_code=202,
    response_model=LagRecord,
    responses=failures(*READS_BODY, 409, 507),
    summary="Let cells remember over lags",
    openapi_extra=documented(
        "LagSpec",
        ("four cells over five lags", {"task": "recall"}),
        ("the adding problem, plain RNN beside LSTM", ADDING),
    ),
)
async def create_lag_experiment(spec: LagBody, here: Here) -> Json:
    """Trains every cell over every lag, short ones first, and measures how much gradient arrives at
    the first step of time. One experiment at a time, in a process of its own, at most 600 s. The same
    spec is the same experiment: a finished one is answered at once, one that was stopped goes on."""
    record = await here.lags.begin(spec)
    return Json(record, 202, {"location": f"/api/v1/lag-experiments/{record.id}"})


@router.get(
    "/lag-experiments",
    response_model=LagList,
    responses=failures(),
    summary="List lag experiments",
)
async def list_lag_experiments(here: Here) -> Json:
    """Those that go on and those that have ended."""
    return Json({"experiments": here.lags.list()})


@router.get(
    "/lag-experiments/{experiment}",
    response_model=LagRecord,
    responses=failures(404),
    summary="One lag experiment",
)
async def get_lag_experiment(experiment: LagId, here: Here) -> Json:
    """How far it is and what it has found so far."""
    return Json(here.lags.get(experiment))


@router.delete(
    "/lag-experiments/{experiment}/training",
    response_model=LagRecord,
    responses=failures(404),
    summary="Stop a lag experiment",
)
async def stop_lag_experiment(experiment: LagId, here: Here) -> Json:
    """Ends its process; what has been found stays. One that has ended stays as it is."""
    return Json(await here.lags.halt(experiment))


@router.get(
    "/lag-experiments/{experiment}/runs/{lag}/{cell}",
    response_model=RunSpec,
    responses=failures(404, 422),
    summary="The run of one cell over one lag",
)
async def get_lag_run(
    experiment: LagId, lag: Annotated[int, Path(ge=0, le=10_000)], cell: Cell, here: Here
) -> Json:
    """The spec that was trained: a run of it makes the same steps."""
    spec = here.lags.get(experiment).spec
    if (lag, cell) not in set(spec.pairs()):
        raise NotFound(kind=_PAIR, name=f"{cell}, {lag}")
    return Json(spec.run(lag, cell))


@router.delete(
    "/lag-experiments/{experiment}",
    status_code=204,
    response_class=Response,
    responses=failures(404),
    summary="Forget a lag experiment",
)
async def delete_lag_experiment(experiment: LagId, here: Here) -> Response:
    """Ends its process if it still trains; what it found is forgotten."""
    await here.lags.delete(experiment)
    return Response(status_code=204)
