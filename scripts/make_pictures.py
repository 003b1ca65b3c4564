"""Makes the kernel lab's sample pictures from a pinned package: grey, square, small, the same each time.

The package is downloaded by pip from whichever index is configured; licences are in PROVENANCE.md.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from PIL import Image

FOLDER: Final = Path(__file__).resolve().parents[1] / "static" / "public" / "pictures"
REQUIREMENT: Final = "scikit-image==0.26.0"
SIDE: Final = 128


@dataclass(frozen=True)
class Picture:
    """A picture of the package and the square of it that is kept: (left, top, side) in its pixels."""

    name: str
    sha256: str
    square: tuple[int, int, int]


PICTURES: Final = (
    Picture(
        "camera",
        "b0793d2adda0fa6ae899c03989482bff9a42d3d5690fc7e3648f2795d730c23a",
        (60, 30, 384),
    ),
    Picture(
        "coins",
        "f8d773fc9cfa6f4d8e5942dc34d0a0788fcaed2a4fefbbed0aef5398d7ef4cba",
        (60, 0, 303),
    ),
    Picture(
        "text",
        "bd84aa3a6e3c9887850d45d606c96b2e59433fbef50338570b63c319e668e6d1",
        (0, 0, 172),
    ),
    Picture(
        "astronaut",
        "88431cd9653ccd539741b555fb0a46b61558b301d4110412b5bc28b5e3ea6cb5",
        (60, 0, 384),
    ),
    Picture(
        "chelsea",
        "596aa1e7cb875eb79f437e310381d26b338a81c2da23439704a73c4651e8c4bb",
        (90, 20, 256),
    ),
    Picture(
        "brick",
        "7966caf324f6ba843118d98f7a07746d22f6a343430add0233eca5f6eaaa8fcf",
        (0, 0, 256),
    ),
)


def download(folder: Path) -> Path:
    """The package's wheel, any platform's: the pictures are the same in all of them."""
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
    command += ["--only-binary", ":all:", "--dest", str(folder), REQUIREMENT]
    subprocess.run(command, check=True)
    (wheel,) = folder.glob("scikit_image-*.whl")
    return wheel


def make(picture: Picture, wheel: zipfile.ZipFile) -> bytes:
    """The finished PNG; refuses a source that is not the expected one."""
    data = wheel.read(f"skimage/data/{picture.name}.png")
    got = hashlib.sha256(data).hexdigest()
    if got != picture.sha256:
        raise ValueError(f"{picture.name}: expected SHA-256 {picture.sha256}, got {got}")
    left, top, side = picture.square
    with Image.open(io.BytesIO(data)) as image:
        cut = image.convert("L").crop((left, top, left + side, top + side))
    buffer = io.BytesIO()
    cut.resize((SIDE, SIDE), Image.Resampling.BOX).save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


def pixels(data: bytes) -> bytes:
    """What a PNG shows: another zlib may pack the same pixels to other bytes."""
    with Image.open(io.BytesIO(data)) as image:
        return image.tobytes()


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; compare the pixels")
    parser.add_argument("--wheel", type=Path, help="a wheel that is here already")
    options = parser.parse_args(arguments)
    faults = []
    with (
        tempfile.TemporaryDirectory() as folder,
        zipfile.ZipFile(options.wheel or download(Path(folder))) as wheel,
    ):
        for picture in PICTURES:
            made, path = make(picture, wheel), FOLDER / f"{picture.name}.png"
            if not options.check:
                path.write_bytes(made)
                print(f"{path.name}: {len(made)} bytes")
            elif not path.is_file() or pixels(path.read_bytes()) != pixels(made):
                faults.append(path.name)
    for fault in faults:
        print(f"{fault} shows something else", file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    raise SystemExit(main())
