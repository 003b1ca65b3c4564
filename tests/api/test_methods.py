"""HEAD, OPTIONS and what is not possible: every route has them, by the rules of HTTP."""

from __future__ import annotations

import re

import pytest
from starlette.testclient import TestClient

from tests.document import served_document
from tests.support import BASE_URL

PATHS = served_document()["paths"]
GONE = "0" * 32
PAGES = (
    "/", "/docs", "/en", "/en/", "/zh/", "/zh/runs", "/en/reference", "/en/reference/layers/dense",
    "/zh/lab/kernels", "/api/v1/openapi.json", "/static/icon.svg", "/static/assets/main-1.js", "/en/login",
)  # fmt: skip
READABLE = [
    path for path, methods in PATHS.items() if "get" in methods and path != "/api/v1/stream"
]


def address(path: str) -> str:
    """The path with something in every place: for most there is no such thing."""
    filled = path.replace("{kind}", "digits28").replace("{branch}", "0").replace("{step}", "0")
    filled = filled.replace("{family}", "layers").replace("{part}", "dense")
    return re.sub(r"\{\w+\}", GONE, filled)


@pytest.mark.parametrize("path", [*PAGES, *READABLE, "/en/reference/layers/none", "/nothing"])
@pytest.mark.parametrize("accept", ["application/json", "text/html"])
def test_head_is_get_without_its_body(client: TestClient, path: str, accept: str) -> None:
    headers = {"accept": accept, "accept-encoding": "gzip"}
    got = client.get(address(path), headers=headers)
    head = client.head(address(path), headers=headers)
    assert head.status_code == got.status_code
    assert head.content == b""
    assert {**head.headers, "date": ""} == {**got.headers, "date": ""}


@pytest.mark.parametrize("path", [path for path in PATHS if path != "/api/v1/stream"])
def test_options_and_405_name_what_is_possible(client: TestClient, path: str) -> None:
    asked = client.options(address(path))
    documented = {method.upper() for method in PATHS[path]}
    expected = documented | {"OPTIONS"} | ({"HEAD"} if "GET" in documented else set())
    assert asked.status_code == 204
    assert set(asked.headers["allow"].split(", ")) == expected
    for method in {"GET", "POST", "PUT", "PATCH", "DELETE", "TRACE", "MADE-UP"} - documented:
        refused = client.request(method, address(path))
        assert refused.status_code == 405
        assert refused.headers["allow"] == asked.headers["allow"]
        assert refused.headers["content-type"] == "application/problem+json"
        assert refused.json()["code"] == "method_not_allowed"


@pytest.mark.parametrize("path", PAGES)
def test_pages_and_files_too(client: TestClient, path: str) -> None:
    allow = client.options(path).headers["allow"]
    assert allow.startswith("GET, HEAD")
    refused = client.delete(path)
    assert (refused.status_code, refused.headers["allow"]) == (405, allow)


@pytest.mark.parametrize(
    "path", ["/nothing", "/api/v1/nothing", "/fr/", "/enx", "/en/x", "/zh/reference/a/b/c"]
)
@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "POST", "DELETE", "TRACE"])
def test_where_nothing_is_nothing_is_possible(client: TestClient, path: str, method: str) -> None:
    answer = client.request(method, path)
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_preflight_of_another_page_is_granted_nothing(client: TestClient) -> None:
    asked = {"origin": "http://evil.example", "access-control-request-method": "POST"}
    answer = client.options("/api/v1/runs", headers=asked)
    assert not [name for name in answer.headers if name.startswith("access-control")]


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("text/html", "text/html; charset=utf-8"),
        ("TEXT/HTML;level=1;q=0.5, */*;q=0.1", "text/html; charset=utf-8"),
        ("application/xhtml+xml,text/html", "text/html; charset=utf-8"),
        ("text/html;q=0, application/json", "application/problem+json"),
        ("text/html ; Q=0.000", "application/problem+json"),
        ("*/*", "application/problem+json"),
        ("text/htmlx", "application/problem+json"),
    ],
)
def test_errors_of_pages_come_as_they_are_accepted(
    client: TestClient, accept: str, kind: str
) -> None:
    answer = client.get("/en/nothing", headers={"accept": accept})
    assert answer.headers["content-type"] == kind
    assert "accept" in answer.headers["vary"]
    api = client.get("/api/v1/nothing", headers={"accept": accept})
    assert api.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("path", ["/", "/docs", "/api/v1/nothing", "/nothing", "/static/nothing"])
def test_what_depends_on_the_language_says_so(client: TestClient, path: str) -> None:
    vary = client.get(path, headers={"accept": "text/html"}).headers["vary"].lower()
    assert "accept-language" in vary
    assert "cookie" in vary


NAMES = [
    "a" * 255, "a" * 256, "a" * 300, "é" * 200, "a/" * 2000, "icon.svg/", "icon.svg/x", "assets", "",
    "%00", "a%00b", "%ff%fe", "%ed%b2%80", "assets/%2e%2e/%2e%2e/x", ".vite/manifest.json", "%0a",
    "assets%2fmain-1.js%00", "\\..\\x", "~root", "con", "a" * 5000,
]  # fmt: skip


@pytest.mark.parametrize("name", NAMES, ids=[name[:20] or "empty" for name in NAMES])
def test_odd_names_of_files_are_not_found(client: TestClient, name: str) -> None:
    for prefix in ("/static/", "/static/assets/", "/static//"):
        assert client.get(f"{BASE_URL}{prefix}{name}").status_code == 404


NAMED = [path for path in PATHS if "{" in path]
ODD = [
    "a" * 300,
    "%00",
    "%ff",
    "%ed%b2%80",
    "..",
    "%2e%2e%2f%2e%2e%2fx",
    "%F0%9F%98%80" * 80,
    "-1",
    "9" * 40,
]


@pytest.mark.parametrize("path", NAMED)
@pytest.mark.parametrize("odd", ODD, ids=[odd[:12] for odd in ODD])
def test_odd_names_in_any_address_are_refused(client: TestClient, path: str, odd: str) -> None:
    filled = re.sub(r"\{\w+\}", odd, path)
    for method in PATHS[path]:
        body = b"{}" if method != "get" else None
        headers = {"content-type": "application/json"}
        answer = client.request(method, BASE_URL + filled, content=body, headers=headers)
        assert answer.status_code in (404, 405, 422), answer.text
        assert answer.headers["content-type"] == "application/problem+json"
