"""A zip of unknown origin → its picture files, one after the other. Nothing is ever unpacked to disk.

The directory is counted before it is read; a name is only ever split at its slashes, never opened.
"""

from __future__ import annotations

import stat
import struct
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from app.core import names
from app.core.quoted import line
from app.core.text import Text, text
from app.own.refusals import BrokenZip, TooMany
from app.own.remarks import Remark, Remarks

MAGIC = (b"PK\x03\x04", b"PK\x05\x06")
MOST_FILES = 50_000
LARGEST_FILE = 16 * 2**20
LARGEST_TOTAL = 2 * 2**30
LARGEST_DIRECTORY = 12 * 2**20
MOST_CLASSES = 256
LONGEST_NAME = 80
_END = struct.Struct("<4s4H2LH")
_ENTRY = struct.Struct("<4s6H3L5H2L")
_PICTURE = (".png", ".jpg", ".jpeg")
_IGNORED = ("__MACOSX", ".DS_Store", "Thumbs.db", "desktop.ini")
_COMPRESSIONS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


@dataclass(frozen=True)
class Member:
    """One file: its class is the name of the folder it lies in."""

    info: zipfile.ZipInfo
    folder: str

    @property
    def name(self) -> str:
        return shown(self.info.filename)


def shown(name: str) -> str:
    """A name to be displayed: short, without what cannot be printed."""
    seen = line(name)
    return seen if len(seen) <= LONGEST_NAME else f"…{seen[-LONGEST_NAME:]}"


def count_entries(path: Path) -> None:
    """Refuse a directory that would not fit into memory, before anything reads it."""
    size = path.stat().st_size
    with path.open("rb") as file:
        file.seek(max(0, size - 66_000))
        tail = file.read()
        at = tail.rfind(b"PK\x05\x06")
        if at < 0 or len(tail) - at < _END.size:
            raise BrokenZip(fault="its end is missing")
        directory = _END.unpack_from(tail, at)[5]
        if directory > LARGEST_DIRECTORY:
            raise TooMany(limit=MOST_FILES, what=text("files", "个文件"))
        start = max(0, size - len(tail)) + at - directory
        if start < 0:
            raise BrokenZip(fault="its directory is cut off")
        file.seek(start)
        content = file.read(directory)
    place = count = 0
    while place + _ENTRY.size <= len(content):
        fields = _ENTRY.unpack_from(content, place)
        place += _ENTRY.size + sum(fields[10:13])
        count += 1
        if count > MOST_FILES:
            raise TooMany(limit=MOST_FILES, what=text("files", "个文件"))


def members(archive: zipfile.ZipFile, remarks: Remarks) -> Iterator[Member]:
    """The files that may be pictures; every other one is remarked. Two folders deep at most count."""
    infos = [info for info in archive.infolist() if not _ignored(info)]
    good = [info for info in infos if _fits(info, remarks)]
    outer = _common(good)
    total = 0
    for info in good:
        folders = PurePosixPath(info.filename).parts[:-1][outer:]
        if not folders:
            remarks.add(_remark(info, *_NO_FOLDER))
            continue
        total += info.file_size
        if total > LARGEST_TOTAL:
            raise TooMany(limit=LARGEST_TOTAL, what=text("bytes of pictures", "字节的图像"))
        yield Member(info, names.shown(folders[0][:LONGEST_NAME]))


def _ignored(info: zipfile.ZipInfo) -> bool:
    parts = info.filename.split("/")
    return info.is_dir() or any(part in _IGNORED or part.startswith("._") for part in parts)


def _common(infos: list[zipfile.ZipInfo]) -> int:
    """How many outer folders hold everything, the folders of the classes not counted."""
    folders = {PurePosixPath(info.filename).parts[:-1] for info in infos}
    outer = 0
    while (
        all(len(one) > outer + 1 for one in folders) and len({one[outer] for one in folders}) == 1
    ):
        outer += 1
    return outer


_NO_FOLDER = (
    text("The file lies in no class folder.", "该文件不在任何类别文件夹中。"),
    text("Put it into a folder named after its class.", "请放入以其类别命名的文件夹。"),
)
_UNSAFE = (
    text("The name leads out of the archive.", "文件名指向压缩包之外。"),
    text("Name it folder/file.png.", "请命名为 文件夹/文件.png。"),
)
_LINK = (
    text("It is a link, not a file.", "这是链接，不是文件。"),
    text("Put the picture itself into the zip.", "请将图像本身放入 zip。"),
)
_NESTED = (
    text("A zip inside the zip is not opened.", "不会打开 zip 中的 zip。"),
    text("Put its pictures into class folders.", "请将其中的图像放入类别文件夹。"),
)
_NO_PICTURE = (
    text("It is no PNG or JPEG.", "不是 PNG 或 JPEG。"),
    text("Save it as PNG or JPEG.", "请另存为 PNG 或 JPEG。"),
)
_LOCKED = (
    text("It is encrypted or packed in an unusual way.", "文件已加密或压缩方式不常见。"),
    text("Make the zip without a password.", "请不设密码重新压缩。"),
)
_LARGE = (
    text(
        f"The file is larger than {LARGEST_FILE >> 20} MiB.", f"文件超过 {LARGEST_FILE >> 20} MiB。"
    ),
    text("Make the picture smaller.", "请缩小图像。"),
)


def _fits(info: zipfile.ZipInfo, remarks: Remarks) -> bool:
    name = info.filename
    mode = info.external_attr >> 16
    parts = name.replace("\\", "/").split("/")
    fault = None
    if name.startswith(("/", "\\")) or ".." in parts or ":" in parts[0] or "\0" in name:
        fault = _UNSAFE
    elif stat.S_ISLNK(mode):
        fault = _LINK
    elif info.flag_bits & 1 or info.compress_type not in _COMPRESSIONS:
        fault = _LOCKED
    elif name.lower().endswith((".zip", ".gz", ".7z", ".rar", ".tar")):
        fault = _NESTED
    elif not name.lower().endswith(_PICTURE):
        fault = _NO_PICTURE
    elif info.file_size > LARGEST_FILE:
        fault = _LARGE
    if fault is not None:
        remarks.add(_remark(info, *fault))
    return fault is None


def _remark(info: zipfile.ZipInfo, message: Text, repair: Text) -> Remark:
    return Remark(file=shown(info.filename), message=message, repair=repair)
