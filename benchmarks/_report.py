"""What every benchmark prints: the machine it ran on, then a figure a line with its bar beside it."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from pathlib import Path


@dataclass(frozen=True)
class Row:
    """One figure. ``bar`` is what it must keep to, ``met`` whether it does (None: no bar)."""

    what: str
    figure: str
    bar: str = ""
    met: bool | None = None


def at_most(what: str, value: float, bar: float, unit: str, digits: int = 0) -> Row:
    """A figure that must not exceed its bar."""
    return Row(what, f"{value:,.{digits}f} {unit}", f"≤ {bar:g} {unit}", value <= bar)


def at_least(what: str, value: float, bar: float, unit: str, digits: int = 0) -> Row:
    """A figure that must reach its bar."""
    return Row(what, f"{value:,.{digits}f} {unit}", f"≥ {bar:g} {unit}", value >= bar)


def plain(what: str, value: float, unit: str, digits: int = 0) -> Row:
    """A figure that explains others."""
    return Row(what, f"{value:,.{digits}f} {unit}")


def show(title: str, rows: Iterable[Row]) -> None:
    """Print a table with aligned columns; indented, so that it is one in Markdown too."""
    listed = list(rows)
    wide = max(len(row.what) for row in listed)
    figure = max(len(row.figure) for row in listed)
    print(f"{title}  (load {os.getloadavg()[0]:.1f})\n")
    for row in listed:
        mark = {True: "met", False: "MISSED", None: ""}[row.met]
        line = f"    {row.what:<{wide}}  {row.figure:>{figure}}  {row.bar:<12}  {mark}"
        print(line.rstrip(), flush=True)


@cache
def machine() -> str:
    """Processor, cores and the versions that count."""
    cores = len(os.sched_getaffinity(0))
    names = f"Python {platform.python_version()}, torch {version('torch')}"
    return f"{_processor()}, {cores} cores, {names}"


def _processor() -> str:
    listed = Path("/proc/cpuinfo")
    if listed.exists():
        for line in listed.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def percentile(values: Sequence[float], share: float) -> float:
    """The value that ``share`` of all values do not exceed; of no values, not a number."""
    ordered = sorted(values)
    if not ordered:
        return float("nan")
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
