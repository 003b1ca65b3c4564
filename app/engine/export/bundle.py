"""Collects the source of classes and functions of ours, so that it stands in a file by itself.

What a source refers to comes along: bases, other functions, constants; what is not ours is imported.
"""

from __future__ import annotations

import ast
import inspect
import re
import sys
from collections.abc import Iterable
from types import ModuleType
from typing import Any

from app.catalog.code import literal

_OURS = "app"
_NAMED = {"torch.nn": "nn", "torch.optim": "optim", "torch.nn.functional": "functional"}
_REMARK = re.compile(r"[ \t]*# (?:type|noqa|pragma)\b[^\n]*")


class Bundle:
    """``imports`` and ``pieces`` grow with every :meth:`add`; a piece stands after what it needs."""

    def __init__(self, things: Iterable[Any] = ()) -> None:
        self.imports: set[str] = set()
        self.pieces: dict[str, str] = {}
        for thing in things:
            self.add(thing)

    def add(self, thing: Any) -> None:
        """A class or function; what is not ours becomes an import."""
        if not _is_ours(thing):
            self.imports.add(f"from {thing.__module__} import {thing.__name__}")
            return
        if thing.__name__ in self.pieces:
            return
        source = inspect.getsource(thing)
        names = sorted(_names(source))
        known = vars(sys.modules[thing.__module__])
        for name in names:
            if name in known and name != thing.__name__:
                self._need(name, known[name])
        self.pieces[thing.__name__] = _REMARK.sub("", source).strip() + "\n"

    def expression(self, text: str) -> None:
        """Import what an expression or statement of generated code names of PyTorch's."""
        for name in _names(text):
            found = next((m for m, short in _NAMED.items() if short == name), None)
            if found or name == "torch":
                self._need(name, sys.modules[found or "torch"])

    def _need(self, name: str, value: Any) -> None:
        if isinstance(value, ModuleType):
            self.imports.add(_import(name, value.__name__))
        elif inspect.isclass(value) or inspect.isfunction(value) or _is_special(value):
            self.add(value)
        elif name not in self.pieces:
            self.pieces[name] = f"{name} = {literal(value)}\n"

    @property
    def text(self) -> str:
        """The pieces, two empty lines apart."""
        return "\n\n".join(self.pieces.values())


def header(imports: Iterable[str]) -> str:
    """Import lines, the standard library's first."""
    standard, others = [], []
    for line in sorted(_joined(imports), key=_order):
        root = line.split()[1].partition(".")[0]
        (standard if root in sys.stdlib_module_names else others).append(line)
    return "\n\n".join("\n".join(group) for group in (standard, others) if group) + "\n"


def _joined(imports: Iterable[str]) -> list[str]:
    """One line for all that comes from one place."""
    found: dict[str, list[str]] = {}
    for line in sorted(set(imports)):
        start, middle, name = line.partition(" import ")
        found.setdefault(start + middle, []).append(name)
    return [start + ", ".join(sorted(names)) for start, names in found.items()]


def _order(line: str) -> tuple[bool, str]:
    return line.startswith("from"), line


def _import(name: str, module: str) -> str:
    parent, _, last = module.rpartition(".")
    if parent:
        return f"from {parent} import {last}" + ("" if last == name else f" as {name}")
    return f"import {module}" + ("" if module == name else f" as {name}")


def _names(source: str) -> set[str]:
    tree = ast.parse(inspect.cleandoc(source) if source[:1].isspace() else source)
    return {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}


def _is_special(value: Any) -> bool:
    """``Any`` and its like: no classes, but with a module and a name."""
    return getattr(value, "__module__", None) in ("typing", "collections.abc")


def _is_ours(thing: Any) -> bool:
    return str(thing.__module__).partition(".")[0] == _OURS
