"""The layering of the packages, and torch's absence from the web process."""

from __future__ import annotations

import json
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

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


@pytest.mark.parametrize(
    "statement",
    [
        "import app.main, app.cli, app.runs, app.store, app.api",
        (
            "from app.main import create_app; from app.settings import Settings; "
            "create_app(Settings()).openapi()"
        ),
    ],
    ids=["imports", "openapi"],
)
def test_web_process_loads_no_torch(statement: str) -> None:
    assert loaded_after(statement).isdisjoint(WORKER_ONLY)


def test_import_contracts_hold() -> None:
    lint_imports = Path(sysconfig.get_path("scripts")) / "lint-imports"
    finished = subprocess.run(
        [lint_imports, "--no-cache"],
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert finished.returncode == 0, finished.stdout + finished.stderr
