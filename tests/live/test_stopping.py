"""A server that is stopped while people wait for answers: all are answered, and it ends soon and quietly."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

from tests.support import Answer, live_server

SOON = 3.0


def crowd() -> float:
    """Processes that want each core: a full machine needs longer for the same."""
    return max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))


def test_waiters_are_answered_and_nothing_is_logged(tmp_path: Path) -> None:
    """They wait for the first worker of a fresh server, which is still loading."""
    answers: list[Answer] = []
    with live_server(tmp_path) as server:
        runs = [server.create(server.preset("points_circle"))["id"] for _ in range(3)]

        def ask(path: str, body: object) -> None:
            answers.append(server.requested("POST", path, body, {"accept": "application/json"}))

        asked = []
        for run in runs:
            for end, body in (
                ("commands", {"type": "play"}),
                ("predictions", {"sample": {"kind": "stored", "index": 0}}),
            ):
                path = f"/api/v1/runs/{run}/{end}"
                asked.append(threading.Thread(target=ask, args=(path, body)))
                asked[-1].start()
        time.sleep(0.3)
        began = time.monotonic()
        assert server.stop() == 0
        assert time.monotonic() - began < SOON * crowd()
        for thread in asked:
            thread.join(10)
        assert len(answers) == len(asked)
        assert {answer.status for answer in answers} <= {200, 409}
        said = "".join(server.lines)
        assert "CancelledError" not in said
        assert "Traceback" not in said
