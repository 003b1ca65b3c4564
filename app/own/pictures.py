"""PNG and JPEG files of a zip → arrays of one size, one picture at a time, with bounded memory."""

from __future__ import annotations

import io
import struct
import warnings
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from app.catalog.shelf import PictureFacts
from app.core.text import text
from app.own.archive import LARGEST_FILE, MOST_CLASSES, Member, count_entries, members
from app.own.refusals import BrokenZip, NoPictures, OneClass, TooMany
from app.own.remarks import Remark, Remarks

MOST_PIXELS = 4_200_000
"""Of a picture before it is made smaller: 2048×2048, which takes 17 MB decoded."""
MOST_VALUES = 128 * 2**20
"""Of all pictures together."""
Colour = Literal["grey", "colour"]
Progress = Callable[[float], None]


class TooManyPixels(ValueError):
    """The header says so: nothing was decoded."""


def decode(content: bytes, size: int, colour: Colour) -> NDArray[np.uint8]:
    """uint8 (channels, size, size); transparent pixels become white.

    Raises OSError, ValueError or SyntaxError (Pillow's own) for what is no whole picture.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with _opened(content) as image:
            if image.width * image.height > MOST_PIXELS:
                raise TooManyPixels(f"{image.width}×{image.height}")
            if image.format == "JPEG":
                image.draft("L" if colour == "grey" else "RGB", (2 * size, 2 * size))
            image.load()
            flat = _flat(_reduced(image, size), "L" if colour == "grey" else "RGB")
    small = flat.resize((size, size), Image.Resampling.BOX if flat.width > size else 0)
    array = np.asarray(small, dtype=np.uint8)
    return array[None] if array.ndim == 2 else np.ascontiguousarray(array.transpose(2, 0, 1))


def _opened(content: bytes) -> Image.Image:
    try:
        return Image.open(io.BytesIO(content), formats=("PNG", "JPEG"))
    except Image.DecompressionBombError as error:  # Pillow's own limit, above ours
        raise TooManyPixels("too many") from error


def _reduced(image: Image.Image, size: int) -> Image.Image:
    """Made smaller by a whole factor, before anything else takes a copy of a large picture."""
    if image.mode.startswith("I"):  # 16 bits
        image = image.point(lambda value: value / 256).convert("L")
    factor = min(image.width, image.height) // size
    if factor < 2:
        return image
    if image.mode in ("P", "1"):
        image = image.convert("RGBA")
    return image.reduce(factor)


def _flat(image: Image.Image, mode: str) -> Image.Image:
    """The picture without transparency, in shades of grey or in red, green and blue."""
    if "A" in image.getbands() or "transparency" in image.info:
        layered = image.convert("RGBA")
        paper = Image.new("RGB", image.size, "white")
        paper.paste(layered, mask=layered.getchannel("A"))
        return paper.convert(mode)
    return image.convert(mode)


class Pictures:
    """Reads one zip. ``images`` are appended to a file while they come."""

    def __init__(self, path: Path, size: int, colour: Colour, remarks: Remarks) -> None:
        self.path, self.size, self.colour, self.remarks = path, size, colour, remarks
        self.shape = (1 if colour == "grey" else 3, size, size)

    def write(self, images: Path, progress: Progress) -> tuple[PictureFacts, NDArray[np.int64]]:
        """``images`` becomes the pictures; returns the facts and the labels. Raises what refuses."""
        count_entries(self.path)
        raw = images.with_suffix(".raw")
        try:
            with zipfile.ZipFile(self.path) as archive, raw.open("wb") as file:
                folders = self._all(archive, file, progress)
        except (zipfile.BadZipFile, NotImplementedError, struct.error) as error:
            raise BrokenZip(fault=str(error)[:120]) from error
        if not folders:
            raise NoPictures(first=self.remarks.first)
        names = sorted(Counter(folders))
        if len(names) < 2:
            raise OneClass(name=names[0])
        if len(names) > MOST_CLASSES:
            raise TooMany(limit=MOST_CLASSES, what=text("class folders", "个类别文件夹"))
        place = {name: i for i, name in enumerate(names)}
        labels = np.array([place[one] for one in folders], dtype=np.int64)
        facts = PictureFacts(count=len(labels), shape=self.shape, classes=tuple(names))
        _with_header(raw, images, (len(labels), *self.shape))
        return facts, labels

    def _all(
        self, archive: zipfile.ZipFile, file: io.BufferedWriter, progress: Progress
    ) -> list[str]:
        folders: list[str] = []
        found = list(members(archive, self.remarks))
        most = MOST_VALUES // (self.shape[0] * self.size**2)
        for number, member in enumerate(found):
            picture = self._one(archive, member)
            if picture is not None:
                file.write(picture.tobytes())
                folders.append(member.folder)
                if len(folders) > most:
                    raise TooMany(limit=most, what=text("pictures of this size", "张此尺寸的图像"))
            if number % 50 == 0:
                progress(0.9 * number / len(found))
        return folders

    def _one(self, archive: zipfile.ZipFile, member: Member) -> NDArray[np.uint8] | None:
        """The picture, or None with a remark."""
        try:
            with archive.open(member.info) as stream:
                content = stream.read(LARGEST_FILE + 1)
            return decode(content, self.size, self.colour)
        except TooManyPixels:
            self.remarks.add(
                Remark(
                    file=member.name,
                    message=text(
                        f"It has more than {MOST_PIXELS:,} pixels.",
                        f"其像素超过 {MOST_PIXELS:,}。",
                    ),
                    repair=text("Make the picture smaller.", "请缩小图像。"),
                )
            )
        except UnidentifiedImageError:
            self.remarks.add(
                Remark(
                    file=member.name,
                    message=text("There is no PNG or JPEG in it.", "其内容不是 PNG 或 JPEG。"),
                    repair=text("Save it again as PNG or JPEG.", "请重新另存为 PNG 或 JPEG。"),
                )
            )
        except (OSError, ValueError, SyntaxError, EOFError, RuntimeError, zlib.error) as error:
            reason = str(error)[:80] or type(error).__name__
            self.remarks.add(
                Remark(
                    file=member.name,
                    message=text(
                        f"The picture cannot be read ({reason}).", f"无法读取图像（{reason}）。"
                    ),
                    repair=text("Save it again as PNG or JPEG.", "请重新另存为 PNG 或 JPEG。"),
                )
            )
        return None


def _with_header(raw: Path, target: Path, shape: tuple[int, ...]) -> None:
    """Plain bytes → an .npy file, piece by piece."""
    with raw.open("rb") as source, target.open("wb") as file:
        np.lib.format.write_array_header_1_0(
            file, {"descr": "|u1", "fortran_order": False, "shape": shape}
        )
        while piece := source.read(1 << 20):
            file.write(piece)
    raw.unlink()
