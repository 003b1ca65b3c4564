"""A training that nobody looks at: plays a run and hands on every stored event as a line of JSON."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

from app.protocol.commands import Play
from app.protocol.stream import Subscribe
from app.runs.service import Runs

ENDS = frozenset({"finished", "failed", "interrupted"})


async def train(runs: Runs, run: str, emit: Callable[[str], None]) -> str:
    """Play ``run`` until it ends; ``emit`` gets one line an event. Returns the state it ended in."""
    printer = _Printer(emit)
    viewer = runs.attach(printer)
    serving = asyncio.create_task(viewer.serve(), name="headless viewer")
    try:
        await viewer.receive(Subscribe(run=run))
        await runs.command(run, Play())
        await asyncio.wait((printer.ended, serving), return_when=asyncio.FIRST_COMPLETED)
        return printer.ended.result() if printer.ended.done() else "interrupted"
    finally:
        viewer.close()
        await asyncio.gather(serving, return_exceptions=True)


class _Printer:
    """The viewer's connection: hands events on, and knows when and how the training ended."""

    def __init__(self, emit: Callable[[str], None]) -> None:
        self._emit = emit
        self.ended: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    async def send_text(self, text: str) -> None:
        for stored in json.loads(text).get("events", ()):
            self._emit(json.dumps(stored, ensure_ascii=False, separators=(",", ":")))
            self._notice(stored["event"])

    async def send_bytes(self, data: bytes) -> None:
        """No frame is asked for."""

    async def close(self, code: int) -> None:
        self._end("interrupted")

    def _notice(self, event: dict[str, Any]) -> None:
        if event["type"] == "state" and event["state"] in ENDS:
            self._end(event["state"])

    def _end(self, state: str) -> None:
        if not self.ended.done():
            self.ended.set_result(state)
