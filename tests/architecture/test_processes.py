"""Processes are started in one module only, which isolates them; nothing else may start one."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
STARTS = {
    **dict.fromkeys(("subprocess", "pty", "multiprocessing", "pexpect"), None),
    "os": ("system", "popen", "fork", "forkpty", "spawn", "exec", "posix_spawn", "startfile"),
    "asyncio": ("create_subprocess",),
    "concurrent": ("ProcessPoolExecutor",),
}
ALLOWED = {
    "app/core/children.py": {
        "asyncio.create_subprocess_exec",
        "subprocess.Popen",
        "subprocess.run",
    },
    "app/worker/zygote.py": {"os.fork"},
}
"""A fork of the fork server inherits its isolation."""
HARMLESS = {"subprocess.DEVNULL", "subprocess.PIPE", "subprocess.STDOUT"}
ERRORS = {"subprocess.TimeoutExpired", "subprocess.CalledProcessError"}


def dotted(node: ast.AST) -> str:
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else "?"


def starts(source: str) -> Iterator[str]:
    """Every name in a module by which a process can be started."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and node.module:
            named = [f"{node.module}.{one.name}" for one in node.names]
        elif isinstance(node, ast.Import):
            named = [f"{one.asname} as {one.name}" for one in node.names if one.asname]
            named = [one.partition(" as ")[2] + ".*" for one in named]
        elif isinstance(node, ast.Attribute):
            named = [dotted(node)]
        else:
            continue
        for name in named:
            module, _, rest = name.partition(".")
            if name.endswith(("subprocess_exec", "subprocess_shell")):
                yield name
            elif module in STARTS and rest:
                parts = STARTS[module]
                last = rest.rpartition(".")[2]
                if parts is None or last.startswith(parts) or rest == "*":
                    yield name


def test_only_one_module_starts_processes() -> None:
    """Start it through app.core.children."""
    unwanted = {}
    for path in sorted(ROOT.glob("app/**/*.py")):
        name = path.relative_to(ROOT).as_posix()
        found = set(starts(path.read_text())) - HARMLESS - ERRORS - ALLOWED.get(name, set())
        kinds = {one for one in found if not one.startswith("asyncio.subprocess.")}
        if kinds:
            unwanted[name] = kinds
    assert unwanted == {}


@pytest.mark.parametrize(
    "source",
    [
        "import subprocess\nsubprocess.run(['x'])",
        "import subprocess as s\ns.Popen(['x'])",
        "from subprocess import check_output",
        "import os\nos.execv('x', [])",
        "from os import posix_spawn",
        "import asyncio\nasyncio.create_subprocess_shell('x')",
        "loop.subprocess_exec(f, 'x')",
        "from concurrent.futures import ProcessPoolExecutor",
        "import multiprocessing\nmultiprocessing.Process()",
    ],
)
def test_the_search_finds_what_it_looks_for(source: str) -> None:
    assert list(starts(source))
