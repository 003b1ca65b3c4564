"""Bytes of an unknown text file → lines, with bounded memory: finds the encoding, bounds every line."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from pathlib import Path

from app.own.refusals import EmptyFile, LineTooLong, NeitherKind

CHUNK = 1 << 18
LONGEST_LINE = 1 << 20
"""Characters; also of a record that goes over several lines."""
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_CONTROL = bytes(set(range(32)) - {9, 10, 12, 13})


def encoding_of(path: Path) -> str:
    """UTF-8 or UTF-16 by its mark, else the first of UTF-8, GB 18030 and Latin-1 that decodes all.

    Raises :class:`NeitherKind` for what is no text at all.
    """
    with path.open("rb") as file:
        head = file.read(CHUNK)
        if not head.strip():
            raise EmptyFile
        for mark, name in _MARKS:
            if head.startswith(mark):
                return name
        if len(head) - len(head.translate(None, _CONTROL)) > len(head) / 100:
            raise NeitherKind(what=f"{head[:4].hex(' ')} …")
    return next(name for name in ("utf-8", "gb18030", "latin-1") if _decodes(path, name))


def _decodes(path: Path, name: str) -> bool:
    decoder = codecs.getincrementaldecoder(name)()
    with path.open("rb") as file:
        try:
            while chunk := file.read(CHUNK):
                decoder.decode(chunk)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return False
    return True


def lines(path: Path, encoding: str) -> Iterator[str]:
    """The lines with their ends. Raises :class:`LineTooLong`, so that no line fills the memory."""
    with path.open(encoding=encoding, errors="replace", newline="") as file:
        number = 0
        while line := file.readline(LONGEST_LINE + 1):
            number += 1
            if len(line) > LONGEST_LINE:
                raise LineTooLong(line=number, limit=LONGEST_LINE)
            yield line.replace("\0", "\ufffd")
