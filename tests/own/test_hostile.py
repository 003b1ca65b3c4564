"""Uploads made to do harm: refused quickly or read with remarks, in at most 50 MiB more memory."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.own.files import bomb_png, jpeg, measured, png, shades, zipped

MOST_MIB = 50.0


def zeros(size: int) -> bytes:
    """A zip whose one file unpacks to so many zeros."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        with archive.open("a/x.png", "w", force_zip64=True) as file:
            for _ in range(size >> 20):
                file.write(bytes(1 << 20))
        for name, content in shades("a", "b").items():
            archive.writestr(name, content)
    return out.getvalue()


def many(count: int) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for i in range(count):
            archive.writestr(f"{i}", b"")
    return out.getvalue()


def large_pictures() -> bytes:
    random = np.random.RandomState(1)
    big = random.randint(0, 255, (1900, 2200, 4)).astype(np.uint8)
    photo = jpeg(np.ascontiguousarray(big[..., :3]))
    content = png(np.zeros((1900, 2200, 4), np.uint8))
    return zipped({"a/1.png": content, "b/2.png": content, "a/3.jpg": photo, "b/4.jpg": photo})


# Made by the test that sends them: every process of the suite reads this file.
REFUSED: dict[str, tuple[Callable[[], bytes], str]] = {
    "nested zips only": (lambda: zipped({f"{i}.zip": zipped({"x": b"0"}) for i in range(16)}), "upload_no_pictures"),
    "too many files": (lambda: many(50_001), "upload_too_many"),
    "10,000 columns": (lambda: (",".join(["1"] * 10_000) + "\n").encode() * 20, "upload_too_many"),
    "one endless line": (lambda: b"1," * 8_000_000, "upload_line_too_long"),
    "an open quotation mark": (lambda: b'a,b\n1,"' + b"2,3\n" * 4_000_000, "upload_line_too_long"),
    "one endless record": (lambda: b'a,b\n' + b'"\n",' * 3_000_000, "upload_line_too_long"),
    "binary": (lambda: bytes(range(256)) * 100_000, "upload_unknown"),
}  # fmt: skip
READ: dict[str, Callable[[], bytes]] = {
    "bomb picture": lambda: zipped({**shades("a", "b"), "a/bomb.png": bomb_png()}),
    "bomb file": lambda: zeros(256 << 20),
    "large pictures": large_pictures,
    "a wide table": lambda: ("x," * 1999 + "y\n").encode() + ("1.5," * 1999 + "2\n").encode() * 150,
    "many values": lambda: (
        b"a,b,c\n" + b"".join(b"%d,w%d,%d\n" % (i, i, i % 3) for i in range(100_000))
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused_within_a_second(tmp_path: Path, name: str) -> None:
    made, code = REFUSED[name]
    (tmp_path / "upload").write_bytes(made())
    found = measured(tmp_path)
    assert found.get("code") == code
    # processor time, because the machine may be busy; the file was on disk before
    assert found["seconds"] < 1.0
    assert found["mib"] < MOST_MIB


@pytest.mark.parametrize("name", READ)
def test_read_with_bounded_memory(tmp_path: Path, name: str) -> None:
    (tmp_path / "upload").write_bytes(READ[name]())
    found = measured(tmp_path)
    assert found.get("done"), found
    assert found["mib"] < MOST_MIB
