"""The token: needed beyond loopback, kept as a hash, presented in three ways."""

from __future__ import annotations

import hashlib
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr
from starlette.testclient import TestClient

from app.api.access import FILE, Access, prepare
from app.api.assets import Page
from app.main import create_app
from app.settings import Settings

TOKEN = "correct horse; battery=staple"


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory, page_folder: Path) -> Iterator[TestClient]:
    settings = Settings(
        data=tmp_path_factory.mktemp("data"),
        host="0.0.0.0",
        token=SecretStr(TOKEN),
        hosts="lab.example:8000",
    )
    application = create_app(settings, page=Page(page_folder))
    with TestClient(
        application, base_url="http://lab.example:8000", follow_redirects=False
    ) as client:
        yield client


def test_health_and_files_need_no_token(guarded: TestClient) -> None:
    assert guarded.get("/livez").status_code == 200
    assert guarded.get("/static/icon.svg").status_code == 200


def test_everything_else_does(guarded: TestClient) -> None:
    answer = guarded.get("/api/v1/presets")
    assert answer.status_code == 401
    assert answer.json()["code"] == "token_needed"
    assert answer.headers["www-authenticate"] == "Bearer"
    wrong = guarded.get("/api/v1/presets", headers={"authorization": "Bearer wrong"})
    assert wrong.status_code == 401
    assert guarded.get("/api/v1/presets?token=wrong").status_code == 401


def test_a_program_sends_it_as_a_header(guarded: TestClient) -> None:
    headers = {"authorization": f"Bearer {TOKEN}"}
    assert guarded.get("/api/v1/presets", headers=headers).status_code == 200


@pytest.mark.parametrize("address", ["/zh/", "/en/reference"])
def test_a_browser_is_asked_for_it(guarded: TestClient, address: str) -> None:
    answer = guarded.get(address, headers={"accept": "text/html"})
    assert answer.status_code == 401
    assert 'name="token"' in answer.text


def test_a_browser_exchanges_it_for_a_cookie(guarded: TestClient) -> None:
    answer = guarded.get("/zh/", params={"token": TOKEN}, headers={"accept": "text/html"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/zh/")
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    assert TOKEN not in cookie
    guarded.cookies.clear()
    value = cookie.partition(";")[0]
    assert guarded.get("/api/v1/presets", headers={"cookie": value}).status_code == 200


@pytest.mark.parametrize("path", ["//evil.example/", "/\\evil.example"])
def test_the_exchange_leads_nowhere_else(guarded: TestClient, path: str) -> None:
    answer = guarded.get(f"http://lab.example:8000{path}", params={"token": TOKEN})
    assert not answer.headers.get("location", "").startswith(("//", "/\\", "http"))


def test_a_token_is_made_once_and_only_its_hash_is_kept(tmp_path: Path) -> None:
    access, token = prepare(tmp_path, 8000, None, needed=True)
    assert token is not None
    assert access.knows(token)
    file = tmp_path / FILE
    assert file.read_text().strip() == hashlib.sha256(token.encode()).hexdigest()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    again, printed = prepare(tmp_path, 8000, None, needed=True)
    assert printed is None
    assert again.knows(token)


def test_loopback_needs_none_unless_one_is_given(tmp_path: Path) -> None:
    assert prepare(tmp_path, 8000, None, needed=False) == (Access(None, "glassnet-8000"), None)
    given, printed = prepare(tmp_path, 8000, TOKEN, needed=False)
    assert given.knows(TOKEN)
    assert printed is None
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("cookie", ["glassnet=é", "glassnet=%%%", "a b c", "glassnet=aGk", ";;;="])
def test_odd_cookies_open_nothing(cookie: str) -> None:
    access = Access("0" * 64)
    assert not access.allows({b"cookie": cookie.encode("latin-1")})
