"""An uploaded file → the folder of a data set, named after its content. Appears whole or not at all."""

from __future__ import annotations

import hashlib
import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from app.catalog.shelf import (
    IMAGES,
    LABELS,
    META,
    TABLE,
    TEXT,
    AnyFacts,
    PictureFacts,
    TableFacts,
)
from app.core.names import LONGEST_NAME, Line, Name
from app.own.archive import MAGIC
from app.own.pictures import Pictures
from app.own.remarks import Remark, Remarks
from app.own.table import DELIMITERS, Table, form_of
from app.own.written import ENDINGS, read_text

REPORT, ABOUT = "report.json", "about.json"
LARGEST_SIDE = 128
PIECE = 1 << 20
PLACING_TRIES = 10


Form = Literal["found", "table", "text"]
"""What a file that is no zip is read as; found: a text where its name says so, else a table."""
Header = Literal["found", "yes", "no"]
Delimiter = Literal["found", "comma", "semicolon", "tab", "bar"]


class Wanted(BaseModel):
    """What the user said of the upload. ``root`` is the folder that the set is to lie in."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    root: Path
    filename: Annotated[Line, Field(max_length=200)] = ""
    name: Name = ""
    size: int = Field(28, ge=4, le=LARGEST_SIDE)
    colour: Literal["grey", "colour"] = "grey"
    header: Header = "found"
    delimiter: Delimiter = "found"
    form: Form = "found"


class About(BaseModel):
    """What the user may change at any time; no part of the content."""

    model_config = ConfigDict(extra="forbid")

    name: Line
    licence: Line = ""
    source: Line = ""
    created: float


class FileReport(BaseModel):
    """How the reading went: what was found out about the file, and what did not fit."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    filename: str
    bytes: int
    encoding: str | None = None
    delimiter: str | None = None
    header: bool | None = None
    preview: tuple[tuple[str, ...], ...] = ()
    """The first rows of a table, as they are written in the file."""
    remarks: tuple[Remark, ...] = ()
    remark_count: int = 0


def read(upload: Path, wanted: Wanted, folder: Path, progress: Callable[[float], None]) -> str:
    """Read the upload and put the set in place; returns its digest. Raises what refuses the file."""
    made = folder / "made"
    made.mkdir()
    remarks = Remarks()
    with upload.open("rb") as file:
        zipped = file.read(4) in MAGIC
    facts: AnyFacts
    extra: dict[str, Any]
    if zipped:
        facts, extra = _pictures(upload, wanted, made, remarks, progress)
    elif is_text(wanted):
        facts, encoding = read_text(upload, made / TEXT)
        extra = {"encoding": encoding}
    else:
        facts, extra = _table(upload, wanted, made, remarks, progress)
    report = FileReport(
        filename=wanted.filename,
        bytes=upload.stat().st_size,
        remarks=tuple(remarks.kept),
        remark_count=remarks.count,
        **extra,
    )
    (made / META).write_text(facts.model_dump_json(), "utf-8")
    (made / REPORT).write_text(report.model_dump_json(), "utf-8")
    name = wanted.name.strip() or Path(wanted.filename).stem.strip() or "data"
    about = About(name=name[:LONGEST_NAME], created=time.time())
    (made / ABOUT).write_text(about.model_dump_json(), "utf-8")
    return place(made, wanted.root)


def is_text(wanted: Wanted) -> bool:
    """Whether a file that is no zip is a text, and no table."""
    named = wanted.filename.lower().endswith(ENDINGS)
    return wanted.form == "text" or (wanted.form == "found" and named)


def _pictures(
    upload: Path, wanted: Wanted, made: Path, remarks: Remarks, progress: Callable[[float], None]
) -> tuple[PictureFacts, dict[str, Any]]:
    source = Pictures(upload, wanted.size, wanted.colour, remarks)
    facts, labels = source.write(made / IMAGES, progress)
    np.save(made / LABELS, labels, allow_pickle=False)
    return facts, {}


def _table(
    upload: Path, wanted: Wanted, made: Path, remarks: Remarks, progress: Callable[[float], None]
) -> tuple[TableFacts, dict[str, Any]]:
    header = None if wanted.header == "found" else wanted.header == "yes"
    form = form_of(upload, DELIMITERS.get(wanted.delimiter), header)
    table = Table(upload, form, remarks, progress)
    facts = table.facts()
    table.write(facts, made / TABLE)
    return facts, {
        "encoding": form.encoding,
        "delimiter": form.delimiter,
        "header": form.header,
        "preview": tuple(tuple(row) for row in table.preview),
    }


def digest_of(folder: Path) -> str:
    """SHA-256 over what the set says of itself and its arrays: the same content, the same name."""
    found = hashlib.sha256()
    for name in (META, TABLE, IMAGES, LABELS, TEXT):
        path = folder / name
        if path.is_file():
            with path.open("rb") as file:
                found.update(f"{name}:{path.stat().st_size}:".encode())
                while piece := file.read(PIECE):
                    found.update(piece)
    return found.hexdigest()


def place(made: Path, root: Path) -> str:
    """Move a finished set to its name under ``root``; one that is there already stays as it is."""
    digest = digest_of(made)
    for path in made.iterdir():
        _synced(path)
    _synced(made)
    root.mkdir(parents=True, exist_ok=True)
    target = root / digest
    for attempt in range(PLACING_TRIES):
        try:
            made.rename(target)
            break
        except OSError:
            if (target / META).is_file():
                shutil.rmtree(made)
                break
            # The same set may have been removed between the two looks at it.
            if attempt == PLACING_TRIES - 1:
                raise
    _synced(root)
    return digest


def _synced(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
