"""A small run for every part of the catalogue, to be opened by one click."""

from __future__ import annotations

from fastapi import APIRouter

from app.api.catalog import part_named
from app.api.document import failures
from app.api.encode import Json
from app.core.errors import NotFound
from app.core.text import text
from app.spec.examples import Example, example

router = APIRouter(tags=["catalog"])


@router.get(
    "/examples/{family}/{kind}",
    response_model=Example,
    responses=failures(404),
    summary="A run that shows a part",
)
async def get_example(family: str, kind: str) -> Json:
    """A network, data and training in which the part does its work, ready for ``POST /runs``."""
    found = example(part_named(family, kind))
    if found is None:
        raise NotFound(kind=text("example", "示例"), name=f"{family}/{kind}"[:120])
    return Json(found)
