"""Holds the size limits of files and functions that CONTRIBUTING.md names.

Prints one line a violation and exits 1 if there is any. Says nothing about style or complexity.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

PYTHON_FILE_LINES = 400
PYTHON_FUNCTION_LINES = 50
PAGE_FILE_LINES = 300

FOLDERS = ("app", "tests", "static/src", "benchmarks", "scripts")
PAGE_SUFFIXES = (".ts", ".svelte", ".js", ".mjs")
GENERATED = ".generated.ts"


def violations(root: Path) -> Iterator[str]:
    """Every file and function under `root` that is too long, as `path:line: what`."""
    for folder in FOLDERS:
        for path in sorted((root / folder).rglob("*")):
            name = path.relative_to(root).as_posix()
            if path.suffix == ".py":
                yield from _python_violations(name, path.read_text(encoding="utf-8"))
            elif path.suffix in PAGE_SUFFIXES and not path.name.endswith(GENERATED):
                yield from _too_long(name, path.read_text(encoding="utf-8"), PAGE_FILE_LINES)


def _too_long(name: str, text: str, limit: int) -> Iterator[str]:
    lines = len(text.splitlines())
    if lines > limit:
        yield f"{name}:1: {lines} lines, at most {limit}"


def _python_violations(name: str, text: str) -> Iterator[str]:
    yield from _too_long(name, text, PYTHON_FILE_LINES)
    for node in ast.walk(ast.parse(text, filename=name)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            if lines > PYTHON_FUNCTION_LINES:
                yield (
                    f"{name}:{node.lineno}: {node.name}() has {lines} lines, "
                    f"at most {PYTHON_FUNCTION_LINES}"
                )


def main() -> int:
    """Check the repository this script lies in."""
    found = list(violations(Path(__file__).resolve().parent.parent))
    print("\n".join(found) if found else "sizes are within their limits")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
