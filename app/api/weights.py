"""Files of weights that runs start from: sent once, named by their hash from then on."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path
from starlette.requests import Request

from app.api.context import Here
from app.api.document import SAFETENSORS, failures
from app.api.encode import Json
from app.api.refusals import NotTensorFile
from app.protocol.runs import WeightsInfo

router = APIRouter(tags=["weights"])
STREAMED = frozenset({"/api/v1/weights"})
"""Bodies that the guard leaves to their route."""
_KINDS = (SAFETENSORS, "application/octet-stream")
_BODY = {
    "requestBody": {
        "required": True,
        "description": "A safetensors file of at most 256 MiB.",
        "content": {kind: {"schema": {"type": "string", "format": "binary"}} for kind in _KINDS},
    }
}


@router.post(
    "/weights",
    status_code=201,
    response_model=WeightsInfo,
    responses=failures(408, 413, 415, 422, 503, 507),
    summary="Bring weights along",
    openapi_extra=_BODY,
)
async def add_weights(request: Request, here: Here) -> Json:
    """Keeps a safetensors file. A spec with its hash as ``weights`` starts from it: names and shapes
    must be those of the network, as ``GET /runs/{run}/tensors`` writes them."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in _KINDS:
        raise NotTensorFile(got=kind[:80])
    info = await here.runs.add_weights(request.stream())
    return Json(info, 201, {"location": f"/api/v1/weights/{info.sha256}"})


@router.get(
    "/weights/{sha256}",
    response_model=WeightsInfo,
    responses=failures(404, 422),
    summary="What a file of weights holds",
)
async def get_weights(sha256: Annotated[str, Path(pattern="^[0-9a-f]{64}$")], here: Here) -> Json:
    """Names, types and shapes of its tensors."""
    return Json(await here.runs.weights(sha256))
