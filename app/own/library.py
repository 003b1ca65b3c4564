"""The own data sets of a server: listed, described, renamed and removed. Reads no upload."""

from __future__ import annotations

import re
import secrets
import shutil
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError, WithJsonSchema

from app.catalog.datasets import DATASETS
from app.catalog.datasets._columns import suggested, usable_targets
from app.catalog.shelf import META, SHELF, AnyFacts, PictureFacts, TableFacts, TextFacts
from app.core.errors import NotFound
from app.core.text import text
from app.own.keep import ABOUT, REPORT, About, FileReport
from app.own.refusals import InUse

_DIGEST = re.compile(r"^[0-9a-f]{64}$")
_GONE = ".removed-"
CATEGORIES_SHOWN = 12
Needed = Callable[[str], Awaitable[Sequence[str]]]
"""Says which runs need a digest."""


class ColumnInfo(BaseModel):
    """One column; ``classes`` counts what it can be a class of, ``examples`` are some of them."""

    model_config = ConfigDict(frozen=True)

    name: str
    kind: Literal["number", "category", "text"]
    present: int
    classes: int
    examples: tuple[str, ...]
    usable: bool
    """Whether it can be the target."""


class OwnInfo(BaseModel):
    """One own data set. ``dataset`` is the part of a spec that trains on it."""

    model_config = ConfigDict(frozen=True)

    digest: str
    form: Literal["table", "pictures", "text"]
    name: str
    licence: str
    source: str
    created: float
    samples: int
    bytes: int
    """On disk."""
    dataset: Annotated[
        dict[str, Any],
        WithJsonSchema(
            {
                "type": "object",
                "properties": {"type": {"type": "string"}},
                "required": ["type"],
                "additionalProperties": True,
            }
        ),
    ]


class OwnDetail(OwnInfo):
    """Also what was found in the file, and the rows or files that did not fit."""

    columns: tuple[ColumnInfo, ...]
    classes: tuple[str, ...]
    shape: tuple[int, ...]
    report: FileReport


class Library:
    """The sets under ``root``."""

    def __init__(self, root: Path) -> None:
        self.root = root
        SHELF.look_in(root)

    def tidy(self) -> None:
        """Finish removals that a server did not live to finish."""
        for left in self.root.glob(f"{_GONE}*"):
            shutil.rmtree(left, ignore_errors=True)

    def list(self) -> list[OwnInfo]:
        """The newest first."""
        folders = self.root.iterdir() if self.root.is_dir() else ()
        named = [folder.name for folder in folders if _DIGEST.match(folder.name)]
        found = [one for name in named if (one := self._info(name)) is not None]
        return sorted(found, key=lambda one: (-one.created, one.digest))

    def _info(self, digest: str) -> OwnInfo | None:
        if not (self.root / digest / META).is_file():
            SHELF.forget(digest)  # it was looked up while it was being removed
            return None
        facts, about = SHELF.facts(digest), self._about(digest)
        if facts is None or about is None:
            return None
        try:
            size = sum(path.stat().st_size for path in (self.root / digest).glob("*.npy"))
        except OSError:  # removed while one looks
            return None
        return OwnInfo(
            digest=digest,
            form=facts.form,
            samples=_samples(facts),
            bytes=size,
            dataset=_part(digest, facts),
            **about.model_dump(),
        )

    def _about(self, digest: str) -> About | None:
        try:
            return About.model_validate_json((self.root / digest / ABOUT).read_bytes())
        except (OSError, ValidationError):
            return About(name=digest[:8], created=0.0)

    def get(self, digest: str) -> OwnDetail:
        """Raises NotFound."""
        info = self._info(digest) if _DIGEST.match(digest) else None
        facts = SHELF.facts(digest) if info else None
        if info is None or facts is None:
            raise _no_such_set(digest)
        pictures = facts if isinstance(facts, PictureFacts) else None
        return OwnDetail(
            **info.model_dump(),
            columns=_columns(facts) if isinstance(facts, TableFacts) else (),
            classes=pictures.classes if pictures else (),
            shape=pictures.shape if pictures else (),
            report=self._report(digest),
        )

    def _report(self, digest: str) -> FileReport:
        """How the reading went; nothing is said where that was removed or damaged meanwhile."""
        try:
            return FileReport.model_validate_json((self.root / digest / REPORT).read_bytes())
        except (OSError, ValidationError):
            return FileReport(filename="", bytes=0)

    def change(self, digest: str, **texts: str) -> OwnDetail:
        """Another name, licence or source; raises NotFound."""
        self.get(digest)
        about = self._about(digest)
        assert about is not None
        target = self.root / digest / ABOUT
        partial = target.with_name(f".{ABOUT}.{secrets.token_hex(4)}")
        try:
            partial.write_text(about.model_copy(update=texts).model_dump_json(), "utf-8")
            partial.replace(target)
        except FileNotFoundError:  # removed meanwhile
            raise _no_such_set(digest) from None
        return self.get(digest)

    async def remove(self, digest: str, needed: Needed) -> None:
        """Remove it unless a run needs it; raises :class:`InUse` or NotFound."""
        self.get(digest)
        _refuse(await needed(digest))
        gone = self.root / f"{_GONE}{digest[:16]}-{secrets.token_hex(4)}"
        try:
            (self.root / digest).rename(gone)
        except FileNotFoundError:  # somebody else was faster
            raise _no_such_set(digest) from None
        finally:
            SHELF.forget(digest)
        try:
            # a run that was made between the question and the removal
            _refuse(await needed(digest))
        except InUse:
            with suppress(OSError):  # the same content may have been uploaded again meanwhile
                gone.rename(self.root / digest)
            raise
        shutil.rmtree(gone, ignore_errors=True)


def _no_such_set(digest: str) -> NotFound:
    return NotFound(kind=text("data set", "数据集"), name=digest[:12])


def _samples(facts: AnyFacts) -> int:
    """Rows, pictures, or the characters of a text."""
    if isinstance(facts, TextFacts):
        return facts.characters
    return facts.rows if isinstance(facts, TableFacts) else facts.count


def _refuse(runs: Sequence[str]) -> None:
    if runs:
        named = ", ".join(runs[:5]) + (" …" if len(runs) > 5 else "")
        raise InUse(count=len(runs), runs=named)


def _part(digest: str, facts: AnyFacts) -> dict[str, Any]:
    """The part of a spec, with what would be guessed written out."""
    if not isinstance(facts, TableFacts):
        kind = f"uploaded_{facts.form}"
        part = DATASETS.parts[kind].model_validate({"type": kind, "digest": digest})
        return part.model_dump(mode="json")
    usable = usable_targets(facts)
    given: dict[str, Any] = {"type": "uploaded_table", "digest": digest}
    if usable:
        column = next(one for one in facts.columns if one.name == usable[-1])
        given |= {"target": column.name, "task": suggested(column)}
    return DATASETS.parts["uploaded_table"].model_validate(given).model_dump(mode="json")


def _columns(facts: TableFacts) -> tuple[ColumnInfo, ...]:
    usable = set(usable_targets(facts))
    return tuple(
        ColumnInfo(
            name=one.name,
            kind=one.kind,
            present=one.present,
            classes=len(one.classes),
            examples=one.classes[:CATEGORIES_SHOWN],
            usable=one.name in usable,
        )
        for one in facts.columns
    )
