"""Part and Family: how one file becomes a choice in the schema, the page and the documentation.

A family scans a package, collects the parts it finds and builds their discriminated union.
It knows nothing of any single part.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator, Mapping
from functools import reduce
from importlib.metadata import entry_points
from operator import or_
from typing import Annotated, Any, ClassVar, Generic, TypeVar, get_args

from pydantic import BaseModel, ConfigDict, Field

from app.catalog.plot import ANYWHERE, Place, Plot
from app.core.text import Text


class Formula(BaseModel):
    """LaTeX of the forward rule and of its sensitivity or gradient, in the chapter's notation."""

    model_config = ConfigDict(frozen=True)

    forward: str
    backward: str = ""


class Part(BaseModel):
    """One choosable thing. Subclasses declare ``type: Literal["name"] = "name"`` and the facts below.

    Every field carries ``title`` and a bilingual description: use :func:`option`. The docstring is
    the part's English documentation, ``DOC_ZH`` the same in Chinese.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    TITLE: ClassVar[Text]
    SUMMARY: ClassVar[Text]
    GROUP: ClassVar[Text]
    DOC_ZH: ClassVar[str] = ""
    FORMULA: ClassVar[Formula | None] = None
    ALIASES: ClassVar[tuple[str, ...]] = ()
    EXAMPLES: ClassVar[tuple[dict[str, Any], ...]] = ()
    LIVE: ClassVar[frozenset[str]] = frozenset()
    """Fields that may change while a run goes on."""

    @classmethod
    def kind(cls) -> str:
        """The value of ``type``, for instance ``"conv2d"``."""
        return str(get_args(cls.model_fields["type"].annotation)[0])

    @classmethod
    def facts(cls) -> dict[str, Any]:
        """What a client needs to know of the part beyond its fields; JSON values."""
        return {}

    def plot(self, place: Place = ANYWHERE) -> Plot | None:
        """The part's own picture with its options as they are, or None where it has no curve."""
        return None


def option(
    default: Any,
    title: Text,
    help: Text,
    *,
    labels: Mapping[str, Text] | None = None,
    **bounds: Any,
) -> Any:
    """A documented, bounded field of a part; ``default=...`` makes it required.

    ``labels`` names the values of a choice.
    """
    extra: Any = {"x-title": title.model_dump(), "x-help": help.model_dump()}
    if labels:
        extra["x-labels"] = {value: label.model_dump() for value, label in labels.items()}
    return Field(default, title=title.en, description=help.en, json_schema_extra=extra, **bounds)


P = TypeVar("P", bound=Part)


class Family(Generic[P]):
    """All parts of one kind, found by scanning a package for subclasses of ``base``.

    Packages that other distributions name under the entry point group ``glassnet.<family>`` are
    scanned too: whoever installs one adds its parts.
    """

    def __init__(
        self, name: str, base: type[P], package: str, groups: tuple[Text, ...] = ()
    ) -> None:
        """``groups`` are listed first and in this order; a group not named comes after them."""
        self.name = name
        self.base = base
        found: dict[str, type[P]] = {}
        for scanned in (package, *sorted(e.value for e in entry_points(group=f"glassnet.{name}"))):
            for part in self._parts_in(scanned):
                if part.kind() in found and found[part.kind()] is not part:
                    raise TypeError(f"two parts of family {name} are called {part.kind()!r}")
                found[part.kind()] = part
        order = {group: place for place, group in enumerate(groups)}
        ranked = sorted(found.items(), key=lambda item: order.get(item[1].GROUP, len(order)))
        self.parts = dict(ranked)

    def _parts_in(self, package: str) -> Iterator[type[P]]:
        folder = importlib.import_module(package).__path__
        for info in sorted(pkgutil.iter_modules(folder), key=lambda m: m.name):
            if not info.name.startswith("_"):
                yield from self._parts_of(importlib.import_module(f"{package}.{info.name}"))

    def _parts_of(self, module: Any) -> list[type[P]]:
        return [
            value
            for value in vars(module).values()
            if isinstance(value, type)
            and issubclass(value, self.base)
            and value.__module__ == module.__name__
            and "type" in value.model_fields
        ]

    def union(self) -> Any:
        """The discriminated union of all parts, to be used as a field's type."""
        if len(self.parts) == 1:
            return next(iter(self.parts.values()))
        return Annotated[reduce(or_, self.parts.values()), Field(discriminator="type")]

    def describe(self) -> list[dict[str, Any]]:
        """What the palette, the forms and the reference pages need of every part."""
        return [describe(part) for part in self.parts.values()]


def describe(part: type[Part]) -> dict[str, Any]:
    """One part as plain data."""
    return {
        "type": part.kind(),
        "title": part.TITLE.model_dump(),
        "summary": part.SUMMARY.model_dump(),
        "group": part.GROUP.model_dump(),
        "formula": part.FORMULA.model_dump() if part.FORMULA else None,
        "aliases": list(part.ALIASES),
        "examples": list(part.EXAMPLES),
        "live": sorted(part.LIVE),
        "facts": part.facts(),
        "plot": part.plot is not Part.plot,
        "schema": part.model_json_schema(),
    }
