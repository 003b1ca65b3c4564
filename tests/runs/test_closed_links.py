"""A worker that ends while something is said to it: what is said is lost, and nobody trips over it."""

from __future__ import annotations

import asyncio
import gc
import socket
from pathlib import Path
from typing import Any

import pytest
import uvloop

from app.core.errors import GlassnetError
from app.protocol.commands import Play
from app.runs.exits import WorkerLost
from app.runs.link import Link
from tests.runs.helpers import fake, service, spec


class Ending:
    """A process whose socket has ended and whose status is long in coming."""

    pid = 2**22

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock

    async def wait(self) -> int | None:
        await asyncio.sleep(0.3)
        return 0

    def kill(self) -> None:
        """It has ended."""


class Deaf:
    """Nobody listens."""

    def on_event(self, event: Any) -> None: ...

    def on_frame(self, key: str, frame: bytes) -> None: ...

    async def before_answer(self) -> None: ...


async def end_while_spoken_to() -> None:
    ours, theirs = socket.socketpair()
    link = Link(Ending(ours), Deaf(), 30.0)
    await link.open()
    theirs.close()
    asked: list[asyncio.Future[Any]] = []
    while not link.closed.is_set():
        link.send({"type": "taps", "taps": []}, b"x" * 100_000)
        if not link.ending:
            asked.append(asyncio.ensure_future(link.request({"type": "predict"}, 5.0)))
        await asyncio.sleep(0.01)
    link.send({"type": "stop"})
    await link.stop(1.0)
    for answer in await asyncio.gather(*asked, return_exceptions=True):
        assert isinstance(answer, GlassnetError)


@pytest.mark.parametrize("runner", [asyncio.run, uvloop.run])
def test_words_to_a_closed_transport_are_lost(runner: Any) -> None:
    runner(end_while_spoken_to())


async def many_end_at_once(folder: Path) -> list[dict[str, Any]]:
    """What the event loop complained of."""
    complaints: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda loop, said: complaints.append(said))
    async with service(folder, fake("exit"), max_cpu_runs=4) as runs:
        made = [(await runs.create(spec())).id for _ in range(12)]
        asked = [runs.command(run, Play()) for run in made for _ in range(2)]
        for answer in await asyncio.gather(*asked, return_exceptions=True):
            assert not isinstance(answer, Exception) or isinstance(answer, WorkerLost)
        for run in made:
            runs._pressed("cpu")
            runs._runs[run]._send_taps()
        await asyncio.gather(*(runs.delete(run) for run in made))
    gc.collect()
    await asyncio.sleep(0)
    return complaints


def test_many_runs_that_end_at_once(tmp_path: Path) -> None:
    assert uvloop.run(many_end_at_once(tmp_path)) == []
