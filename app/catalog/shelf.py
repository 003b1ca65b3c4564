"""Own data sets on disk: what is said of each, and where the folders that hold them are.

A set lies in ``<root>/<digest>/``: ``meta.json`` says what :class:`Facts` hold, the arrays are plain
``.npy`` files beside it. It never changes, so its name — the SHA-256 of its content — is enough to
find it; a process only has to be told which folders to look in.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

META = "meta.json"
TABLE = "table.npy"
IMAGES = "images.npy"
LABELS = "labels.npy"
TEXT = "text.npy"
FLOAT32_MOST = 3.4028234663852886e38
"""The largest number that a float32, and so a network, holds."""


class Plain(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Column(Plain):
    """One column of a table. ``categories`` are its different texts in order, ``numbers`` its
    different numbers where they are few enough to be classes. Texts that are too many are of no use."""

    name: str
    kind: Literal["number", "category", "text"]
    categories: tuple[str, ...] = ()
    numbers: tuple[float, ...] = ()
    present: int
    """Rows that have a value here."""
    largest: float = 0.0
    """The largest of its numbers without their signs; 0 in tables of an earlier version, which took
    none beyond 1e30."""

    @property
    def classes(self) -> tuple[str, ...]:
        """The classes that this column can stand for, as text."""
        if self.kind == "number":
            return tuple(f"{number:.15g}" for number in self.numbers)
        return self.categories


class TableFacts(Plain):
    """``table.npy`` is float64 (rows, columns): numbers, places in ``categories``, NaN where nothing is.
    Those of earlier versions are float32."""

    form: Literal["table"] = "table"
    rows: int
    columns: tuple[Column, ...]


class PictureFacts(Plain):
    """``images.npy`` is uint8 (count, channels, height, width), ``labels.npy`` int64 (count,)."""

    form: Literal["pictures"] = "pictures"
    count: int
    shape: tuple[int, int, int]
    classes: tuple[str, ...]


class TextFacts(Plain):
    """``text.npy`` is uint8 (bytes,): the text in UTF-8."""

    form: Literal["text"] = "text"
    characters: int
    different: int


AnyFacts = TableFacts | PictureFacts | TextFacts
_FACTS: TypeAdapter[AnyFacts] = TypeAdapter(Annotated[AnyFacts, Field(discriminator="form")])


class Shelf:
    """Looks own data sets up by their digest, in every folder it was told of."""

    def __init__(self) -> None:
        self._roots: dict[Path, None] = {}
        self._known: dict[str, tuple[Path, AnyFacts]] = {}

    def look_in(self, root: Path) -> None:
        """Also look in this folder from now on."""
        self._roots[root] = None

    def forget(self, digest: str) -> None:
        """It was removed."""
        self._known.pop(digest, None)

    def facts(self, digest: str) -> AnyFacts | None:
        """What is said of a set; None where no folder holds it."""
        found = self._find(digest)
        return found[1] if found else None

    def array(self, digest: str, name: str) -> NDArray[np.generic] | None:
        """One of its arrays, mapped into memory and read-only; None where no folder holds it."""
        found = self._find(digest)
        if found is None:
            return None
        mapped: NDArray[np.generic] = np.load(found[0] / name, mmap_mode="r", allow_pickle=False)
        return mapped

    def _find(self, digest: str) -> tuple[Path, AnyFacts] | None:
        if digest in self._known:
            return self._known[digest]
        for root in self._roots:
            folder = root / digest
            try:
                facts = _FACTS.validate_json((folder / META).read_bytes())
            except (OSError, ValidationError):
                continue
            self._known[digest] = (folder, facts)
            return folder, facts
        return None


SHELF = Shelf()
"""That of this process. What it finds follows from a content's hash alone, so it holds no choice."""
