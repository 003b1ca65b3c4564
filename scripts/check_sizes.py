"""Looks at the sizes of files and functions that CONTRIBUTING.md names.

One responsibility a file is the rule; a size is where one asks whether it still holds. What is larger is
listed; what is larger by half fails. Says nothing about style or complexity.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PYTHON_FILE_LINES = 400
PYTHON_FUNCTION_LINES = 50
PAGE_FILE_LINES = 300
FAILS_AT = 1.5
"""Times a size: from here on it is an error."""

FOLDERS = ("app", "tests", "static/src", "benchmarks", "scripts")
PAGE_SUFFIXES = (".ts", ".svelte", ".js", ".mjs")
GENERATED = ".generated.ts"


@dataclass(frozen=True)
class Size:
    """A file or function that is larger than it should be."""

    where: str
    """``path:line: what``."""
    lines: int
    limit: int

    @property
    def fails(self) -> bool:
        return self.lines > FAILS_AT * self.limit

    def __str__(self) -> str:
        return f"{self.where} {self.lines} lines, at most {self.limit}"


def large(root: Path) -> Iterator[Size]:
    """Every file and function under `root` that is larger than its limit."""
    for folder in FOLDERS:
        for path in sorted((root / folder).rglob("*")):
            name = path.relative_to(root).as_posix()
            if path.suffix == ".py":
                yield from _python(name, path.read_text(encoding="utf-8"))
            elif path.suffix in PAGE_SUFFIXES and not path.name.endswith(GENERATED):
                yield from _file(name, path.read_text(encoding="utf-8"), PAGE_FILE_LINES)


def _file(name: str, text: str, limit: int) -> Iterator[Size]:
    lines = len(text.splitlines())
    if lines > limit:
        yield Size(f"{name}:1:", lines, limit)


def _python(name: str, text: str) -> Iterator[Size]:
    yield from _file(name, text, PYTHON_FILE_LINES)
    for node in ast.walk(ast.parse(text, filename=name)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            if lines > PYTHON_FUNCTION_LINES:
                yield Size(f"{name}:{node.lineno}: {node.name}() has", lines, PYTHON_FUNCTION_LINES)


def main() -> int:
    """Check the repository this script lies in."""
    found = list(large(Path(__file__).resolve().parent.parent))
    for size in found:
        print(f"{'error' if size.fails else 'warning'}: {size}")
    if not found:
        print("sizes are within their limits")
    return int(any(size.fails for size in found))


if __name__ == "__main__":
    sys.exit(main())
