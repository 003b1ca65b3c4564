"""Whether the process lives, and whether it can serve."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import BaseModel
from starlette.requests import Request

from app.api.document import failures
from app.api.encode import Json

router = APIRouter(tags=["health"])


class Health(BaseModel):
    """``ready``: the store is open and runs can be created."""

    alive: bool
    ready: bool
    version: str


@router.get("/livez", response_model=Health, responses=failures(), summary="The process answers")
async def get_liveness(request: Request) -> Json:
    """200 as long as the server answers at all."""
    return _health(request)


@router.get(
    "/readyz", response_model=Health, responses=failures(503), summary="The server can serve"
)
async def get_readiness(request: Request) -> Json:
    """200 once the store is open, 503 before and while the server shuts down."""
    return _health(request, 200 if request.app.state.ready else 503)


def _health(request: Request, status: int = 200) -> Json:
    state = {"alive": True, "ready": request.app.state.ready, "version": request.app.version}
    return Json(state, status)
