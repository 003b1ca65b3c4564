"""Long runs that are watched and asked: how memory and the database grow. ``SOAK`` is its length in minutes.

The slope is a straight line through the second half; what is loaded on first use lies before it. The few
minutes of a usual ``make bench`` say little about megabytes an hour: an hour does.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from statistics import linear_regression

from benchmarks._report import at_most, plain, show
from benchmarks._serve import ROOT, Server, preset, server

MINUTES = float(os.environ.get("SOAK", "3"))
SPEEDS = {"lenet5": 20, "points_circle": 20, "lstm_digits": 5}
"""Steps a second of the three runs; each is in the middle of its training to the end."""
EVERY = 2.0
VIEWERS = 3
MOST_SLOPE = 1.0


def resident(pid: int) -> float:
    """MiB of a process that are its own: what a fork shares is not counted."""
    text = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii")
    kept = [line.split() for line in text.splitlines() if line.startswith(("Private_", "Pss:"))]
    return next(int(line[1]) for line in kept if line[0] == "Pss:") / 1024


def stored(to: Server) -> float:
    """MB of the database and its log."""
    return sum(path.stat().st_size for path in to.data.glob("glassnet.db*")) / 1e6


def visit(to: Server, run: str) -> None:
    """What a person asks who looks around."""
    to.call("GET", "/runs")
    to.call("GET", f"/runs/{run}/metrics")
    to.call("GET", f"/runs/{run}/events?limit=50")


def steps_of(to: Server, runs: Iterable[str]) -> int:
    return sum(to.call("GET", f"/runs/{run}")["step"] for run in runs)


def slope(times: list[float], values: list[float]) -> float:
    """Of the second half, in units an hour."""
    half = len(times) // 2
    return linear_regression(times[half:], values[half:]).slope * 3600


def main() -> None:
    """Run it."""
    with server() as to:
        runs = {name: to.create(preset(name, epochs=10_000)) for name in SPEEDS}
        for name, run in runs.items():
            to.command(run, "set_speed", steps_per_second=SPEEDS[name])
            to.command(run, "play")
        first = next(iter(runs.values()))
        given = [str(to.port), first, str(VIEWERS), str(MINUTES * 60 + 30), "0"]
        command = [sys.executable, "-m", "benchmarks._viewers", *given]
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL) as viewers:
            times, web, workers, sizes, made = [], [], [], [], []
            until = time.monotonic() + MINUTES * 60
            while time.monotonic() < until:
                visit(to, first)
                times.append(time.monotonic())
                web.append(resident(to.process.pid))
                workers.append(max(map(resident, to.workers())))
                sizes.append(stored(to))
                made.append(steps_of(to, runs.values()))
                time.sleep(EVERY)
            viewers.kill()
        kept = sum(path.stat().st_size for path in to.data.rglob("runs/**/*") if path.is_file())
    half, steps = len(sizes) // 2, made[-1]
    grown = (sizes[-1] - sizes[half]) / max(1, steps - made[half])
    show(
        f"{MINUTES:g} minutes, {steps:,} steps of {len(runs)} runs",
        [
            plain("web process", web[-1], "MiB", 1),
            at_most("… grows an hour by", slope(times, web), MOST_SLOPE, "MiB", 2),
            plain("largest worker", workers[-1], "MiB", 1),
            plain("… grows an hour by", slope(times, workers), "MiB", 2),
            plain("database, in the middle", sizes[half], "MB", 2),
            plain("… at the end", sizes[-1], "MB", 2),
            plain("… grows 100,000 steps by", grown * 100_000, "MB", 2),
            plain("snapshots", kept / 1e6, "MB", 1),
        ],
    )


if __name__ == "__main__":
    main()
