"""The socket's limits, without a run: how many tabs, and what closes one."""

from __future__ import annotations

from pathlib import Path

import pytest
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from app.api.assets import Page
from app.main import create_app
from app.protocol.stream import CLOSE_BAD_MESSAGE, CLOSE_TOO_MANY
from app.settings import Settings
from tests.support import BASE_URL

STREAM = "ws://127.0.0.1:8000/api/v1/stream"


def test_there_is_a_limit_of_tabs(tmp_path: Path, page_folder: Path) -> None:
    settings = Settings(data=tmp_path, max_viewers=1)
    application = create_app(settings, page=Page(page_folder))
    with TestClient(application, base_url=BASE_URL) as client:
        for _ in range(2):  # the place of a closed tab is free again
            with client.websocket_connect(STREAM) as first:
                assert first.receive_json()["type"] == "hello"
                with client.websocket_connect(STREAM) as second:
                    with pytest.raises(WebSocketDisconnect) as closed:
                        second.receive_json()
                    assert closed.value.code == CLOSE_TOO_MANY


def test_a_refusal_is_told_in_both_languages(client: TestClient) -> None:
    with client.websocket_connect(STREAM) as tab:
        tab.receive_json()
        tab.send_json({"type": "subscribe", "run": "none"})
        refused = tab.receive_json()
    assert (refused["type"], refused["run"]) == ("refused", "none")
    assert refused["message"]["en"] != refused["message"]["zh"]


@pytest.mark.parametrize("message", ["", "{}", '{"type": "ack"}', "[" * 100])
def test_what_is_no_message_closes_the_tab(client: TestClient, message: str) -> None:
    with client.websocket_connect(STREAM) as tab:
        tab.receive_json()
        tab.send_text(message)
        with pytest.raises(WebSocketDisconnect) as closed:
            tab.receive_json()
    assert closed.value.code == CLOSE_BAD_MESSAGE


@pytest.mark.parametrize(
    "message",
    [
        {"type": "subscribe", "run": "none", "after": 2**70},
        {"type": "subscribe", "run": "none", "after": 2**53 + 1},
        {"type": "subscribe", "run": "none", "after": 10**400},
        {"type": "subscribe", "run": "none", "after": -1},
        {"type": "subscribe", "run": "x" * 33},
        {"type": "unsubscribe", "run": "x" * 3000},
        {"type": "watch", "run": "none", "taps": [{"sample": {"kind": "stored", "index": -1}}]},
    ],
)
def test_numbers_out_of_range_are_refused_in_words(
    client: TestClient, message: dict[str, object]
) -> None:
    with client.websocket_connect(STREAM) as tab:
        tab.receive_json()
        tab.send_json(message)
        refused = tab.receive_json()
        assert refused["type"] == "refused"
        assert refused["run"] == str(message["run"])[:32]
        assert refused["message"]["en"] != refused["message"]["zh"]
        tab.send_json({"type": "subscribe", "run": "none"})
        assert tab.receive_json()["code"] == "not_found", "the tab goes on"


def test_the_number_beside_the_largest_is_taken(client: TestClient) -> None:
    with client.websocket_connect(STREAM) as tab:
        tab.receive_json()
        tab.send_json({"type": "subscribe", "run": "none", "after": 2**53})
        assert tab.receive_json()["code"] == "not_found"


def test_plain_http_is_told_to_upgrade(client: TestClient) -> None:
    answer = client.get("/api/v1/stream")
    assert (answer.status_code, answer.headers["upgrade"]) == (426, "websocket")
    assert answer.json()["code"] == "upgrade_needed"
    assert client.post("/api/v1/stream").headers["allow"] == "GET, HEAD, OPTIONS"
