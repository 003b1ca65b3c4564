"""Torch's absence from the web process; the layering of the packages is `make check`'s."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

# Heavy packages that only a worker may load.
WORKER_ONLY = ("torch", "sklearn", "captum", "sympy")


def loaded_after(statement: str) -> set[str]:
    """Names of the top-level packages that a fresh interpreter holds after `statement`."""
    program = (
        f"{statement}\nimport sys, json\n"
        "print(json.dumps(sorted({name.partition('.')[0] for name in sys.modules})))"
    )
    finished = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        check=True,
        stdout=subprocess.PIPE,
        text=True,
        timeout=60,
    )
    return set(json.loads(finished.stdout.splitlines()[-1]))


def test_web_process_loads_no_torch() -> None:
    statement = (
        "import app.cli, app.runs, app.store, app.api; from app.main import create_app; "
        "from app.settings import Settings; create_app(Settings()).openapi()"
    )
    assert loaded_after(statement).isdisjoint(WORKER_ONLY)
