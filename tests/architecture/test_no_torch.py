"""The web process answers requests without torch: seen in a fresh interpreter."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.support import ROOT

PROGRAM = """
import asyncio, sys
from pathlib import Path
from app.main import create_app
from app.settings import Settings

messages = []

async def main():
    app = create_app(Settings(data=Path(sys.argv[1])))
    body = b'{"model": [{"type": "flatten"}, {"type": "dense", "units": 10}],'
    body += b' "training": {"dataset": {"type": "digits28"}}}'
    headers = [(b"host", b"127.0.0.1:8000"), (b"content-type", b"application/json")]
    for method, path in (("GET", "/livez"), ("GET", "/api/v1/presets"),
                         ("POST", "/api/v1/models:check"), ("GET", "/api/v1/openapi.json")):
        scope = {"type": "http", "method": method, "path": path, "raw_path": path.encode(),
                 "query_string": b"", "headers": headers, "http_version": "1.1", "scheme": "http",
                 "asgi": {"version": "3.0"}, "client": None, "server": None, "extensions": {}}
        async def receive():
            return {"type": "http.request", "body": body, "more_body": False}
        async def send(message):
            messages.append(message)
        await app(scope, receive, send)

asyncio.run(main())
statuses = [message["status"] for message in messages if "status" in message]
assert statuses == [200] * 4, statuses
heavy = {"torch", "sklearn", "latex2mathml", "alembic"} & set(sys.modules)
assert not heavy, heavy
"""


def test_requests_are_answered_without_torch(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
