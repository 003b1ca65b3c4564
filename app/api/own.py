"""Own data: files come in, are listed, described, renamed and removed."""

from __future__ import annotations

import asyncio
import re
from typing import Annotated, Any, Literal
from urllib.parse import quote

from fastapi import APIRouter, Depends, Path, Query
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter
from starlette.requests import Request
from starlette.responses import Response

from app.api.bodies import body, documented
from app.api.context import Here
from app.api.document import READS_BODY, failures
from app.api.encode import Json
from app.core.errors import Problem
from app.core.names import GivenName, Line, Name
from app.own.keep import LARGEST_SIDE, Delimiter, Form, Header
from app.own.library import OwnDetail, OwnInfo
from app.own.multipart import file_of
from app.own.uploads import Upload
from app.spec.base import Strict

router = APIRouter(tags=["own data"])


class UploadWanted(BaseModel):
    """What the user says of a file. ``size`` and ``colour`` are for pictures, ``header`` and
    ``delimiter`` for tables, where they are found by themselves unless one says better."""

    model_config = ConfigDict(extra="forbid")

    filename: str = Field("", max_length=200)
    name: Name = Field("", description="What to call it.")
    size: int = Field(28, ge=4, le=LARGEST_SIDE, description="Side that pictures are brought to.")
    colour: Literal["grey", "colour"] = Field("grey", description="Of pictures.")
    header: Header = Field("found", description="Whether the first row of a table names columns.")
    delimiter: Delimiter = Field("found", description="What separates the cells of a table.")
    form: Form = Field("found", description="Whether a file that is no zip is a table or a text.")


class UploadState(BaseModel):
    """An upload. ``progress`` is the share of it that has been read; ``digest`` names the data set in
    the end; ``error`` says why the file was refused."""

    id: str
    state: Literal["receiving", "reading", "done", "failed"]
    progress: float
    digest: str | None
    error: Problem | None


class OwnList(BaseModel):
    """Own data sets, the newest first."""

    sets: list[OwnInfo]


class OwnChange(Strict):
    """New texts; what is left out stays."""

    name: GivenName | None = None
    licence: Annotated[Line, Field(max_length=200)] | None = None
    source: Annotated[Line, Field(max_length=400)] | None = None


Digest = Annotated[str, Path(max_length=64, description="SHA-256 of the content.")]
UploadOptions = Annotated[UploadWanted, Query()]
ChangeBody = Annotated[OwnChange, Depends(body(TypeAdapter(OwnChange)))]
_BINARY = {"schema": {"type": "string", "format": "binary"}}
_FORM = {
    "schema": {"type": "object", "properties": {"file": _BINARY["schema"]}, "required": ["file"]}
}
_FILE = {
    "requestBody": {
        "required": True,
        "content": {
            "application/octet-stream": _BINARY,
            "text/csv": _BINARY,
            "application/zip": _BINARY,
            "multipart/form-data": _FORM,
        },
    }
}


@router.post(
    "/uploads",
    status_code=202,
    response_model=UploadState,
    responses=failures(408, 413, 422, 503, 507),
    summary="Upload data",
    openapi_extra=_FILE,
)
async def upload_data(request: Request, here: Here, wanted: UploadOptions) -> Json:
    """A CSV file, a text (``.txt``, ``.md`` or ``form=text``, UTF-8), or a zip with a folder of PNG or JPEG files for each class: the file itself as the
    body, or a form with the field ``file``. What it is follows from its content. It is stored as it
    comes and then read; ``GET /uploads/{upload}`` tells how far. The same content uploaded twice is
    one data set."""
    here.runs.watch.require_room()
    kind = request.headers.get("content-type", "")
    pieces, said = await file_of(kind, request.stream())
    given = re.split(r"[/\\]", wanted.filename or said)[-1][:200]
    options = {**wanted.model_dump(), "filename": given}
    upload = await here.uploads.receive(pieces, **options)
    location = {"location": f"/api/v1/uploads/{quote(upload.id)}"}
    return Json(_state(upload), 202, location)


@router.get(
    "/uploads/{upload}",
    response_model=UploadState,
    responses=failures(404),
    summary="How far an upload is",
)
async def get_upload(upload: Annotated[str, Path(max_length=32)], here: Here) -> Json:
    """Uploads are forgotten some time after they ended; the data sets are not."""
    return Json(_state(here.uploads.get(upload)))


@router.get("/own-data", response_model=OwnList, responses=failures(), summary="List own data")
async def list_own_data(here: Here) -> Json:
    """With the part of a spec that trains on each."""
    return Json({"sets": await asyncio.to_thread(here.library.list)})


@router.get(
    "/own-data/{digest}",
    response_model=OwnDetail,
    responses=failures(404),
    summary="One own data set",
)
async def get_own_data(digest: Digest, here: Here) -> Json:
    """Columns or classes, the first rows, and what did not fit when it was read."""
    return Json(await asyncio.to_thread(here.library.get, digest))


@router.patch(
    "/own-data/{digest}",
    response_model=OwnDetail,
    responses=failures(*READS_BODY, 404),
    summary="Name own data",
    openapi_extra=documented(
        "OwnChange", ("a name", {"name": "Flowers", "licence": "CC BY 4.0", "source": "my garden"})
    ),
)
async def change_own_data(digest: Digest, change: ChangeBody, here: Here) -> Json:
    """Name, licence and source are what their owner types; the content never changes."""
    texts: dict[str, Any] = change.model_dump(exclude_none=True)
    return Json(await asyncio.to_thread(lambda: here.library.change(digest, **texts)))


@router.delete(
    "/own-data/{digest}",
    status_code=204,
    response_class=Response,
    responses=failures(404, 409),
    summary="Delete own data",
)
async def delete_own_data(digest: Digest, here: Here) -> Response:
    """Refused while a run needs it."""
    await here.library.remove(digest, here.runs.mentioning)
    return Response(status_code=204)


def _state(upload: Upload) -> dict[str, Any]:
    return {
        "id": upload.id,
        "state": upload.state,
        "progress": upload.progress,
        "digest": upload.digest,
        "error": upload.error,
    }
