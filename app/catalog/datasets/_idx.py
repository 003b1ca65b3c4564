"""Reads IDX files (the format of MNIST and Fashion-MNIST); fetches a file of known SHA-256.

It needs numpy only, and never opens a connection unless `download` is called.
"""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import http.client
import math
import os
import secrets
import urllib.error
import urllib.parse
import urllib.request
import zlib
from collections.abc import Callable, Generator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Final, Protocol, Self, cast

import numpy as np
from numpy.typing import NDArray

GZIP_MAGIC: Final = b"\x1f\x8b"
UINT8_CODE: Final = 0x08
MAX_DIMENSIONS: Final = 4
CHUNK_BYTES: Final = 1 << 18
DEFAULT_LIMIT_BYTES: Final = 512 * 1024 * 1024
TIMEOUT_SECONDS: Final = 30.0


class IdxError(ValueError):
    """A file is not the IDX file it should be; carries `path`, `expected` and `got`."""

    def __init__(self, path: Path, expected: str, got: str) -> None:
        super().__init__(f"{path}: expected {expected}, got {got}")
        self.path, self.expected, self.got = path, expected, got


class DownloadError(RuntimeError):
    """A file could not be fetched; carries `url` and `reason`."""

    def __init__(self, url: str, reason: str) -> None:
        super().__init__(f"could not download {url}: {reason}")
        self.url, self.reason = url, reason


class ChecksumError(DownloadError):
    """The file arrived, but its SHA-256 is not the one recorded."""


class Response(Protocol):
    """The part of `urllib.request.urlopen`'s answer that `download` uses."""

    @property
    def headers(self) -> Mapping[str, str]: ...
    def read(self, amount: int, /) -> bytes: ...
    def __enter__(self) -> Self: ...
    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
        /,
    ) -> bool | None: ...


Opener = Callable[..., Response]
Progress = Callable[[int, int | None], None]


def read_idx(path: Path, limit_bytes: int = DEFAULT_LIMIT_BYTES) -> NDArray[np.uint8]:
    """Read an IDX file of unsigned bytes, plain or gzip (told by content, not by name).

    Format: two zero bytes, the type code, the number of dimensions, each dimension as a
    big-endian uint32, then the values in C order (yann.lecun.com/exdb/mnist, "the IDX file
    format"). `limit_bytes` bounds the size after decompression.

    Returns a writable uint8 array of the shape in the header.
    Raises `IdxError` (a `ValueError`) where the file is not that, `OSError` where it cannot be
    read.
    """
    with path.open("rb") as raw:
        packed = raw.read(2) == GZIP_MAGIC
        raw.seek(0)
        if not packed:
            return _read_stream(path, raw, limit_bytes)
        try:
            with gzip.GzipFile(fileobj=raw, mode="rb") as stream:
                return _read_stream(path, cast(IO[bytes], stream), limit_bytes)
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise IdxError(path, "a complete gzip file", str(error) or "a damaged one") from error


def _read_stream(path: Path, stream: IO[bytes], limit_bytes: int) -> NDArray[np.uint8]:
    shape = _read_shape(path, stream)
    count = math.prod(shape)
    total = 4 + 4 * len(shape) + count
    if total > limit_bytes:
        raise IdxError(path, f"at most {limit_bytes} bytes", f"{total} bytes for shape {shape}")
    values = np.empty(count, dtype=np.uint8)
    filled = _fill(stream, values.data)
    if filled < count:
        raise IdxError(path, f"{count} values for shape {shape}", f"only {filled}")
    if stream.read(1):  # at the end of a gzip file this also verifies its CRC
        raise IdxError(path, f"{count} values for shape {shape}", "more than that")
    return values.reshape(shape)


def _read_shape(path: Path, stream: IO[bytes]) -> tuple[int, ...]:
    magic = stream.read(4)
    if len(magic) < 4 or magic[:2] != b"\0\0":
        raise IdxError(path, "an IDX magic number, 00 00 08 nn", magic.hex(" ") or "an empty file")
    if magic[2] != UINT8_CODE:
        raise IdxError(path, "IDX type 08 (unsigned byte)", f"type {magic[2]:02x}")
    if not 1 <= magic[3] <= MAX_DIMENSIONS:
        raise IdxError(path, f"1 to {MAX_DIMENSIONS} dimensions", str(magic[3]))
    sizes = stream.read(4 * magic[3])
    if len(sizes) < 4 * magic[3]:
        raise IdxError(path, f"{4 * magic[3]} bytes of dimensions", f"only {len(sizes)}")
    shape = tuple(int(size) for size in np.frombuffer(sizes, dtype=">u4"))
    if 0 in shape:
        raise IdxError(path, "dimensions of at least 1", str(shape))
    return shape


def _fill(stream: IO[bytes], target: memoryview) -> int:
    filled = 0
    while filled < len(target):
        chunk = stream.read(min(CHUNK_BYTES, len(target) - filled))
        if not chunk:
            break
        target[filled : filled + len(chunk)] = chunk
        filled += len(chunk)
    return filled


def find_idx_set(root: Path, stems: Sequence[str]) -> dict[str, Path] | None:
    """Find a file under `root` for every stem (such as `train-images-idx3-ubyte`), or return None.

    A plain file is preferred to `.gz`; the spelling `train-images.idx3-ubyte`, which some
    mirrors use, is accepted too.
    """
    found: dict[str, Path] = {}
    for stem in stems:
        spellings = (stem, stem.replace("-idx", ".idx"))
        names = [spelling + end for end in ("", ".gz") for spelling in spellings]
        path = next((root / name for name in names if (root / name).is_file()), None)
        if path is None:
            return None
        found[stem] = path
    return found


def download(
    url: str,
    sha256: str,
    target: Path,
    progress: Progress,
    *,
    opener: Opener = urllib.request.urlopen,
    limit_bytes: int = DEFAULT_LIMIT_BYTES,
) -> None:
    """Fetch `url` into `target`, which appears only when complete and of the given SHA-256.

    `progress(done, total)` is called at the start and after every chunk, in bytes; total is None
    where the server does not say. An exception raised in it cancels the download.

    Raises `ChecksumError` or `DownloadError`; `OSError` where the disk refuses. In every case the
    partial file is removed and what lay at `target` before is untouched.
    """
    if urllib.parse.urlsplit(url).scheme not in ("http", "https"):
        raise DownloadError(url, "the address must begin with http:// or https://")
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(f".{target.name}.{secrets.token_hex(4)}.part")
    digest = hashlib.sha256()
    try:
        chunks = contextlib.closing(_chunks(url, progress, opener, limit_bytes))
        with partial.open("xb") as file, chunks as arriving:
            for chunk in arriving:
                digest.update(chunk)
                file.write(chunk)
            file.flush()
            os.fsync(file.fileno())
        if digest.hexdigest() != sha256.lower():
            raise ChecksumError(url, f"expected SHA-256 {sha256.lower()}, got {digest.hexdigest()}")
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)


def _chunks(url: str, progress: Progress, opener: Opener, limit_bytes: int) -> Generator[bytes]:
    done = 0
    with _open(url, opener) as response:
        length = response.headers.get("Content-Length", "")
        total = int(length) if length.isdecimal() else None
        if total is not None and total > limit_bytes:
            raise DownloadError(url, f"{total} bytes announced, the limit is {limit_bytes}")
        progress(done, total)
        while chunk := _read_chunk(url, response):
            done += len(chunk)
            if done > limit_bytes:
                raise DownloadError(url, f"more than the limit of {limit_bytes} bytes")
            yield chunk
            progress(done, total)
    if total is not None and done < total:
        raise DownloadError(url, f"the connection ended after {done} of {total} bytes")


def _open(url: str, opener: Opener) -> Response:
    try:
        return opener(url, timeout=TIMEOUT_SECONDS)
    except urllib.error.HTTPError as error:
        error.close()
        raise DownloadError(url, f"the server answered {error.code} {error.reason}") from error
    except urllib.error.URLError as error:
        raise DownloadError(url, f"no connection ({error.reason})") from error
    except (OSError, http.client.HTTPException) as error:
        raise DownloadError(url, f"no connection ({error})") from error


def _read_chunk(url: str, response: Response) -> bytes:
    try:
        return response.read(CHUNK_BYTES)
    except (OSError, http.client.HTTPException) as error:
        raise DownloadError(url, f"the connection broke ({error})") from error
