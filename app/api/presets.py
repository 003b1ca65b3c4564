"""The presets: whole runs that are ready to be started."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import BaseModel

from app.api.document import failures
from app.api.encode import Json
from app.spec.presets import Group, Preset, groups, presets

router = APIRouter(tags=["presets"])


class Presets(BaseModel):
    """In the order in which they are offered; the first is what the page opens with.

    ``groups`` are the headings they stand under, each preset under the one it names.
    """

    groups: list[Group]
    presets: list[Preset]


@router.get("/presets", response_model=Presets, responses=failures(), summary="Runs to start from")
async def list_presets() -> Json:
    """Every preset with its title, what it shows, what it reaches, and the spec to post to ``/runs``."""
    return Json({"groups": groups(), "presets": presets()})
