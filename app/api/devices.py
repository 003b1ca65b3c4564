"""The devices of this machine, and the runs that wait for a place on one."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import BaseModel

from app.api.context import Here
from app.api.document import failures
from app.api.encode import Json
from app.protocol.runs import QueuePlace
from app.runs.devices import Devices

router = APIRouter(tags=["devices"])


class Queue(BaseModel):
    """The runs that wait, by device and place."""

    queue: list[QueuePlace]


@router.get("/devices", response_model=Devices, responses=failures(409), summary="Devices")
async def list_devices(here: Here) -> Json:
    """What runs can be trained on."""
    return Json(await here.runs.devices())


@router.get("/queue", response_model=Queue, responses=failures(), summary="The queue")
async def list_queue(here: Here) -> Json:
    """Runs beyond the limit wait here and start by themselves."""
    return Json({"queue": here.runs.queue()})
