"""Many viewers of one run in a process of their own, so that they cost the server nothing.

``python -m benchmarks._viewers <port> <run> <count> <seconds> <deaf>``: opens ``count`` sockets that
acknowledge each frame and ``deaf`` sockets that stop reading, prints ``ready``, then one JSON line.
"""

from __future__ import annotations

import asyncio
import json
import struct
import sys
import time
from dataclasses import dataclass, field

from websockets.asyncio.client import ClientConnection, connect

WATCH = [{"roles": ["activation"], "rate": 20.0}]
LIMIT = 60.0


@dataclass
class Seen:
    """What one viewer has received: ages in seconds of its frames, and when it was ended."""

    ages: list[float] = field(default_factory=list)
    code: int | None = None
    ended: float | None = None


async def follow(socket: ClientConnection, run: str) -> None:
    """Watch all feature maps of a run from now on."""
    await socket.send(json.dumps({"type": "subscribe", "run": run, "after": 2**40}))
    await socket.send(json.dumps({"type": "watch", "run": run, "taps": WATCH}))


async def view(address: str, run: str, seen: Seen, opened: asyncio.Semaphore) -> None:
    """Read and acknowledge until cancelled."""
    async with opened:
        socket = await connect(address, compression=None, max_size=None)
        await follow(socket, run)
    async for message in socket:
        if isinstance(message, bytes):
            (length,) = struct.unpack_from("<Q", message)
            facts = json.loads(message[8 : 8 + length])["__metadata__"]
            seen.ages.append(time.time() - float(facts["sent"]))
            await socket.send(f'{{"type":"ack","frame":{facts["frame"]}}}')


async def ignore(address: str, run: str, seen: Seen) -> None:
    """Stop reading, and note when the server has enough of it."""
    socket = await connect(address, compression=None, max_size=None, ping_interval=None)
    await follow(socket, run)
    await socket.recv()
    began = time.monotonic()
    socket.transport.pause_reading()
    while socket.close_code is None and time.monotonic() < began + LIMIT:
        await asyncio.sleep(0.2)
        if not _established(socket):
            break
    seen.ended = time.monotonic() - began
    socket.transport.abort()


def _established(socket: ClientConnection) -> bool:
    """Whether the kernel still holds the connection open: the peer's end shows without reading."""
    raw = socket.transport.get_extra_info("socket")
    try:
        state = raw.getsockopt(6, 11, 1)[0]  # TCP_INFO: tcpi_state
    except OSError:
        return False
    return bool(state == 1)


async def main(port: str, run: str, count: int, seconds: float, deaf: int) -> None:
    address = f"ws://127.0.0.1:{port}/api/v1/stream"
    viewers = [Seen() for _ in range(count)]
    ignorers = [Seen() for _ in range(deaf)]
    gate = asyncio.Semaphore(10)
    tasks = [asyncio.create_task(view(address, run, seen, gate)) for seen in viewers]
    while not all(seen.ages for seen in viewers):
        await asyncio.sleep(0.05)
        for task in tasks:
            if task.done():
                task.result()
    for seen in viewers:
        seen.ages.clear()
    print("ready", flush=True)
    began, used = time.monotonic(), time.process_time()
    deafs = [asyncio.create_task(ignore(address, run, seen)) for seen in ignorers]
    await asyncio.sleep(seconds)
    passed, used = time.monotonic() - began, time.process_time() - used
    ages = [age for seen in viewers for age in seen.ages]
    left = sum(task.done() for task in tasks)
    print(json.dumps({"ages": ages, "seconds": passed, "used": used, "left": left}), flush=True)
    await asyncio.gather(*deafs)
    print(json.dumps([seen.ended for seen in ignorers]), flush=True)
    for task in tasks:
        task.cancel()


if __name__ == "__main__":
    asyncio.run(
        main(sys.argv[1], sys.argv[2], int(sys.argv[3]), float(sys.argv[4]), int(sys.argv[5]))
    )
