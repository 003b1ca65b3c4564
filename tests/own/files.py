"""Files as users, good and bad, would upload them, and the reading of one as the server does it."""

from __future__ import annotations

import io
import json
import struct
import subprocess
import sys
import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from app.own.keep import FileReport, Wanted, read


def png(array: NDArray[np.uint8]) -> bytes:
    out = io.BytesIO()
    Image.fromarray(array).save(out, "PNG")
    return out.getvalue()


def jpeg(array: NDArray[np.uint8]) -> bytes:
    out = io.BytesIO()
    Image.fromarray(array).save(out, "JPEG", quality=95)
    return out.getvalue()


def zipped(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return out.getvalue()


def shades(*classes: str, each: int = 4, side: int = 12) -> dict[str, bytes]:
    """Pictures whose class is their shade, in folders."""
    found = {}
    for number, name in enumerate(classes):
        for i in range(each):
            array = np.full((side, side), 40 * number + i, np.uint8)
            found[f"{name}/{i}.png"] = png(array)
    return found


def bomb_png(side: int = 60_000) -> bytes:
    """A few hundred bytes that claim to be 3.6 thousand million pixels."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        body = kind + content
        return struct.pack(">I", len(content)) + body + struct.pack(">I", zlib.crc32(body))

    head = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    content = zlib.compress(b"\0" * 100_000)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", content) + chunk(b"IEND", b"")
    )


def keep(tmp_path: Path, content: bytes, **wanted: Any) -> tuple[Path, FileReport]:
    """Read an upload in this process: (folder of the set, report). Raises what refuses it."""
    work = tmp_path / f"work{len(list(tmp_path.iterdir()))}"
    work.mkdir(parents=True)
    (work / "upload").write_bytes(content)
    root = tmp_path / "root"
    digest = read(work / "upload", Wanted(root=root, **wanted), work, lambda share: None)
    report = FileReport.model_validate_json((root / digest / "report.json").read_bytes())
    return root / digest, report


MEASURED = """
import json, sys, time
from pathlib import Path
from app.core.errors import GlassnetError
from app.own.keep import Wanted, read
def peak():
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024
folder = Path(sys.argv[1])
Path("/proc/self/clear_refs").write_text("5")
before, began = peak(), time.process_time()
try:
    said = {"done": read(folder / "upload", Wanted(root=folder / "root"), folder, lambda s: None)}
except GlassnetError as error:
    said = {"code": error.code}
print(json.dumps({**said, "seconds": time.process_time() - began, "mib": peak() - before}))
"""
"""Reads an upload in a fresh interpreter and says what it took beyond the interpreter itself."""


def measured(folder: Path) -> dict[str, Any]:
    """What reading ``folder/upload`` came to: ``done`` or ``code``, processor ``seconds``, ``mib``."""
    process = subprocess.run(
        [sys.executable, "-c", MEASURED, str(folder)], capture_output=True, text=True, check=True
    )
    return dict(json.loads(process.stdout))
