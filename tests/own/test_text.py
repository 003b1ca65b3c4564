"""Texts as files: what is read is what was written; what is no text is refused in words."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from app.own.refusals import EmptyFile, NotUtf8, Refused, TooMany, TooShort, ZeroByte
from app.own.written import read_text

STAR = "Twinkle, twinkle, little star,\nHow I wonder what you are!\n"
POEM = "床前明月光，疑是地上霜。\n举头望明月，低头思故乡。\n"


def read(folder: Path, content: bytes) -> tuple[str, int, int, str]:
    """The text that is kept, its two numbers, and the encoding it had."""
    (folder / "upload").write_bytes(content)
    facts, encoding = read_text(folder / "upload", folder / "text.npy")
    kept = bytes(np.load(folder / "text.npy")).decode()
    return kept, facts.characters, facts.different, encoding


@pytest.mark.parametrize(
    ("content", "expected", "encoding"),
    [
        ((STAR * 4).encode(), STAR * 4, "UTF-8"),
        ((STAR * 4).replace("\n", "\r\n").encode(), STAR * 4, "UTF-8"),
        ((STAR * 4).replace("\n", "\r").encode("utf-8-sig"), STAR * 4, "UTF-8"),
        ((POEM * 8).encode(), POEM * 8, "UTF-8"),
        (("\ufeff" + POEM * 8).encode("utf-16-le"), POEM * 8, "UTF-16"),
        (("\ufeff" + POEM * 8).encode("utf-16-be"), POEM * 8, "UTF-16"),
        (("🌙👩‍🚀\n" * 50).encode(), "🌙👩‍🚀\n" * 50, "UTF-8"),
    ],
    ids=("plain", "windows", "mark", "chinese", "utf-16-le", "utf-16-be", "emoji"),
)
def test_a_text_is_kept_as_it_was_written(
    tmp_path: Path, content: bytes, expected: str, encoding: str
) -> None:
    assert read(tmp_path, content) == (expected, len(expected), len(set(expected)), encoding)


@pytest.mark.parametrize(
    ("content", "error", "said"),
    [
        (b" \n\t\n" * 100, EmptyFile, "text"),
        (POEM.encode(), TooShort, str(len(POEM))),
        ((POEM * 10).encode("gb18030"), NotUtf8, "line 1"),
        (b"a plain line\n" * 30 + b"caf\xe9\n", NotUtf8, "byte 394, in line 31"),
        (("\ufeff" + POEM * 10).encode("utf-16-le")[:-1], NotUtf8, "UTF-8"),
        ((STAR * 4).encode("utf-16-le"), ZeroByte, "in line 1:"),
        (b"words\n" * 50 + b"\0" + b"words\n" * 50, ZeroByte, "in line 51:"),
        (b"twelve bytes" * 200_000, TooMany, "2,000,000"),
        (b"8 MiB and one more." * 450_000, TooMany, "8 MiB"),
        ("".join(map(chr, range(0x4E00, 0x6E00))).encode(), TooMany, "8,000"),
    ],
    ids=lambda value: getattr(value, "code", ""),
)
def test_what_is_no_text_to_learn_from_is_refused(
    tmp_path: Path, content: bytes, error: type[Refused], said: str
) -> None:
    with pytest.raises(error) as refused:
        read(tmp_path, content)
    assert said in refused.value.text.en
    assert refused.value.text.en != refused.value.text.zh
    assert not (tmp_path / "text.npy").exists()
