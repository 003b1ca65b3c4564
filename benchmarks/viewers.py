"""Many viewers of one run at 20 Hz: what they cost the web process, and how late frames reach them.

The run is slowed to 100 steps a second, so that the machine's cores are left to server and viewers.
"""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from statistics import median

from benchmarks._report import Row, at_most, percentile, plain, show
from benchmarks._serve import ROOT, Server, preset, server

CROWDS = (50, 100, 200)
SECONDS = 10.0
DEAF_SECONDS = 18.0
STEPS_PER_SECOND = 100


@dataclass(frozen=True)
class Crowd:
    """What a number of viewers got and cost; ``dropped`` are seconds until each deaf one's end."""

    count: int
    share: float
    ages: list[float]
    rate: float
    left: int
    own: float
    dropped: list[float]


def crowd(to: Server, run: str, count: int, seconds: float = SECONDS, deaf: int = 0) -> Crowd:
    """Let ``count`` viewers watch for some seconds, with ``deaf`` ones that stop reading."""
    given = [str(to.port), run, str(count), str(seconds), str(deaf)]
    command = [sys.executable, "-m", "benchmarks._viewers", *given]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        if process.stdout.readline().strip() != "ready":
            raise RuntimeError("the viewers did not get in")
        before = to.cpu_seconds()
        seen = json.loads(process.stdout.readline())
        used = to.cpu_seconds() - before
        dropped = json.loads(process.stdout.readline())
    passed = float(seen["seconds"])
    ages = [1000 * float(age) for age in seen["ages"]]
    return Crowd(
        count,
        100 * used / passed,
        ages,
        len(ages) / passed / count,
        int(seen["left"]),
        100 * float(seen["used"]) / passed,
        [float(end) for end in dropped],
    )


def figures(found: Crowd) -> list[Row]:
    """A few lines for one crowd; the bars are those of PERFORMANCE.md for the largest."""
    name = f"{found.count} viewers"
    share = f"{name}: share of a core, web process"
    lines = [
        at_most(share, found.share, 20, "%")
        if found.count == CROWDS[-1]
        else plain(share, found.share, "%"),
        plain("… frames a second each", found.rate, "", 1),
        plain("… age of a frame when it arrives, median", median(found.ages), "ms"),
        plain("… 95 %", percentile(found.ages, 0.95), "ms"),
        plain("… share of a core, the viewers themselves", found.own, "%"),
    ]
    if found.left:
        lines.append(Row("… viewers that were dropped", str(found.left), "0", False))
    return lines


def main() -> None:
    """Run it."""
    with server() as to:
        run = to.create(preset(epochs=10_000))
        to.command(run, "set_speed", steps_per_second=STEPS_PER_SECOND)
        to.command(run, "play")
        crowds = [crowd(to, run, count) for count in CROWDS]
        deaf = crowd(to, run, CROWDS[0], DEAF_SECONDS, deaf=3)
        to.call("DELETE", f"/runs/{run}")
    rows = [row for found in crowds for row in figures(found)]
    rows += [
        at_most("viewer that stops reading is dropped after", max(deaf.dropped), 15, "s", 1),
        plain("… age of the others' frames meanwhile, median", median(deaf.ages), "ms"),
        plain("… frames a second of the others", deaf.rate, "", 1),
        Row("… others that were dropped", str(deaf.left), "0", deaf.left == 0),
    ]
    show("viewers at 20 Hz", rows)


if __name__ == "__main__":
    main()
