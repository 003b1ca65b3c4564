"""The networks that ship with Glassnet: complete runs, one JSON file each, in ``presets/``.

The number that a file's name begins with orders them; the first is the page's default.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from pydantic import Field

from app.core.text import Text
from app.spec.base import Strict
from app.spec.run import RunSpec


class Preset(Strict):
    """A run to start from, and what to say about it."""

    id: str = Field(pattern=r"^[a-z][a-z0-9_]{0,31}$")
    title: Text
    summary: Text
    spec: RunSpec


@cache
def presets() -> tuple[Preset, ...]:
    """All presets in order, validated; raises pydantic's ValidationError for a broken file."""
    folder = files("app.spec") / "presets"
    found = sorted((file for file in folder.iterdir() if file.name.endswith(".json")), key=_name)
    return tuple(Preset.model_validate_json(file.read_bytes(), strict=True) for file in found)


def _name(file: object) -> str:
    return str(getattr(file, "name", ""))
