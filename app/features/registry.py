"""Finds the questions: every folder of this package, and of packages that installed distributions name
under the entry point group ``glassnet.features``. Imports their schemas, never what answers."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from functools import cache
from importlib.metadata import entry_points
from typing import Any

from app.features._base import Question

GROUP = "glassnet.features"


@cache
def folders() -> tuple[str, ...]:
    """The packages of all features: each has a ``schema`` and an ``engine``."""
    named = sorted(one.value for one in entry_points(group=GROUP))
    return tuple(found for package in ("app.features", *named) for found in _inside(package))


@cache
def questions() -> dict[str, Question[Any]]:
    """Every question by its name; raises TypeError where two have one name or one address."""
    found: dict[str, Question[Any]] = {}
    for folder in folders():
        for value in vars(importlib.import_module(f"{folder}.schema")).values():
            if isinstance(value, Question) and found.setdefault(value.name, value) is not value:
                raise TypeError(f"two questions are called {value.name!r}")
    routes = [(one.method, one.route) for one in found.values() if one.route is not None]
    if len({*routes}) < len(routes):
        raise TypeError(f"two questions have one address: {sorted(routes)}")
    return found


def _inside(package: str) -> Iterator[str]:
    path = importlib.import_module(package).__path__
    for info in sorted(pkgutil.iter_modules(path), key=lambda module: module.name):
        if info.ispkg:
            yield f"{package}.{info.name}"
