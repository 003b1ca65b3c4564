"""The disk under a data folder: how full it is, what of ours takes the space, and how that is said."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path
from typing import Any

from app.core.errors import GlassnetError
from app.core.text import text

MIB = 2**20
_REMEMBERED = 5.0
_sizes: dict[Path, tuple[float, dict[str, int]]] = {}


class CannotStore(GlassnetError):
    """Base of what keeps a data folder from taking anything for a while."""

    code, status = "cannot_store", 503
    message = text("Nothing can be stored now.", "目前无法保存任何内容。")


class DiskFull(CannotStore):
    code, status = "disk_full", 507
    message = text(
        "The disk of the data folder {folder} is full: {free} MiB of {total} MiB are free, and "
        "{reserve} MiB are kept for deleting. Snapshots take {snapshots} MiB, the diary of runs "
        "{database} MiB, data sets {datasets} MiB, uploads {uploads} MiB, weights {weights} MiB. "
        "Delete runs or data sets, or make room elsewhere on the disk.",
        "数据文件夹 {folder} 所在的磁盘已满：共 {total} MiB，剩余 {free} MiB，其中 {reserve} MiB 留作删除之用。快照占 "
        "{snapshots} MiB，运行日志 {database} MiB，数据集 {datasets} MiB，上传文件 {uploads} MiB，权值 "
        "{weights} MiB。请删除运行或数据集，或清理磁盘上的其他文件。",
    )


class FolderGone(CannotStore):
    code, status = "data_gone", 503
    message = text(
        "The data folder {folder} was removed or replaced while Glassnet was serving. Nothing is "
        "stored any more. Put it back, or start Glassnet again.",
        "数据文件夹 {folder} 在运行期间被移除或替换，内容不再保存。请将其放回，或重新启动 Glassnet。",
    )


def disk_full(data: Path, reserve: int = 0) -> DiskFull:
    """The error with the present figures; goes through the folder, at most every few seconds."""
    try:
        usage = shutil.disk_usage(data)
        free, total = usage.free, usage.total
    except OSError:
        free = total = 0
    figures = {"free": free, "total": total, "reserve": reserve, **sizes(data)}
    params: dict[str, Any] = {name: _mib(size) for name, size in figures.items()}
    return DiskFull(folder=str(data), **params)


def sizes(data: Path) -> dict[str, int]:
    """Bytes that each kind of what is kept takes."""
    known = _sizes.get(data)
    if known is not None and time.monotonic() - known[0] < _REMEMBERED:
        return known[1]
    found = {
        "snapshots": _under(data / "runs"),
        "database": sum(_size(path) for path in data.glob("glassnet.db*")),
        "datasets": _under(data / "datasets"),
        "uploads": _under(data / "uploads"),
        "weights": _under(data / "weights"),
    }
    _sizes[data] = (time.monotonic(), found)
    return found


def in_words(size: int) -> str:
    """Bytes as a person reads them, the same in both languages."""
    return f"{size / 2**30:.1f} GiB" if size >= 2**30 else f"{_mib(size)} MiB"


def _under(folder: Path) -> int:
    return sum(_size(Path(place) / name) for place, _, names in os.walk(folder) for name in names)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _mib(size: int) -> float | int:
    return round(size / MIB, 1) if size < 100 * MIB else round(size / MIB)
