"""Official files of a data set: which they are, downloaded when a user asks, checked by SHA-256."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import NamedTuple

from app.catalog.datasets._base import Progress
from app.catalog.datasets._idx import DownloadError, download
from app.core.errors import DownloadFailed


class Source(NamedTuple):
    """One official file: its name, its size in bytes and its SHA-256."""

    name: str
    size: int
    sha256: str


def fetch_all(sources: tuple[Source, ...], base: str, folder: Path, progress: Progress) -> None:
    """Download what is not there yet, with one progress over all files. The small ones come first:
    a wrong address or a closed network shows at once.

    Raises :class:`DownloadFailed`; complete files of an earlier attempt are kept.
    """
    done, total = 0, sum(source.size for source in sources)
    for source in sorted(sources, key=lambda one: one.size):
        target = folder / source.name
        if not complete(target, source):
            _download(source, base, target, _after(done, total, progress))
        done += source.size
        progress(done, total)


def complete(path: Path, source: Source) -> bool:
    """Whether this is the official file."""
    if not path.is_file() or path.stat().st_size != source.size:
        return False
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest() == source.sha256


def _after(done: int, total: int, progress: Progress) -> Progress:
    """The progress of one file, told as a part of all."""
    return lambda now, _: progress(done + now, total)


def _download(source: Source, base: str, target: Path, progress: Progress) -> None:
    try:
        download(f"{base}{source.name}", source.sha256, target, progress)
    except DownloadError as error:
        raise DownloadFailed(url=error.url, reason=error.reason) from error
