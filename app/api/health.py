"""Whether the process lives, and whether it can serve."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel
from starlette.requests import Request

from app.api.document import failures
from app.api.encode import Json
from app.core.text import Text

router = APIRouter(tags=["health"])


class Health(BaseModel):
    """``ready``: the store is open and runs can be created; ``reason`` says why not where that lasts."""

    alive: bool
    ready: bool
    version: str
    reason: Text | None = None


@router.get("/livez", response_model=Health, responses=failures(), summary="The process answers")
async def get_liveness(request: Request) -> Json:
    """200 as long as the server answers at all."""
    return Json(_state(request))


@router.get(
    "/readyz", response_model=Health, responses=failures(503), summary="The server can serve"
)
async def get_readiness(request: Request) -> Json:
    """200 once the store is open; 503 before, while the server shuts down, and as long as the disk is
    full or the data folder gone."""
    state = _state(request)
    return Json(state, 200 if state["ready"] else 503)


def _state(request: Request) -> dict[str, Any]:
    state = request.app.state
    trouble = state.context.runs.watch.trouble if state.ready else None
    return {
        "alive": True,
        "ready": state.ready and trouble is None,
        "version": request.app.version,
        "reason": None if trouble is None else trouble.text,
    }
