"""A run as a tab sees it: events without gaps, frames that load, and tabs that come, stall and go."""

from __future__ import annotations

import json
import socket
import time
from typing import Any

import pytest
from safetensors.numpy import load
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from app.protocol.frames import metadata
from app.protocol.stream import CLOSE_BAD_MESSAGE, CLOSE_TOO_SLOW
from tests.live.viewer import PATIENCE, Tab, open_tab
from tests.runs.helpers import whole
from tests.support import LiveServer
from tests.waiting import until

DROPPED_WITHIN = 15.0
UNHURRIED = 50
"""Steps a second: more than frames, and a core is left to the other suites of this machine."""


def state_of(server: LiveServer, run: str) -> dict[str, Any]:
    return dict(server.get(f"/api/v1/runs/{run}").json())


def test_a_run_is_played_watched_paused_and_rewound(
    server: LiveServer, lenet: dict[str, Any]
) -> None:
    run = lenet["id"]
    with open_tab(server) as tab:
        tab.follow(run, "activation", "kernel")
        server.command(run, "play")
        tab.until(lambda: len(tab.frames) >= 5 and tab.of("metrics"))
        paused = server.command(run, "pause")
        assert tab.until_state("paused")["step"] == paused["step"] > 0
        stepped = server.command(run, "step", unit="batch", count=3)
        assert stepped["step"] == paused["step"]
        tab.until(lambda: state_of(server, run)["step"] == paused["step"] + 3)
        back = server.command(run, "rewind", step=2)
        assert (back["step"], back["branch"]) == (2, 1)
        tab.until(lambda: tab.of("rewound"))
        assert tab.of("rewound")[0]["parent"] == 0
    assert whole([(stored["seq"], stored["since"]) for stored in tab.events])


def test_frames_are_safetensors_with_every_map(server: LiveServer, lenet: dict[str, Any]) -> None:
    with open_tab(server) as tab:
        tab.follow(lenet["id"], "activation")
        tab.until(lambda: tab.frames)
    frame = tab.frames[0]
    about = metadata(frame)
    assert (about["run"], about["step"], about["tap"]) == (lenet["id"], "0", "0")
    tensors = load(frame)
    assert tensors["input.activation"].shape == (1, 28, 28)
    for node in lenet["spec"]["model"]["nodes"]:
        codes = tensors[f"{node['id']}.activation"]
        maps = codes.shape[0] if codes.ndim == 3 else 1
        assert codes.dtype == "uint8"
        assert tensors[f"{node['id']}.activation.scale"].shape == (maps,)
        assert tensors[f"{node['id']}.activation.zero"].shape == (maps,)
    assert tensors["output.probabilities"].sum() == pytest.approx(1.0, abs=1e-4)


def test_a_late_tab_sees_the_same_events(server: LiveServer, lenet: dict[str, Any]) -> None:
    run = lenet["id"]
    with open_tab(server) as first:
        first.follow(run)
        server.command(run, "step", unit="batch", count=5)
        first.until(lambda: first.of("metrics"))
        first.until_state("paused")
    last = state_of(server, run)["last_seq"]
    with open_tab(server) as late, open_tab(server) as resumed:
        late.follow(run)
        late.until(lambda: late.events and late.events[-1]["seq"] >= last)
        resumed.follow(run, after=3)
        resumed.until(lambda: resumed.events and resumed.events[-1]["seq"] >= last)
    assert late.events[: len(first.events)] == first.events
    assert resumed.events == late.events[3:]
    stored = server.get(f"/api/v1/runs/{run}/events?limit=1000").json()["events"]
    assert stored[:last] == late.events[:last]


def test_closing_the_tab_changes_nothing(server: LiveServer, lenet: dict[str, Any]) -> None:
    run = lenet["id"]
    with open_tab(server) as tab:
        tab.follow(run, "activation")
        server.command(run, "play")
        tab.until(lambda: tab.frames)
    seen = state_of(server, run)["step"]
    until(lambda: state_of(server, run)["step"] > seen + 5, "five more steps", PATIENCE)
    assert state_of(server, run)["state"] in ("running", "finished")
    server.command(run, "pause")


def test_a_tab_that_draws_nothing_is_dropped_and_slows_nobody(
    server: LiveServer, lenet: dict[str, Any]
) -> None:
    run = lenet["id"]
    with open_tab(server) as good, open_tab(server) as lazy:
        lazy.acknowledges = False
        good.follow(run, "activation")
        server.command(run, "set_speed", steps_per_second=UNHURRIED)
        server.command(run, "play")
        lazy.follow(run, "activation")
        lazy.until(lambda: len(lazy.frames) == 2)
        assert _closed_while_watching(lazy, good) == CLOSE_TOO_SLOW
        drawn = len(good.frames)
        assert drawn > 20
        assert len(lazy.frames) == 2
        good.until(lambda: len(good.frames) > drawn + 3)
    server.command(run, "pause")


def test_a_tab_that_reads_nothing_is_dropped(server: LiveServer, lenet: dict[str, Any]) -> None:
    """Its socket's buffers are full, so that only the time-out of the connection can end it."""
    run = lenet["id"]
    before = viewers(server, run)
    with socket.socket() as narrow:
        narrow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        narrow.connect(("127.0.0.1", server.port))
        narrow.settimeout(10)
        _handshake(narrow, server)
        for number in range(4):
            taps = [
                {
                    "roles": ["activation", "kernel"],
                    "rate": 60,
                    "sample": {"kind": "stored", "index": number},
                }
            ]
            _send_text(narrow, {"type": "subscribe", "run": run})
            _send_text(narrow, {"type": "watch", "run": run, "taps": taps})
            for frame in range(1, 400):
                _send_text(narrow, {"type": "ack", "frame": frame})
        server.command(run, "set_speed", steps_per_second=UNHURRIED)
        server.command(run, "play")
        started = time.monotonic()
        while viewers(server, run) > before or time.monotonic() - started < 1:
            assert time.monotonic() - started < DROPPED_WITHIN + 5
            time.sleep(0.25)
    server.command(run, "pause")


def viewers(server: LiveServer, run: str) -> int:
    return int(state_of(server, run)["viewers"])


@pytest.mark.parametrize(
    "message",
    [
        "",
        "x",
        "[]",
        '{"type": "dance"}',
        '{"type": "ack", "frame": -1}',
        "[" * 1000,
        "\ud7ff",
        b"\0",
    ],
)
def test_a_message_that_is_none_closes_with_its_code(
    server: LiveServer, message: str | bytes
) -> None:
    with open_tab(server) as tab:
        tab.socket.send(message)
        with pytest.raises(ConnectionClosed) as closed:
            tab.take()
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == CLOSE_BAD_MESSAGE


def test_what_cannot_be_followed_is_told(server: LiveServer) -> None:
    with open_tab(server) as tab:
        tab.follow("none")
        tab.until(lambda: tab.refusals)
    assert tab.refusals[0]["code"] == "not_found"
    assert tab.refusals[0]["message"]["zh"]


@pytest.mark.parametrize("header", [{"origin": "https://evil.example"}, {"origin": "null"}])
def test_foreign_pages_get_no_socket(server: LiveServer, header: dict[str, str]) -> None:
    with (
        pytest.raises(InvalidStatus) as refused,
        connect(server.socket_url, additional_headers=header),
    ):
        pass
    assert refused.value.response.status_code == 403
    assert json.loads(refused.value.response.body or b"{}")["code"] == "foreign_origin"


def test_a_foreign_host_gets_no_socket(server: LiveServer) -> None:
    address = ("127.0.0.1", server.port)
    with (
        pytest.raises(InvalidStatus) as refused,
        connect(
            f"ws://evil.example:{server.port}/api/v1/stream", sock=socket.create_connection(address)
        ),
    ):
        pass
    assert refused.value.response.status_code == 421


def _closed_while_watching(lazy: Tab, good: Tab) -> int | None:
    """The code that ``lazy`` is closed with while ``good`` goes on; None if it is not."""
    started = time.monotonic()
    while time.monotonic() - started < DROPPED_WITHIN:
        good.take()
        try:
            lazy.take(timeout=0)
        except TimeoutError:
            continue
        except ConnectionClosed as closed:
            return closed.rcvd.code if closed.rcvd else None
    return None


def _handshake(narrow: socket.socket, server: LiveServer) -> None:
    request = (
        "GET /api/v1/stream HTTP/1.1\r\n"
        f"host: 127.0.0.1:{server.port}\r\n"
        "upgrade: websocket\r\nconnection: Upgrade\r\n"
        "sec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\nsec-websocket-version: 13\r\n\r\n"
    )
    narrow.sendall(request.encode())
    assert narrow.recv(12) == b"HTTP/1.1 101"


def _send_text(narrow: socket.socket, message: dict[str, Any]) -> None:
    """A masked text frame (RFC 6455, section 5.2) with the mask 0."""
    body = json.dumps(message).encode()
    length = (
        bytes([0x80 | len(body)]) if len(body) < 126 else b"\xfe" + len(body).to_bytes(2, "big")
    )
    narrow.sendall(b"\x81" + length + b"\0\0\0\0" + body)
