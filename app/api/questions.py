"""Makes the routes of all questions to a run from what their features declare."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from app.api.bodies import documented, read
from app.api.context import Here
from app.api.document import READS_BODY, SAFETENSORS, Responses, binary, failures
from app.api.encode import as_written
from app.api.runs import RunId
from app.features._base import Question
from app.features.registry import questions

router = APIRouter()


def _endpoint(question: Question[Any]) -> Callable[..., Awaitable[Response]]:
    async def ask(run: RunId, request: Request, here: Here) -> Response:
        body = b""
        if question.method == "POST":
            wanted, body = await read(request, question.adapter)
            if question.check is not None:
                question.check(wanted)
        file = _wants_file(question, request)
        content = await here.runs.ask(run, question, body, file=file)
        if not file:
            return as_written(content)
        return Response(content, media_type=SAFETENSORS, headers={"cache-control": "no-store"})

    return ask


def _wants_file(question: Question[Any], request: Request) -> bool:
    if question.file is None or question.answer is None:
        return question.file is not None
    return SAFETENSORS in request.headers.get("accept", "")


def _responses(question: Question[Any]) -> Responses:
    reads = READS_BODY if question.method == "POST" else ()
    refusals = failures(*reads, 404, 409, 503, *question.errors)
    if question.file is None or question.answer is not None:
        return refusals
    return {**binary(question.file), **refusals}


def _add(question: Question[Any]) -> None:
    """A route that tells of itself what the question says of itself."""
    posted = question.method == "POST"
    said = documented(question.asks.__name__, *question.examples) if posted else None
    answer: dict[str, Any] = (
        {"response_class": Response}
        if question.answer is None
        else {"response_model": question.answer}
    )
    router.add_api_route(
        f"/runs/{{run}}/{question.route}",
        _endpoint(question),
        methods=[question.method],
        name=question.name,
        tags=[question.tag],
        summary=question.summary,
        description=question.description,
        responses=_responses(question),
        openapi_extra=said,
        **answer,
    )


for _question in questions().values():
    if _question.route is not None:
        _add(_question)
