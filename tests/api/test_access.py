"""The token: needed beyond loopback, kept as a hash, presented in three ways."""

from __future__ import annotations

import base64
import hashlib
import re
import stat
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr
from starlette.testclient import TestClient

from app.api.access import FILE, Access, prepare
from app.api.assets import Page
from app.api.brake import Brake
from app.api.refusals import TooManyTries, Unauthorized
from app.api.sessions import FILE as SESSIONS
from app.api.sessions import MOST, SECONDS, Sessions
from app.main import create_app
from app.settings import Settings
from tests.support import BASE_URL

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


def enter(guarded: TestClient) -> str:
    """Log in by the form; the cookie as a browser would send it."""
    fields = {"token": TOKEN, "next": "/zh/reference?q=relu"}
    answer = guarded.post("/zh/login", data=fields)
    assert (answer.status_code, answer.headers["location"]) == (303, "/zh/reference?q=relu")
    guarded.cookies.clear()
    return answer.headers["set-cookie"].partition(";")[0]


def status(guarded: TestClient, cookie: str | list[str] | bytes) -> int:
    lines = cookie if isinstance(cookie, list) else [cookie]
    headers = [
        (b"cookie", one if isinstance(one, bytes) else one.encode("latin-1")) for one in lines
    ]
    return guarded.get("/api/v1/presets", headers=headers).status_code


def test_the_form_sends_the_token_in_its_body(guarded: TestClient) -> None:
    page = guarded.get("/zh/reference?q=relu", headers={"accept": "text/html"}).text
    assert '<form class="login" method="post" action="/zh/login">' in page
    assert 'name="next" value="/zh/reference?q=relu"' in page
    assert "/logout" not in page


def test_a_link_with_the_token_is_exchanged_at_once(guarded: TestClient) -> None:
    answer = guarded.get("/zh/", params={"token": TOKEN}, headers={"accept": "text/html"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/zh/")
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    guarded.cookies.clear()
    assert status(guarded, cookie.partition(";")[0]) == 200


def test_the_cookie_is_a_session_and_no_token(guarded: TestClient) -> None:
    first, second = enter(guarded), enter(guarded)
    assert first != second
    name, _, value = first.partition("=")
    written = base64.urlsafe_b64encode(TOKEN.encode()).decode().rstrip("=")
    assert TOKEN not in first
    assert written not in first
    earlier = f"{name}={written}"
    assert status(guarded, earlier) == 401, "what an earlier version gave is asked again"
    page = guarded.get("/en/", headers={"accept": "text/html", "cookie": earlier})
    assert (page.status_code, 'name="token"' in page.text) == (401, True)
    bearer = {"authorization": f"Bearer {value}"}
    assert guarded.get("/api/v1/presets", headers=bearer).status_code == 401
    assert status(guarded, first) == status(guarded, second) == 200


def test_logging_out_ends_this_session_alone(guarded: TestClient) -> None:
    mine, other = enter(guarded), enter(guarded)
    page = guarded.get("/en/reference", headers={"cookie": mine})
    assert '<form class="logout" method="post" action="/en/logout">' in page.text
    answer = guarded.post("/en/logout", headers={"cookie": mine})
    assert (answer.status_code, answer.headers["location"]) == (303, "/en/")
    assert "Max-Age=0" in answer.headers["set-cookie"]
    guarded.cookies.clear()
    assert status(guarded, mine) == 401
    assert status(guarded, other) == 200


ODD = [
    'prefs={"a":1}', 'prefs={"a":1,"b":[2]}', "note=two words", "user=me@example.org", "novalue",
    "=empty", 'open="quote', "name=\xe9", "\xe9=1", "a=b=c", ";;;=", "$Version=1", "x=\x01",
    "glassnet", "glassnet-8000", "a[b]=1", "k=v\\", "GLASSNET-8000=x", "date=Mon, 1 Jan",
    "; ".join(f"c{number}={number}" for number in range(2000)),
]  # fmt: skip


@pytest.mark.parametrize("odd", ODD, ids=[str(number) for number in range(len(ODD))])
def test_what_others_set_locks_nobody_out(guarded: TestClient, odd: str) -> None:
    own = enter(guarded)
    assert status(guarded, f"{odd}; {own}") == 200
    assert status(guarded, f"{own}; {odd}") == 200
    assert status(guarded, f"{odd};{own}; {odd}") == 200
    assert status(guarded, [odd, own]) == status(guarded, [own, odd]) == 200
    assert status(guarded, odd) == 401


@given(before=st.binary(max_size=60), after=st.binary(max_size=60))
def test_nothing_beside_ours_matters(before: bytes, after: bytes) -> None:
    access = Access("0" * 64, "glassnet-1")
    name = access.set_cookie().partition(";")[0].encode()
    scope = {"headers": [(b"cookie", before + b"; " + name + b"; " + after)]}
    assert access.session(scope) == name.partition(b"=")[2].decode()


def test_of_two_of_ours_the_right_one_counts(guarded: TestClient) -> None:
    own = enter(guarded)
    name, _, value = own.partition("=")
    assert status(guarded, f"{name}=old; {own}") == 200
    assert status(guarded, f"{own}; {name}=") == 200
    assert status(guarded, [f"{name}=old", own, f"{name}=older"]) == 200
    assert status(guarded, f'{name}="{value}"') == 200
    assert status(guarded, f"x{own}") == 401


def test_sessions_outlive_the_server_but_not_the_token(tmp_path: Path) -> None:
    access, _ = prepare(tmp_path, 8000, TOKEN, needed=True)
    name = access.set_cookie().partition(";")[0].partition("=")[2]
    kept = tmp_path / SESSIONS
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert name not in kept.read_text()
    assert TOKEN not in kept.read_text()
    again, _ = prepare(tmp_path, 8000, TOKEN, needed=True)
    assert again.sessions.knows(name)
    changed, _ = prepare(tmp_path, 8000, TOKEN + "!", needed=True)
    assert not changed.sessions.knows(name)


@pytest.mark.parametrize("content", ["", "{", "[]", "null", '{"a": "x"}', '{"a": [1]}', "\xff"])
def test_broken_files_of_sessions_ask_everybody_again(tmp_path: Path, content: str) -> None:
    (tmp_path / SESSIONS).write_text(content, encoding="latin-1")
    access, _ = prepare(tmp_path, 8000, TOKEN, needed=True)
    assert access.sessions.knows(access.set_cookie().partition(";")[0].partition("=")[2])


def test_sessions_end(monkeypatch: pytest.MonkeyPatch) -> None:
    sessions = Sessions("key")
    name = sessions.begin()
    now = time.time()
    monkeypatch.setattr("app.api.sessions.time.time", lambda: now + SECONDS + 1)
    assert not sessions.knows(name)
    assert sessions.knows(sessions.begin())


def test_the_oldest_of_too_many_sessions_go() -> None:
    sessions = Sessions("key")
    names = [sessions.begin() for _ in range(MOST + 5)]
    assert [sessions.knows(name) for name in names[:6]] == [False] * 5 + [True]


@pytest.mark.parametrize(
    "token", ["пароль из букв и цифр 9", "芝麻开门芝麻开门芝麻开门芝麻开门", "sésame, ouvre-toi !"]
)
def test_a_token_of_any_letters_works_in_every_way(token: str) -> None:
    access, _ = prepare(Path("unused"), 8000, token, needed=True)
    http = {"type": "http", "headers": [], "query_string": b""}
    written = [(b"authorization", b"Bearer " + token.encode())]
    access.require({**http, "headers": written})
    access.require({**http, "query_string": b"token=" + quote(token).encode()})
    access.require({**http, "query_string": b"token=" + token.replace(" ", "+").encode()})
    if token.isascii() or max(token) < "\u0100":
        access.require(
            {**http, "headers": [(b"authorization", b"bEARER  " + token.encode("latin-1"))]}
        )
    with pytest.raises(Unauthorized):
        access.require({**http, "headers": [(b"authorization", b"Bearer " + token[:-1].encode())]})


def from_address(address: str, token: str) -> dict[str, Any]:
    headers = [(b"authorization", f"Bearer {token}".encode())]
    return {"type": "http", "headers": headers, "query_string": b"", "client": (address, 1)}


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_wrong_tokens_are_braked_by_address() -> None:
    clock = Clock()
    access = Access(hashlib.sha256(TOKEN.encode()).hexdigest(), brake=Brake(clock))
    waits = []
    for number in range(13):
        with pytest.raises(Unauthorized):
            access.require(from_address("10.0.0.1", f"wrong {number}"))
        if access.brake.wait("10.0.0.1"):
            with pytest.raises(TooManyTries) as braked:
                access.require(from_address("10.0.0.1", TOKEN))
            waits.append(braked.value.params["seconds"])
            clock.now += waits[-1]
    assert waits == [1, 2, 4, 8, 16, 32, 64, 128, 256]
    access.require(from_address("10.0.0.2", TOKEN))
    clock.now -= 1
    with pytest.raises(TooManyTries):
        access.require(from_address("10.0.0.1", TOKEN))
    session = access.set_cookie().partition(";")[0].encode()
    access.require({**from_address("10.0.0.1", "x"), "headers": [(b"cookie", session)]})
    clock.now += 1
    access.require(from_address("10.0.0.1", TOKEN))
    with pytest.raises(Unauthorized):
        access.require(from_address("10.0.0.1", "wrong"))


def test_one_holder_of_addresses_is_one() -> None:
    clock = Clock()
    brake = Brake(clock)
    for number in range(6):
        brake.wrong(f"2001:db8:0:1::{number}")
        brake.wrong(f"::ffff:10.0.0.{number}")
    assert brake.wait("2001:db8:0:1:ffff::1") > 0
    assert brake.wait("2001:db8:0:2::1") == 0
    assert brake.wait("::ffff:10.0.0.1") == 0
    clock.now = 10_000
    brake.wrong("2001:db8:0:1::1")
    assert brake.wait("2001:db8:0:1::1") == 0, "it was quiet for long"


def test_the_brake_is_told_honestly(page_folder: Path, tmp_path: Path) -> None:
    settings = Settings(data=tmp_path, token=SecretStr(TOKEN))
    access = Access(hashlib.sha256(TOKEN.encode()).hexdigest(), brake=Brake(Clock()))
    application = create_app(settings, access, Page(page_folder))
    with TestClient(application, base_url=BASE_URL, follow_redirects=False) as client:
        wrong = {"authorization": "Bearer a wrong token"}
        seen = [client.get("/api/v1/presets", headers=wrong).status_code for _ in range(8)]
        assert seen == [401] * 5 + [429] * 3
        answer = client.get("/api/v1/presets", headers=wrong)
        assert (answer.json()["code"], answer.headers["retry-after"]) == ("too_many_tries", "1")
        form = client.post("/en/login", data={"token": TOKEN})
        assert (form.status_code, form.headers["retry-after"]) == (429, "1")
        assert "Too many wrong tokens" in form.text
        page = client.get(f"/en/?token={TOKEN}", headers={"accept": "text/html"})
        assert page.status_code == 429
        assert client.get(f"/livez?token={TOKEN}").status_code == 200, "no way around the brake"
        assert client.get("/api/v1/presets").status_code == 401, "no token is no wrong token"


def test_a_wrong_token_is_said(guarded: TestClient) -> None:
    guarded.cookies.clear()
    answer = guarded.post("/zh/login", data={"token": "nonsense"})
    assert answer.status_code == 401
    assert "这不是本服务器的令牌" in answer.text
    assert guarded.post("/zh/login", data={"token": ""}).status_code == 401
    assert guarded.post("/zh/login", json={"token": TOKEN}).status_code == 415
    many = "&".join(f"a{number}=1" for number in range(1000))
    odd = guarded.post(
        "/zh/login", content=many, headers={"content-type": "application/x-www-form-urlencoded"}
    )
    assert odd.status_code == 401


@pytest.mark.parametrize(
    "onward",
    ["//evil.example/", "/\\evil.example", "https://evil.example", "evil", "", "/\t/evil.example",
     "/\r\nset-cookie: a=b", "javascript:alert(1)", "\\\\evil.example"],
)  # fmt: skip
def test_the_form_leads_nowhere_else(guarded: TestClient, onward: str) -> None:
    answer = guarded.post("/en/login", data={"token": TOKEN, "next": onward})
    guarded.cookies.clear()
    assert answer.status_code == 303
    assert re.match(r"/(?![/\\])", answer.headers["location"])


def test_without_a_token_there_is_nothing_to_log_in_to(client: TestClient) -> None:
    assert client.get("/en/login").headers["location"] == "/en/"
    assert client.post("/en/login", data={"token": "x"}).headers["location"] == "/en/"
    assert client.post("/zh/logout").headers["location"] == "/zh/"
    assert "/logout" not in client.get("/en/reference").text


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
    scope = {"type": "http", "headers": [(b"cookie", cookie.encode("latin-1"))]}
    with pytest.raises(Unauthorized):
        access.require({**scope, "query_string": b""})
