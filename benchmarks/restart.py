"""A server killed with -9 while it trains, started again: how soon it is ready, how soon its runs go on.

The clock starts with the new process. "training" is the first step beyond the last one of before.
"""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from benchmarks._report import at_most, plain, show
from benchmarks._serve import PATIENCE, ROOT, Server, _end, _port, preset

RUNS = 3
KILLS = 7
TRAINED = 30
"""Steps that every run makes before its server is killed."""


@dataclass(frozen=True)
class Restart:
    """Seconds from the start of the process to …"""

    ready: float
    first: float
    last: float


def launched(data: Path) -> Server:
    """A server on a folder, as soon as it says its address."""
    command = [sys.executable, "-m", "app", "serve", "--port", "0", "--data", str(data)]
    inherited = {k: v for k, v in os.environ.items() if not k.startswith("GLASSNET_")}
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        env={**inherited, "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    return Server(process, _port(process), data)


def ready(to: Server) -> None:
    """Return when it says that it is."""
    while True:
        connection = http.client.HTTPConnection("127.0.0.1", to.port, timeout=PATIENCE)
        connection.request("GET", "/readyz")
        status = connection.getresponse().status
        connection.close()
        if status == 200:
            return
        time.sleep(0.01)


def trained(to: Server, runs: dict[str, int]) -> list[float]:
    """When each run has passed its step, in order."""
    left, times = dict(runs), []
    while left:
        for run, step in list(left.items()):
            if to.call("GET", f"/runs/{run}")["step"] > step:
                times.append(time.perf_counter())
                del left[run]
        time.sleep(0.01)
    return times


def restarted(data: Path, runs: dict[str, int]) -> tuple[Server, Restart]:
    """A new server, and how long it took until it and its runs were there."""
    began = time.perf_counter()
    to = launched(data)
    ready(to)
    there = time.perf_counter()
    times = trained(to, runs)
    return to, Restart(there - began, times[0] - began, times[-1] - began)


def main() -> None:
    """Run it."""
    found = []
    with tempfile.TemporaryDirectory(prefix="glassnet-bench-") as folder:
        to = launched(Path(folder))
        runs = [to.create(preset(epochs=1000)) for _ in range(RUNS)]
        for run in runs:
            to.command(run, "set_speed", steps_per_second=50)
            to.command(run, "play")
        trained(to, dict.fromkeys(runs, TRAINED))
        for _ in range(KILLS):
            to.process.send_signal(signal.SIGKILL)
            to.process.wait()
            to.connection.close()
            before = _steps(Path(folder), runs)
            to, measured = restarted(Path(folder), before)
            found.append(measured)
            trained(to, {run: step + TRAINED for run, step in before.items()})
        _end(to.process)
    rows = [
        at_most("killed, started again: ready, median", median(o.ready for o in found), 3, "s", 1),
        plain("… slowest", max(one.ready for one in found), "s", 1),
        plain("first run trains, median", median(one.first for one in found), "s", 1),
        at_most(f"all {RUNS} runs train, median", median(o.last for o in found), 5, "s", 1),
        plain("… slowest", max(one.last for one in found), "s", 1),
    ]
    show(f"restart after kill -9 with {RUNS} runs, {KILLS} times", rows)


def _steps(data: Path, runs: list[str]) -> dict[str, int]:
    """The steps that the server which was killed had stored."""
    script = (
        "import json, sqlite3, sys; at = sqlite3.connect(sys.argv[1]);"
        "print(json.dumps(dict(at.execute('select id, step from runs').fetchall())))"
    )
    command = [sys.executable, "-c", script, str(data / "glassnet.db")]
    stored = json.loads(subprocess.check_output(command, text=True))
    return {run: stored[run] for run in runs}


if __name__ == "__main__":
    main()
