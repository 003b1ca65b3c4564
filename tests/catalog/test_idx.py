"""IDX files read back exactly, damaged ones are named, a download appears whole or not at all."""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import socket
import struct
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest

from app.catalog.datasets._idx import (
    ChecksumError,
    DownloadError,
    IdxError,
    download,
    find_idx_set,
    read_idx,
)

BODY = bytes(range(256)) * 4096  # 1 MiB, several chunks
BODY_SHA256 = hashlib.sha256(BODY).hexdigest()


def idx_bytes(shape: tuple[int, ...], values: bytes, code: int = 0x08) -> bytes:
    return bytes((0, 0, code, len(shape))) + struct.pack(f">{len(shape)}I", *shape) + values


def saved(folder: Path, data: bytes, name: str = "images-idx3-ubyte") -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("shape", [(6,), (2, 3), (3, 4, 5), (2, 3, 2, 2), (2, 700, 700)])
@pytest.mark.parametrize("packed", [False, True])
def test_reads_what_was_written(tmp_path: Path, shape: tuple[int, ...], packed: bool) -> None:
    values = np.random.RandomState(0).bytes(int(np.prod(shape)))
    data = idx_bytes(shape, values)
    array = read_idx(saved(tmp_path, gzip.compress(data) if packed else data))
    assert array.dtype == np.uint8
    assert array.shape == shape
    assert array.tobytes() == values
    assert array.flags.writeable  # torch.from_numpy warns otherwise


def test_element_order_is_row_major(tmp_path: Path) -> None:
    array = read_idx(saved(tmp_path, idx_bytes((2, 2, 3), bytes(range(12)))))
    assert int(array[1, 0, 2]) == 1 * 6 + 0 * 3 + 2


GOOD = idx_bytes((2, 3), bytes(6))


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "got an empty file"),
        (b"\0\0", "got 00 00"),
        (b"PK\x03\x04" + bytes(20), "IDX magic number, 00 00 08 nn, got 50 4b 03 04"),
        (idx_bytes((2, 3), bytes(6), code=0x0D), "type 08 .unsigned byte., got type 0d"),
        (b"\0\0\x08\x00", "1 to 4 dimensions, got 0"),
        (idx_bytes((1,) * 5, b"a"), "1 to 4 dimensions, got 5"),
        (idx_bytes((0, 3), b""), "dimensions of at least 1, got"),
        (GOOD[:9], "8 bytes of dimensions, got only 5"),
        (GOOD[:-1], "6 values for shape .2, 3., got only 5"),
        (GOOD + b"!", "6 values for shape .2, 3., got more than that"),
        (gzip.compress(GOOD, mtime=0)[:-10], "a complete gzip file"),
        (
            gzip.compress(GOOD, mtime=0)[:-8] + bytes(8),
            "a complete gzip file, got CRC check failed",
        ),
        (gzip.compress(GOOD, mtime=0) + b"garbage", "a complete gzip file, got Not a gzipped file"),
        (gzip.compress(GOOD + b"!", mtime=0), "got more than that"),
    ],
)
def test_names_what_is_wrong(tmp_path: Path, data: bytes, message: str) -> None:
    path = saved(tmp_path, data)
    with pytest.raises(ValueError, match=message) as caught:
        read_idx(path)
    assert isinstance(caught.value, IdxError)
    assert caught.value.path == path
    assert str(path) in str(caught.value)


@pytest.mark.parametrize("packed", [False, True])
def test_limit_counts_decompressed_bytes(tmp_path: Path, packed: bool) -> None:
    data = idx_bytes((10, 10, 10), bytes(1000))
    path = saved(tmp_path, gzip.compress(data) if packed else data)
    assert read_idx(path, limit_bytes=len(data)).size == 1000
    with pytest.raises(IdxError, match=f"at most {len(data) - 1} bytes, got {len(data)} bytes"):
        read_idx(path, limit_bytes=len(data) - 1)


def test_a_huge_claim_is_refused_before_memory_is_taken(tmp_path: Path) -> None:
    path = saved(tmp_path, idx_bytes((2**32 - 1,) * 4, b""))
    with pytest.raises(IdxError, match="at most 536870912 bytes"):
        read_idx(path)


def test_a_missing_file_stays_an_os_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read_idx(tmp_path / "absent")


def test_set_is_found_only_when_complete(tmp_path: Path) -> None:
    stems = ["train-images-idx3-ubyte", "train-labels-idx1-ubyte"]
    packed = saved(tmp_path, b"", "train-images-idx3-ubyte.gz")
    assert find_idx_set(tmp_path, stems) is None
    dotted = saved(tmp_path, b"", "train-labels.idx1-ubyte")
    assert find_idx_set(tmp_path, stems) == {stems[0]: packed, stems[1]: dotted}
    plain = saved(tmp_path, b"", "train-images-idx3-ubyte")
    found = find_idx_set(tmp_path, stems)
    assert found is not None
    assert found[stems[0]] == plain


class Files(BaseHTTPRequestHandler):
    """Serves BODY whole, cut short, without a length, or not at all."""

    def do_GET(self) -> None:
        if self.path == "/absent":
            self.send_error(404)
            return
        self.send_response(200)
        if self.path != "/unsized":
            self.send_header("Content-Length", str(len(BODY)))
        self.end_headers()
        with contextlib.suppress(ConnectionError):  # a client may leave early
            self.wfile.write(BODY[:300_000] if self.path == "/cut" else BODY)

    def log_message(self, format: str, *args: object) -> None:
        """Stay silent."""


@pytest.fixture
def server() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Files) as http:
        thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{http.server_port}"
        http.shutdown()
        thread.join()


@pytest.mark.parametrize(("page", "total"), [("/whole", len(BODY)), ("/unsized", None)])
def test_download_arrives_whole_and_reports_progress(
    tmp_path: Path, server: str, page: str, total: int | None
) -> None:
    seen: list[tuple[int, int | None]] = []
    target = tmp_path / "new folder" / "data.gz"
    download(
        server + page, BODY_SHA256.upper(), target, lambda done, size: seen.append((done, size))
    )
    assert target.read_bytes() == BODY
    assert [path.name for path in target.parent.iterdir()] == ["data.gz"]
    assert seen[0] == (0, total)
    assert seen[-1] == (len(BODY), total)
    assert len(seen) > 3
    assert seen == sorted(seen, key=lambda step: step[0])


@pytest.mark.parametrize(
    ("page", "sha256", "limit", "error", "message"),
    [
        (
            "/whole",
            "0" * 64,
            1 << 30,
            ChecksumError,
            f"expected SHA-256 {'0' * 64}, got {BODY_SHA256}",
        ),
        ("/cut", BODY_SHA256, 1 << 30, DownloadError, f"ended after 300000 of {len(BODY)} bytes"),
        ("/absent", BODY_SHA256, 1 << 30, DownloadError, "the server answered 404 Not Found"),
        ("/whole", BODY_SHA256, 1000, DownloadError, "bytes announced, the limit is 1000"),
        ("/unsized", BODY_SHA256, 1000, DownloadError, "more than the limit of 1000 bytes"),
    ],
)
def test_failed_download_leaves_the_folder_as_it_was(
    tmp_path: Path,
    server: str,
    page: str,
    sha256: str,
    limit: int,
    error: type[DownloadError],
    message: str,
) -> None:
    target = saved(tmp_path, b"the file of yesterday", "data.gz")
    with pytest.raises(error, match=message) as caught:
        download(server + page, sha256, target, lambda done, total: None, limit_bytes=limit)
    assert caught.value.url == server + page
    assert list(tmp_path.iterdir()) == [target]
    assert target.read_bytes() == b"the file of yesterday"


def test_progress_may_cancel(tmp_path: Path, server: str) -> None:
    def cancel(done: int, total: int | None) -> None:
        if done:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        download(f"{server}/whole", BODY_SHA256, tmp_path / "data.gz", cancel)
    assert list(tmp_path.iterdir()) == []


def test_offline_is_said_plainly(tmp_path: Path) -> None:
    with socket.socket() as held:  # bound, not listening: connections are refused
        held.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{held.getsockname()[1]}/data.gz"
        with pytest.raises(DownloadError, match=r"no connection .*refused"):
            download(url, BODY_SHA256, tmp_path / "data.gz", lambda done, total: None)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("url", ["file:///etc/hostname", "ftp://localhost/x", "data.gz"])
def test_only_web_addresses_are_opened(tmp_path: Path, url: str) -> None:
    with pytest.raises(DownloadError, match="must begin with http"):
        download(url, BODY_SHA256, tmp_path / "data.gz", lambda done, total: None)
    assert list(tmp_path.iterdir()) == []
