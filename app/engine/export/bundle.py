"""Collects the source of classes and functions of ours, so that it stands in a file by itself.

What a source refers to comes along: bases, other functions, constants; what is not ours is imported.
"""

from __future__ import annotations

import ast
import inspect
import math
import re
import sys
import textwrap
from collections.abc import Iterable
from types import ModuleType
from typing import Any, get_args, get_origin

from app.catalog.code import Behaviour, literal
from app.core.quoted import docstring
from app.nn.declared import look_only

_OURS = "app"
FUTURE = "from __future__ import annotations"
_NAMED = {"torch.nn": "nn", "torch.optim": "optim", "torch.nn.functional": "functional"}
_MODEL = re.compile(r"class (\w+)\(BaseModel\):")
_CONFIG = re.compile(r"^ +model_config = .*\n\n?", re.MULTILINE)
_IMPORT = re.compile(r"^ +((?:from [\w.]+ )?import [\w, ]+)\n(?:\n)?", re.MULTILINE)
_REMARK = re.compile(r"[ \t]*# (?:type|noqa|pragma)\b[^\n]*")


class Bundle:
    """``imports`` and ``pieces`` grow with every :meth:`add`; a piece stands after what it needs."""

    def __init__(self, things: Iterable[Any] = ()) -> None:
        self.imports: set[str] = set()
        self.pieces: dict[str, str] = {}
        self._pending: set[str] = set()
        for thing in things:
            self.add(thing)

    def add(self, thing: Any) -> None:
        """A class or function; what is not ours becomes an import."""
        place = thing.kind if isinstance(thing, Behaviour) else thing
        own = place.__name__
        if not _is_ours(place):
            self.imports.add(f"from {place.__module__} import {own}")
            return
        if own in self.pieces or own in self._pending:
            return
        self._pending.add(own)
        source = self._hoisted(self._source(thing))
        known = vars(sys.modules[place.__module__])
        for name in sorted(_names(source)):
            if name in known and name != own:
                self._need(name, known[name])
        self.pieces[own] = _REMARK.sub("", source).strip() + "\n"

    def _source(self, thing: Any) -> str:
        if isinstance(thing, Behaviour):
            self.imports.add("from dataclasses import dataclass")
            return behaviour(thing)
        source = _without_looks(inspect.getsource(thing))
        if inspect.isclass(thing) and hasattr(thing, "model_fields"):
            self.imports.add("from dataclasses import dataclass")
            source = _MODEL.sub(r"@dataclass(frozen=True)\nclass \1:", source)
            source = _CONFIG.sub("", source)
        return source

    def _hoisted(self, source: str) -> str:
        """The source without imports inside functions: those stand at the top of the file."""

        def take(found: re.Match[str]) -> str:
            start, middle, names = found[1].partition("import ")
            self.imports.update(f"{start}{middle}{name.strip()}" for name in names.split(","))
            return ""

        return _IMPORT.sub(take, source)

    def expression(self, text: str) -> None:
        """Import what an expression or statement of generated code names of PyTorch's."""
        for name in _names(text):
            found = next((m for m, short in _NAMED.items() if short == name), None)
            if found or name == "torch":
                self._need(name, sys.modules[found or "torch"])

    def _need(self, name: str, value: Any) -> None:
        if isinstance(value, ModuleType):
            self.imports.add(_import(name, value.__name__))
        elif get_args(value):
            kind = get_origin(value).__name__ if isinstance(get_origin(value), type) else "Literal"
            self.imports.add(f"from typing import {kind}")
            self.pieces.setdefault(name, f"{name} = {str(value).replace('typing.', '')}\n")
        elif inspect.isclass(value) or inspect.isroutine(value) or _is_special(value):
            self.add(value)
        elif getattr(math, name, None) is value:
            self.imports.add(f"from math import {name}")
        elif name not in self.pieces:
            self.pieces[name] = f"{name} = {literal(value)}\n"

    @property
    def text(self) -> str:
        """The pieces, two empty lines apart."""
        return "\n\n".join(self.pieces.values())


def _without_looks(source: str) -> str:
    """The source without the methods that only show what a module holds."""
    lines = source.splitlines(keepends=True)
    for node in ast.walk(ast.parse(textwrap.dedent(source))):
        if isinstance(node, ast.FunctionDef) and any(
            isinstance(one, ast.Name) and one.id == look_only.__name__
            for one in node.decorator_list
        ):
            first = node.decorator_list[0].lineno - 1
            first -= bool(first) and not lines[first - 1].strip()
            lines[first : node.end_lineno] = [""] * ((node.end_lineno or 0) - first)
    return "".join(lines)


def behaviour(thing: Behaviour) -> str:
    """A part as a frozen dataclass: its fields, the wanted methods, and all that those call."""
    found: dict[str, str] = {}
    wanted = list(thing.methods)
    while wanted:
        name = wanted.pop(0)
        held = inspect.getattr_static(thing.kind, name)
        function = held.fget if isinstance(held, property) else held
        if name in found or not callable(function):
            continue
        found[name] = inspect.getsource(function)
        tree = ast.parse(textwrap.dedent(found[name]))
        known = dir(thing.kind)
        wanted += [
            node.attr
            for node in ast.walk(tree)
            if isinstance(node, ast.Attribute)
            and isinstance(node.value, ast.Name)
            and node.value.id == "self"
            and node.attr in known
            and node.attr not in dict(thing.fields)
        ]
    name = thing.kind.__name__
    about = (thing.kind.__doc__ or name).strip().splitlines()[0]
    lines = ["@dataclass(frozen=True)", f"class {name}:", "    " + docstring(about), ""]
    lines += [f"    {name}: {kind}" for name, kind in thing.fields]
    return "\n".join([*lines, *([""] if thing.fields else []), "\n".join(found.values())])


def header(imports: Iterable[str]) -> str:
    """Import lines, the standard library's first."""
    standard: list[str] = []
    others: list[str] = []
    for line in sorted(_joined(imports), key=_order):
        root = line.split()[1].partition(".")[0]
        (standard if root in sys.stdlib_module_names else others).append(line)
    groups = ([FUTURE], standard, others)
    return "\n\n".join("\n".join(group) for group in groups if group) + "\n"


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
    """What a source refers to, without its own arguments and variables."""
    nodes = list(ast.walk(ast.parse(textwrap.dedent(source))))
    named = [node for node in nodes if isinstance(node, ast.Name)]
    own = {node.arg for node in nodes if isinstance(node, ast.arg)}
    own |= {node.id for node in named if isinstance(node.ctx, ast.Store)}
    return {node.id for node in named} - own


def _is_special(value: Any) -> bool:
    """``Any`` and its like: no classes, but with a module and a name."""
    return getattr(value, "__module__", None) in ("typing", "collections.abc")


def _is_ours(thing: Any) -> bool:
    return str(thing.__module__).partition(".")[0] == _OURS
