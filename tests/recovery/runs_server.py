"""A small server to be killed: runs a service on a folder, trains one run, prints what is published.

``runs_server.py <data> new|<run> <seed> <speed> <until>``: one JSON line for each published event, the
first line says the run. A run that exists is resumed; it rests at the step ``until``. Ends only by a signal.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from app.protocol.commands import Play, SetSpeed
from app.protocol.stream import Subscribe
from app.runs.service import Runs
from app.store.runs import Store
from tests.runs.helpers import Limits, spec


class Printer:
    """A viewer's socket that prints."""

    async def send_text(self, text: str) -> None:
        sys.stdout.write(text + "\n")
        sys.stdout.flush()

    async def send_bytes(self, data: bytes) -> None:
        """Nothing is watched."""

    async def close(self, code: int) -> None:
        """Never."""


async def main(data: Path, wanted: str, seed: int, speed: float, until: int) -> None:
    store = Store(data)
    await store.open()
    runs = Runs(store, Limits(data))
    await runs.start()
    run = (await runs.create(spec(seed))).id if wanted == "new" else wanted
    viewer = runs.attach(Printer())
    serving = asyncio.create_task(viewer.serve())
    await viewer.receive(Subscribe(run=run, after=(await runs.get(run)).last_seq))
    await runs.command(run, SetSpeed(steps_per_second=speed))
    await runs.command(run, Play(until=until))
    await serving


if __name__ == "__main__":
    folder, name, number, pace, last = sys.argv[1:]
    asyncio.run(main(Path(folder), name, int(number), float(pace), int(last)))
