"""Slow readers beside others: how much longer these wait, while a run trains and is watched.

Rounds without and with slow readers follow each other, so that a busy machine is as busy for both; what is
compared is the median over the rounds.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from statistics import median

from benchmarks._report import Row, at_most, percentile, plain, show
from benchmarks._serve import ROOT, Server, preset, server

ROUNDS, SECONDS, PAUSE = 6, 4.0, 0.003
SOCKETS, REQUESTS, VIEWERS = 10, 10, 5
STEPS_PER_SECOND = 100
MOST_MORE = 10.0
"""Percent."""


@contextmanager
def slow_readers(to: Server, run: str) -> Iterator[None]:
    given = [str(to.port), run, str(SOCKETS), str(REQUESTS)]
    command = [sys.executable, "-m", "benchmarks._readers", *given]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        if process.stdout.readline().strip() != "ready":
            raise RuntimeError("the readers did not get in")
        time.sleep(1)  # until the buffers are full
        yield
        process.communicate()


@contextmanager
def ordinary_viewers(to: Server, run: str) -> Iterator[None]:
    """Those who watch the run in any case: frames are made with slow readers and without."""
    given = [str(to.port), run, str(VIEWERS), "3600", "0"]
    command = [sys.executable, "-m", "benchmarks._viewers", *given]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        process.stdout.readline()
        try:
            yield
        finally:
            process.terminate()


def waits(to: Server, run: str) -> list[float]:
    """Milliseconds that a visitor waits for the state of a run."""
    found, until = [], time.monotonic() + SECONDS
    while time.monotonic() < until:
        began = time.perf_counter()
        to.call("GET", f"/runs/{run}")
        found.append(1000 * (time.perf_counter() - began))
        time.sleep(PAUSE)
    return found


def more(without: list[list[float]], beside: list[list[float]], share: float) -> float:
    """Percent by which a percentile is higher, the median over the rounds."""
    pairs = zip(without, beside, strict=True)
    return 100 * (median(percentile(b, share) / percentile(a, share) for a, b in pairs) - 1)


def main() -> None:
    """Run it."""
    with server() as to:
        run = to.create(preset(epochs=10_000))
        to.command(run, "set_speed", steps_per_second=STEPS_PER_SECOND)
        to.command(run, "play")
        without, beside, used = [], [], [0.0, 0.0]
        with ordinary_viewers(to, run):
            waits(to, run)
            for _ in range(ROUNDS):
                before = to.cpu_seconds()
                without.append(waits(to, run))
                used[0] += to.cpu_seconds() - before
                with slow_readers(to, run):
                    before = to.cpu_seconds()
                    beside.append(waits(to, run))
                    used[1] += to.cpu_seconds() - before
        to.call("DELETE", f"/runs/{run}")
    rows: list[Row] = [
        plain("a visitor waits, median", median(map(median, without)), "ms", 2),
        plain("… 99 %", median(percentile(one, 0.99) for one in without), "ms", 2),
        plain(f"beside {SOCKETS + REQUESTS} slow readers", median(map(median, beside)), "ms", 2),
        plain("… 99 %", median(percentile(one, 0.99) for one in beside), "ms", 2),
        plain("longer, median", more(without, beside, 0.5), "%"),
        at_most("longer, 99 %", more(without, beside, 0.99), MOST_MORE, "%"),
        plain("share of a core, web process, without", 100 * used[0] / ROUNDS / SECONDS, "%"),
        plain("… with them", 100 * used[1] / ROUNDS / SECONDS, "%"),
    ]
    show("slow readers", rows)


if __name__ == "__main__":
    main()
