"""The guard: who is answered, what is refused before it is read, and the headers on everything."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient, WebSocketDenialResponse
from starlette.types import Message

from app.api.guard import SECURITY_HEADERS
from tests.support import BASE_URL

CHECK = "/api/v1/models:check"
STREAM = "ws://127.0.0.1:8000/api/v1/stream"
JSON = {"content-type": "application/json"}
GOOD = {
    "model": [{"type": "flatten"}, {"type": "dense", "units": 10}],
    "training": {"dataset": {"type": "digits28"}},
}
ADDRESSES = ("/livez", "/", "/en/", "/api/v1/catalog", "/nothing", "/static/nothing", "/docs")


@pytest.mark.parametrize(
    "host", ["127.0.0.1:8000", "localhost:8000", "LOCALHOST:8000", "[::1]:8000"]
)
def test_own_hosts_are_answered(client: TestClient, host: str) -> None:
    assert client.get("/livez", headers={"host": host}).status_code == 200


@pytest.mark.parametrize(
    "host",
    ["evil.example", "127.0.0.1", "127.0.0.1:80", "localhost:8000.evil.example", "", "a\u00e9"],
)
def test_foreign_hosts_are_misdirected(client: TestClient, host: str) -> None:
    answer = client.get("/livez", headers={b"host": host.encode("latin-1")})
    assert answer.status_code == 421
    assert answer.json()["code"] == "foreign_host"


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", "http://localhost:8000", "http://127.0.0.1:80"]
)
def test_foreign_origins_may_not_change_anything(client: TestClient, origin: str) -> None:
    refused = client.post(CHECK, json=GOOD, headers={"origin": origin})
    assert refused.status_code == 403
    assert refused.json()["code"] == "foreign_origin"
    assert client.get("/api/v1/presets", headers={"origin": origin}).status_code == 200


@pytest.mark.parametrize(
    "headers", [{}, {"origin": BASE_URL}, {"origin": "https://127.0.0.1:8000"}]
)
def test_own_pages_and_programs_may(client: TestClient, headers: dict[str, str]) -> None:
    assert client.post(CHECK, json=GOOD, headers=headers).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        [("origin", "http://evil.example"), ("origin", BASE_URL)],
        [("origin", BASE_URL), ("origin", "http://evil.example")],
        [("origin", BASE_URL), ("origin", BASE_URL)],
        [("origin", "")],
        [("origin", f"{BASE_URL}, {BASE_URL}")],
        [("sec-fetch-site", "cross-site")],
        [("sec-fetch-site", "same-site")],
        [("sec-fetch-site", "Cross-Site")],
        [("sec-fetch-site", "anything")],
        [("sec-fetch-site", "cross-site"), ("origin", BASE_URL)],
    ],
)
def test_what_may_be_of_a_foreign_page_changes_nothing(
    client: TestClient, headers: list[tuple[str, str]]
) -> None:
    for method, path in (
        ("POST", CHECK),
        ("DELETE", "/api/v1/runs/x"),
        ("PATCH", "/api/v1/runs/x"),
    ):
        refused = client.request(method, path, headers=headers)
        assert refused.status_code == 403
        assert refused.json()["code"] in ("foreign_origin", "foreign_site")
    assert client.get("/api/v1/presets", headers=headers).status_code == 200


@pytest.mark.parametrize("site", ["same-origin", "none", "SAME-ORIGIN"])
def test_the_browsers_word_for_our_own_pages_is_taken(client: TestClient, site: str) -> None:
    assert client.post(CHECK, json=GOOD, headers={"sec-fetch-site": site}).status_code == 200


@pytest.mark.parametrize(
    ("name", "values", "status"),
    [
        ("host", ("127.0.0.1:8000", "127.0.0.1:8000"), 421),
        ("host", ("127.0.0.1:8000", "evil.example"), 421),
        ("authorization", ("Bearer a", "Bearer b"), 400),
        ("content-type", ("application/json", "text/plain"), 400),
        ("content-type", ("text/plain", "application/json"), 400),
        ("content-length", ("2", "20"), 400),
        ("sec-fetch-site", ("same-origin", "cross-site"), 400),
    ],
)
def test_headers_that_two_would_read_differently_stand_once(
    application: FastAPI, name: str, values: tuple[str, str], status: int
) -> None:
    given = [(name.encode(), value.encode()) for value in values]
    _, answer = _send(application, [b"{}"], {}, given)
    assert answer["status"] == status
    assert answer["body"]["code"] in ("header_repeated", "foreign_host")


@pytest.mark.parametrize(
    "kind",
    ["APPLICATION/JSON", "Application/Json; charset=utf-8", "application/problem+JSON;a=b",
     "application/json;charset=UTF-8", " application/json\t; x=y"],
)  # fmt: skip
def test_json_by_any_name_is_looked_at_for_depth(client: TestClient, kind: str) -> None:
    answer = client.post(CHECK, content="[" * 100_000, headers={"content-type": kind})
    assert (answer.status_code, answer.json()["code"]) == (400, "json_too_deep")
    plain = client.post(CHECK, content=json.dumps(GOOD), headers={"content-type": kind})
    assert plain.status_code == 200


@pytest.mark.parametrize("origin", ["https://evil.example", "null"])
def test_foreign_pages_get_no_socket(client: TestClient, origin: str) -> None:
    with (
        pytest.raises(WebSocketDenialResponse) as refused,
        client.websocket_connect(STREAM, headers={"origin": origin}),
    ):
        pass
    assert refused.value.status_code == 403
    assert refused.value.json()["code"] == "foreign_origin"


@pytest.mark.parametrize("address", ADDRESSES)
def test_security_headers_are_on_every_answer(client: TestClient, address: str) -> None:
    for headers in ({}, {"host": "evil.example"}):
        answer = client.get(address, headers=headers)
        for name, value in SECURITY_HEADERS:
            assert answer.headers[name.decode()] == value.decode()
        assert not [name for name in answer.headers if name.startswith("access-control")]


def test_the_policy_allows_no_inline_code() -> None:
    policy = dict(SECURITY_HEADERS)[b"content-security-policy"]
    assert policy.startswith(b"default-src 'none'")
    assert b"unsafe" not in policy
    assert b"http" not in policy


def test_a_large_body_is_refused_by_its_announcement(application: FastAPI) -> None:
    reads, answer = _send(application, [b"x"] * 60, {"content-length": str(60 * 2**20)})
    assert (reads, answer["status"]) == (0, 413)


def test_a_large_body_without_announcement_is_not_read_to_its_end(application: FastAPI) -> None:
    reads, answer = _send(application, [b" " * 2**20] * 60, {})
    assert answer["status"] == 413
    assert answer["body"]["code"] == "body_too_large"
    assert reads == 2


@pytest.mark.parametrize("length", ["-1", "1e9", "9" * 30])
def test_odd_announcements_do_no_harm(application: FastAPI, length: str) -> None:
    _, answer = _send(application, [b"{}"], {"content-length": length})
    assert answer["status"] in (413, 422)


@pytest.mark.parametrize("opening", ["[", '{"a":', '{"model":[{"type":"dense","init":'])
def test_deep_json_is_refused(client: TestClient, opening: str) -> None:
    answer = client.post(CHECK, content=opening * 500, headers=JSON)
    assert answer.status_code == 400
    assert answer.json()["code"] == "json_too_deep"


def test_brackets_inside_strings_are_no_depth(client: TestClient) -> None:
    answer = client.post(CHECK, content=json.dumps({"a": "[{" * 500 + '\\"'}), headers=JSON)
    assert answer.status_code == 422


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999", "-1e999"])
@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ('{"model": [{"type": "dense", "units": %s}]}', "/model/0/units"),
        ('{"model": [{"type": "dropout", "rate": %s}]}', "/model/0/rate"),
        (
            (
                '{"training": {"dataset": {"type": "digits28"}, "phases":'
                ' [{"optimizer": {"type": "sgd", "learning_rate": %s}}]}}'
            ),
            "/training/phases/0/optimizer/learning_rate",
        ),
    ],
)
def test_non_finite_numbers_are_refused_with_their_place(
    client: TestClient, body: str, pointer: str, number: str
) -> None:
    answer = client.post(CHECK, content=body % number, headers=JSON)
    assert answer.status_code == 422
    found = {problem["pointer"]: problem["code"] for problem in answer.json()["problems"]}
    assert found[pointer] == "not_finite"


def test_an_unknown_layer_names_the_known(client: TestClient) -> None:
    body = {**GOOD, "model": [{"type": "conv7d"}]}
    problem = client.post(CHECK, json=body).json()["problems"][0]
    assert problem["pointer"] == "/model/0"
    assert "conv7d" in problem["message"]["zh"]
    assert "conv2d" in problem["message"]["en"]


def test_a_huge_layer_is_refused_before_anything_is_allocated(client: TestClient) -> None:
    layers = [{"type": "flatten"}, *[{"type": "dense", "units": 4096}] * 60]
    body = {**GOOD, "model": layers}
    checked = client.post(CHECK, json=body)
    assert checked.status_code == 200
    assert "too_many_parameters" in {problem["code"] for problem in checked.json()["problems"]}
    created = client.post("/api/v1/runs", json=body)
    assert created.status_code == 422
    assert created.json()["code"] == "spec_broken"


def test_a_body_must_say_that_it_is_json(client: TestClient) -> None:
    answer = client.post(CHECK, content=json.dumps(GOOD), headers={"content-type": "text/plain"})
    assert answer.status_code == 415


def _send(
    application: FastAPI,
    parts: list[bytes],
    headers: dict[str, str],
    instead: list[tuple[bytes, bytes]] | None = None,
) -> tuple[int, dict[str, Any]]:
    """Post parts of a body to the application itself: reads before its answer, and the answer."""
    waiting: Iterator[bytes] = iter(parts)
    reads: list[int] = []
    sent: list[tuple[Message, int]] = []

    async def receive() -> Message:
        part = next(waiting, None)
        reads.append(len(part or b""))
        return {"type": "http.request", "body": part or b"", "more_body": part is not None}

    async def send(message: Message) -> None:
        sent.append((message, len(reads)))

    scope = _scope(headers)
    if instead:  # of the header that has this name
        kept = [pair for pair in scope["headers"] if pair[0] != instead[0][0]]
        scope["headers"] = [*kept, *instead]
    asyncio.run(application(scope, receive, send))
    body = b"".join(message.get("body", b"") for message, _ in sent[1:])
    return sent[0][1], {"status": sent[0][0]["status"], "body": json.loads(body)}


def _scope(headers: dict[str, str]) -> dict[str, Any]:
    given = {"host": "127.0.0.1:8000", "content-type": "application/json", **headers}
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": CHECK,
        "raw_path": CHECK.encode(),
        "query_string": b"",
        "headers": [(name.encode(), value.encode()) for name, value in given.items()],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 8000),
        "extensions": {},
    }
