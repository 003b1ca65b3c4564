"""The presets: whole runs that are ready to be started."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import BaseModel

from app.api.document import failures
from app.api.encode import Json
from app.spec.presets import Preset, presets

router = APIRouter(tags=["presets"])


class Presets(BaseModel):
    """In the order in which they are offered; the first is what the page opens with."""

    presets: list[Preset]


@router.get("/presets", response_model=Presets, responses=failures(), summary="Runs to start from")
async def list_presets() -> Json:
    """Every preset with its title, what it shows, and the spec to post to ``/runs``."""
    return Json({"presets": presets()})
