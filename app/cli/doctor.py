"""``glassnet doctor``: looks at Python, PyTorch, devices, the data folder and the built page."""

from __future__ import annotations

import json
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer

from app.core.children import ask
from app.core.disk import in_words, sizes
from app.main import installed_version, page_is_built
from app.settings import Settings

OLDEST_PYTHON = (3, 11)
PATIENCE = 120
TORCH = (
    "import json, time; start = time.perf_counter(); import torch; "
    "print(json.dumps({'version': torch.__version__, 'threads': torch.get_num_threads(), "
    "'seconds': round(time.perf_counter() - start, 1)}))"
)


@dataclass(frozen=True)
class Finding:
    """One thing looked at; ``repair`` says what to do where it is not well."""

    name: str
    well: bool
    said: str
    repair: str = ""


def examine(settings: Settings) -> int:
    """Print every finding; 0 if all is well, else 1."""
    well = True
    for finding in findings(settings):
        typer.echo(f"{'ok  ' if finding.well else 'FAIL'}  {finding.name:<9} {finding.said}")
        if not finding.well:
            well = False
            typer.echo(f"      → {finding.repair}")
    return 0 if well else 1


def findings(settings: Settings) -> Iterator[Finding]:
    """One after another, for PyTorch takes seconds to answer."""
    yield Finding("glassnet", True, installed_version())
    yield _python()
    yield _torch()
    yield _devices()
    yield _data(settings.data)
    yield _snapshots(settings)
    yield _disk(settings)
    yield _page()


def _python() -> Finding:
    return Finding(
        "python",
        sys.version_info >= OLDEST_PYTHON,
        f"{platform.python_version()} at {sys.executable}",
        "Install Python 3.11 or later.",
    )


def _torch() -> Finding:
    told, trouble = _ask("-c", TORCH)
    if told is None:
        return Finding("torch", False, trouble, "pip install torch==2.13.0")
    said = f"{told['version']}, imported in {told['seconds']} s"
    return Finding("torch", True, said)


def _devices() -> Finding:
    told, trouble = _ask("-m", "app.worker.devices")
    if told is None:
        return Finding("devices", False, trouble, "Look whether PyTorch works: see above.")
    listed = told.get("devices", [])
    names = ", ".join(f"{one.get('id')} ({one.get('name')})" for one in listed)
    return Finding("devices", bool(listed), names or "none", "PyTorch found no device at all.")


def _data(folder: Path) -> Finding:
    repair = f"Make {folder} writable, or choose another folder: --data or GLASSNET_DATA."
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=folder) as probe:
            probe.write(b"glassnet")
    except OSError as error:
        return Finding("data", False, f"{folder}: {error.strerror}", repair)
    return Finding("data", True, f"{folder} is writable", repair)


def _snapshots(settings: Settings) -> Finding:
    taken = sizes(settings.data)["snapshots"]
    said = f"{in_words(taken)} of {in_words(settings.snapshots)} for all runs together"
    repair = "A server that runs thins them; or delete runs, or raise GLASSNET_SNAPSHOTS."
    return Finding("snapshots", taken <= settings.snapshots, said, repair)


def _disk(settings: Settings) -> Finding:
    try:
        usage = shutil.disk_usage(settings.data)
    except OSError as error:
        return Finding("disk", False, str(error.strerror), "Look at the data folder: see above.")
    aside = sorted(path.name for path in settings.data.glob("glassnet-damaged-*.db"))
    said = f"{in_words(usage.free)} of {in_words(usage.total)} free"
    if aside:
        said += f"; damaged databases were set aside: {', '.join(aside)}"
    kept = min(settings.reserve, usage.total // 20)
    repair = "Runs are held until there is room: delete runs, data sets or other files."
    return Finding("disk", usage.free >= kept, said, repair)


def _page() -> Finding:
    built = page_is_built()
    return Finding("page", built, "built" if built else "not built", "Run: make page")


def _ask(*arguments: str) -> tuple[dict[str, Any] | None, str]:
    """What a fresh interpreter prints as JSON, or why it did not."""
    try:
        printed = ask(*arguments, timeout=PATIENCE)
        found = json.loads(printed.strip().splitlines()[-1])
    except subprocess.TimeoutExpired:
        return None, f"no answer within {PATIENCE} s"
    except subprocess.CalledProcessError as error:
        return None, (str(error.stderr).strip().splitlines() or ["it failed"])[-1]
    except (ValueError, IndexError):
        return None, "it answered something unexpected"
    return (found if isinstance(found, dict) else {"devices": found}), ""
