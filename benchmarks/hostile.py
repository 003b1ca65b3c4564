"""Files made to do harm, sent to a warm server: how long until each is refused or read, and what that costs.

Wall clock from the first byte to the refusal, or to the list of what does not fit, and the processor time
of server and reader together: on a busy machine only that says something. Memory is what the server grew by
and what the process that reads an upload holds beyond what it holds for three good rows.
"""

from __future__ import annotations

import http.client
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks._report import Row, plain, show
from benchmarks._serve import PATIENCE, TICKS, Server, children, server
from tests.own.files import bomb_png, png, shades, zipped

MOST_SECONDS, MOST_MIB = 1.0, 50.0
GIB = 2**30
TIMES = 3
LINE = b"1.5,2.5,red\n"
PIECE = LINE * (2**16 // len(LINE))
ROWS = b"".join(b"%d,%d,%s\n" % (i, i * i, b"xy"[i % 2 : i % 2 + 1]) for i in range(2000))


def files() -> dict[str, bytes]:
    """What is sent, by what is wrong with it."""
    import numpy as np

    whole = png(np.zeros((9, 9), np.uint8))
    good = shades("a", "b")
    return {
        "bomb PNG, 60,000×60,000 pixels": zipped({**good, "a/bomb.png": bomb_png()}),
        "bomb zip, 200 MiB in 200 kB": zipped({**good, "a/x.png": bytes(200 << 20)}),
        "names with .. and /": zipped({**good, "../../x.png": whole, "/etc/y.png": whole}),
        "mixed types": b"a,b,c\n" + ROWS + b"word,1,x\n1,2\n",
        "NaN, inf, 1e999": b"a,b,c\n" + ROWS + b"nan,1,x\ninf,2,y\n1e999,3,x\n",
        "wrong encoding": "长度,种类\n".encode("gb18030") + b"1,\xff\xfe\n" * 50,
        "no text at all": bytes(range(256)) * 4000,
        "empty file": b"",
    }


@dataclass(frozen=True)
class Cost:
    """One upload: what became of it, seconds (by the clock, of the processor), MiB of the server and of
    the process that reads."""

    outcome: str
    seconds: float
    processor: float
    server: float
    reader: float


def held(pid: int) -> float:
    """MiB that a process has held at most; 0 where it has gone."""
    with suppress(OSError, StopIteration):
        lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024
    return 0.0


def reads(pid: int) -> bool:
    """Whether it is a reader already: a child is a copy of the server until it starts the program."""
    with suppress(OSError):
        return b"app.own" in Path(f"/proc/{pid}/cmdline").read_bytes()
    return False


def worked(pid: int) -> float:
    """Processor seconds of a process and of the children that have ended."""
    text = Path(f"/proc/{pid}/stat").read_text(encoding="ascii")
    return sum(map(int, text.rpartition(")")[2].split()[11:15])) / TICKS


class Watch:
    """The most that the children a server has made meanwhile have held."""

    def __init__(self, pid: int) -> None:
        self._pid, self._known, self._ended = pid, set(children(pid)), threading.Event()
        self.most = 0.0
        self._thread = threading.Thread(target=self._look)

    def _look(self) -> None:
        while not self._ended.wait(0.002):
            for child in set(children(self._pid)) - self._known:
                if reads(child):
                    self.most = max(self.most, held(child))

    def __enter__(self) -> Watch:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()


def measured(to: Server, send: Callable[[], str]) -> Cost:
    pid = to.process.pid
    Path(f"/proc/{pid}/clear_refs").write_text("5", encoding="ascii")
    before, used = held(pid), worked(pid)
    with Watch(pid) as watch:
        began = time.perf_counter()
        outcome = send()
        seconds = time.perf_counter() - began
    return Cost(outcome, seconds, worked(pid) - used, held(pid) - before, watch.most)


def upload(to: Server, content: bytes) -> str:
    """Send it as a browser does and wait until it is refused or read."""
    connection = http.client.HTTPConnection("127.0.0.1", to.port, timeout=PATIENCE)
    connection.request("POST", "/api/v1/uploads", content, {"content-type": "text/csv"})
    found: dict[str, Any] = json.loads(connection.getresponse().read())
    while found.get("state") in ("receiving", "reading"):
        time.sleep(0.005)
        found = to.call("GET", f"/uploads/{found['id']}")
    if found.get("state") != "done":
        return f"refused: {(found.get('error') or found)['code']}"
    detail = to.call("GET", f"/own-data/{found['digest']}")
    to.call("DELETE", f"/own-data/{found['digest']}")
    return f"read, {detail['report']['remark_count']} misfits listed"


def gigabyte(to: Server) -> str:
    """A CSV of 1 GiB whose length is announced, as every browser does, sent until an answer comes."""
    head = f"POST /api/v1/uploads HTTP/1.1\r\nHost: 127.0.0.1:{to.port}\r\n"
    head += f"Content-Type: text/csv\r\nContent-Length: {GIB}\r\n\r\n"
    with socket.create_connection(("127.0.0.1", to.port)) as connection:
        connection.sendall(head.encode())
        connection.setblocking(False)
        for piece in pieces():
            with suppress(BlockingIOError):
                answer = connection.recv(2**16)
                return f"refused: {answer[9:12].decode()}"
            with suppress(BlockingIOError):
                connection.send(piece)
    raise RuntimeError("1 GiB was taken")


def pieces() -> Iterator[bytes]:
    for _ in range(GIB // len(PIECE)):
        yield PIECE


def row(what: str, costs: list[Cost], floor: float) -> Row:
    seconds = median(cost.seconds for cost in costs)
    grown = max(cost.server for cost in costs)
    reader = max(0.0, max(cost.reader for cost in costs) - floor)
    processor = median(cost.processor for cost in costs)
    figure = f"{seconds:5.2f} s  {processor:.2f} s  {grown:+5.1f} MiB  {reader:+5.1f} MiB"
    met = seconds < MOST_SECONDS and max(grown, reader) <= MOST_MIB
    return Row(f"{what}: {costs[0].outcome}", figure, "< 1 s, ≤ 50 MiB", met)


def main() -> None:
    """Run it."""
    with server() as to:
        upload(to, b"a,b\n1,x\n2,y\n3,x\n")
        good = [measured(to, lambda: upload(to, b"a,b\n1,x\n2,y\n3,x\n")) for _ in range(TIMES)]
        floor = median(cost.reader for cost in good)
        rows = [row("1 GiB of CSV", [measured(to, lambda: gigabyte(to)) for _ in range(TIMES)], 0)]
        for what, content in files().items():
            costs = [measured(to, partial(upload, to, content)) for _ in range(TIMES)]
            rows.append(row(what, costs, floor))
        rows.append(row("three good rows", good, floor))
        rows.append(plain("what the reading process holds for these", floor, "MiB", 1))
        show(f"hostile uploads: clock, processor, server, reader (median of {TIMES})", rows)


if __name__ == "__main__":
    main()
