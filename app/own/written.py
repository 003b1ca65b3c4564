"""Reads an uploaded text: UTF-8 or, by its mark, UTF-16; line ends become one kind. Nothing is guessed."""

from __future__ import annotations

import codecs
from pathlib import Path

import numpy as np

from app.catalog.shelf import TextFacts
from app.core.text import text
from app.own.refusals import EmptyFile, NotUtf8, TooMany, TooShort, ZeroByte

ENDINGS = (".txt", ".md")
"""Names of files that are taken for texts."""
MOST_BYTES = 8 * 2**20
MOST_CHARACTERS = 2_000_000
MOST_DIFFERENT = 8_000
LEAST = 200


def read_text(upload: Path, target: Path) -> tuple[TextFacts, str]:
    """Write the text's UTF-8 as an array; the facts, and the encoding it had. Raises what refuses it."""
    if upload.stat().st_size > MOST_BYTES:
        raise TooMany(limit=f"{MOST_BYTES >> 20}", what=text("MiB of text", "MiB 的文本"))
    raw = upload.read_bytes()
    encoding = "utf-8-sig"
    if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        encoding = "utf-16"
    try:
        written = raw.decode(encoding)
    except UnicodeDecodeError as error:
        found = raw[error.start : error.start + 4].hex(" ")
        line = raw.count(b"\n", 0, error.start) + 1
        raise NotUtf8(line=line, byte=error.start + 1, found=found) from None
    if "\0" in written:
        raise ZeroByte(line=written.count("\n", 0, written.index("\0")) + 1)
    written = written.replace("\r\n", "\n").replace("\r", "\n")
    if not written.strip():
        raise EmptyFile
    if len(written) < LEAST:
        raise TooShort(count=len(written), least=LEAST)
    if len(written) > MOST_CHARACTERS:
        raise TooMany(limit=f"{MOST_CHARACTERS:,}", what=text("characters", "个字符"))
    different = len(set(written))
    if different > MOST_DIFFERENT:
        raise TooMany(limit=f"{MOST_DIFFERENT:,}", what=text("different characters", "种字符"))
    np.save(target, np.frombuffer(written.encode(), dtype=np.uint8), allow_pickle=False)
    facts = TextFacts(characters=len(written), different=different)
    return facts, "UTF-16" if encoding == "utf-16" else "UTF-8"
