"""Every error, of every class that is loaded, is answered in the one shape."""

from __future__ import annotations

from string import Formatter
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.requests import Request
from starlette.testclient import TestClient

import app.main  # noqa: F401 - loads every error
from app.api import errors
from app.api.errors import ProblemDetails
from app.core.errors import GlassnetError, Problem, all_errors
from app.core.text import text

MEMBERS = {
    "type", "title", "status", "detail", "instance", "code", "params", "message", "problems",
}  # fmt: skip
NAMED = {
    *(400, 401, 403, 404, 405, 408, 409, 413, 414, 415, 421, 422, 426, 429, 431),
    *(500, 502, 503, 504, 507),
}


def example(kind: type[GlassnetError]) -> GlassnetError:
    """An error of this class with something in every place of its message."""
    names = {
        name
        for language in (kind.message.en, kind.message.zh)
        for _, name, _, _ in Formatter().parse(language)
        if name
    }
    error = kind.__new__(kind)
    params: dict[str, Any] = {name: f"<{name}>" for name in names}
    GlassnetError.__init__(error, **params)
    return error


@pytest.mark.parametrize("kind", all_errors(), ids=lambda kind: kind.__name__)
def test_shape(kind: type[GlassnetError]) -> None:
    answer = raise_in_a_route(example(kind))
    assert answer.status_code == kind.status
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert set(body) == MEMBERS
    details = ProblemDetails.model_validate(body)
    assert (details.code, details.status) == (kind.code, kind.status)
    assert details.instance == "/raise"
    assert details.detail == details.message.en
    assert "{" not in details.message.en + details.message.zh
    assert details.message.en != details.message.zh
    assert details.title
    assert details.type == f"urn:glassnet:problem:{kind.code}"


def test_codes_are_unique_and_statuses_known() -> None:
    codes = [kind.code for kind in all_errors()]
    assert len(codes) == len(set(codes))
    assert {kind.status for kind in all_errors()} <= NAMED


def test_detail_follows_the_reader() -> None:
    answer = raise_in_a_route(example(GlassnetError), {"accept-language": "zh-CN,zh;q=0.9"})
    assert answer.json()["detail"] == GlassnetError.message.zh


def test_an_unexpected_exception_tells_nothing_of_the_inside() -> None:
    answer = raise_in_a_route(RuntimeError("secret path /home/x"))
    assert answer.status_code == 500
    assert set(answer.json()) == MEMBERS
    assert "secret" not in answer.text


def test_single_problems_keep_place_and_repairs() -> None:
    problem = Problem(code="x", message=text("a", "b"), pointer="/model/nodes/1", params={"n": 1})
    error = GlassnetError(problems=(problem,))
    assert raise_in_a_route(error).json()["problems"][0]["pointer"] == "/model/nodes/1"


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/api/v1/nothing", 404, "no_such_address"),
        ("PATCH", "/api/v1/catalog", 405, "method_not_allowed"),
        ("GET", "/api/v1/runs?limit=0", 422, "invalid"),
        ("GET", "/api/v1/runs?limit=x", 422, "invalid"),
        ("GET", "/api/v1/runs/none", 404, "not_found"),
        ("GET", "/api/v1/datasets/none", 404, "not_found"),
        ("DELETE", "/api/v1/runs/none", 404, "not_found"),
        ("GET", "/static/../../pyproject.toml", 404, "no_such_address"),
        ("GET", "/static/.vite/manifest.json", 404, "no_such_address"),
    ],
)
def test_errors_of_routing(
    client: TestClient, method: str, path: str, status: int, code: str
) -> None:
    answer = client.request(method, path)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert set(answer.json()) == MEMBERS


def test_a_query_that_does_not_fit_is_placed(client: TestClient) -> None:
    (problem,) = client.get("/api/v1/runs?limit=0").json()["problems"]
    assert problem["pointer"] == "/query/limit"
    assert problem["message"] == {"en": "“limit” must be at least 1.", "zh": "“limit”不得小于 1。"}


def test_a_browser_gets_a_page(client: TestClient) -> None:
    answer = client.get("/zh/nothing", headers={"accept": "text/html"})
    assert answer.status_code == 404
    assert answer.headers["content-type"].startswith("text/html")
    assert "没有内容" in answer.text


def raise_in_a_route(error: Exception, headers: dict[str, str] | None = None) -> Any:
    """The answer of an application whose one route meets ``error``."""
    application = FastAPI()

    @application.get("/raise")
    async def _raise(request: Request) -> None:
        raise error

    errors.install(application, page=None)
    client = TestClient(application, raise_server_exceptions=False)
    return client.get("/raise", headers=headers)
