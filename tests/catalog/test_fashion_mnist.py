"""MNIST and Fashion-MNIST from local files and by download, with small files served on this machine."""

from __future__ import annotations

import gzip
import hashlib
import shutil
import struct
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
import pytest

from app.catalog.datasets._idx_pictures import IdxPictures
from app.catalog.datasets._official import Source
from app.catalog.datasets.fashion_mnist import FashionMnist
from app.catalog.datasets.mnist import Mnist
from app.core.errors import DataBroken, DataMissing, DownloadFailed
from tests.catalog.test_datasets import check_arrays

TRAIN, VAL = 300, 50
TRAIN_X, TRAIN_Y, VAL_X, VAL_Y = (source.name for source in FashionMnist.SOURCES)


@pytest.fixture(params=[FashionMnist, Mnist], ids=["fashion_mnist", "mnist"])
def made_set(request: pytest.FixtureRequest) -> type[IdxPictures]:
    """The set in question."""
    found: type[IdxPictures] = request.param
    return found


def idx(array: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]) -> bytes:
    head = bytes((0, 0, 8, array.ndim)) + struct.pack(f">{array.ndim}I", *array.shape)
    return head + array.tobytes()


@pytest.fixture
def official(made_set: type[IdxPictures], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with four packed files as the official server has them, only smaller."""
    folder, random = tmp_path / "official", np.random.RandomState(2)
    folder.mkdir()
    sources = []
    for name, shape, top in (
        (TRAIN_X, (TRAIN, 28, 28), 256),
        (TRAIN_Y, (TRAIN,), 10),
        (VAL_X, (VAL, 28, 28), 256),
        (VAL_Y, (VAL,), 10),
    ):
        packed = gzip.compress(idx(random.randint(0, top, shape).astype(np.uint8)))
        (folder / name).write_bytes(packed)
        sources.append(Source(name, len(packed), hashlib.sha256(packed).hexdigest()))
    monkeypatch.setattr(made_set, "SOURCES", tuple(sources))
    monkeypatch.setattr(made_set, "SYSTEM_FOLDER", tmp_path / "system")
    monkeypatch.setattr(made_set, "TRAIN", TRAIN)
    monkeypatch.setattr(made_set, "VALIDATION", VAL)
    return folder


class Quiet(SimpleHTTPRequestHandler):
    """Serves a folder, silently."""

    def log_message(self, format: str, *args: object) -> None:
        """Stay silent."""


@pytest.fixture
def server(
    made_set: type[IdxPictures], official: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[str]:
    handler = partial(Quiet, directory=str(official))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as http:
        thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        base = f"http://127.0.0.1:{http.server_port}/"
        monkeypatch.setattr(made_set, "BASE", base)
        yield base
        http.shutdown()
        thread.join()


def test_facts_are_the_official_ones() -> None:
    assert FashionMnist.DOWNLOAD_BYTES == 26_421_880 + 29_515 + 4_422_102 + 5_148
    assert Mnist.DOWNLOAD_BYTES == 9_912_422 + 28_881 + 1_648_877 + 4_542
    for made in (FashionMnist, Mnist):
        assert len({source.sha256 for source in made.SOURCES}) == 4
        assert all(len(source.sha256) == 64 for source in made.SOURCES)
        assert urlsplit(made.BASE).scheme == "https"
        assert made().sizes == (10_000, 10_000)
        assert made(train_size=60_000).sizes == (60_000, 10_000)


def test_missing_files_are_said_with_a_repair(
    made_set: type[IdxPictures], official: Path, tmp_path: Path
) -> None:
    assert not made_set().available(tmp_path)
    with pytest.raises(DataMissing) as caught:
        made_set().load(tmp_path)
    assert f"{made_set.FOLDER}/" in caught.value.text.en
    assert f"{made_set.FOLDER}/" in caught.value.text.zh
    assert "download" in caught.value.text.en


def test_fetch_then_load(
    made_set: type[IdxPictures], official: Path, server: str, tmp_path: Path
) -> None:
    root, seen = tmp_path / "data", []
    made_set().fetch(root, lambda done, total: seen.append((done, total)))
    total = sum(source.size for source in made_set.SOURCES)
    assert seen[0] == (0, total)
    assert seen[-1] == (total, total)
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)
    made = made_set(train_size=100)
    assert made.available(root)
    data = made.load(root)
    assert data.train_x.shape == (100, 1, 28, 28)
    assert data.val_x.shape == (VAL, 1, 28, 28)
    assert data.train_x.dtype == np.float32
    assert data.train_x.max() == 1.0
    assert data.train_y.dtype == np.int64
    assert made.load(root) is data  # not read twice


def test_a_second_fetch_keeps_what_is_complete(
    made_set: type[IdxPictures], official: Path, server: str, tmp_path: Path
) -> None:
    made_set().fetch(tmp_path, lambda done, total: None)
    shutil.rmtree(official)  # a request would now fail
    seen: list[int] = []
    made_set().fetch(tmp_path, lambda done, total: seen.append(done))
    assert len(seen) == 4
    target = tmp_path / made_set.FOLDER / TRAIN_Y
    target.write_bytes(b"x" * target.stat().st_size)  # the right size, another content
    with pytest.raises(DownloadFailed, match="404"):
        made_set().fetch(tmp_path, lambda done, total: None)


def test_a_changed_download_is_refused(
    made_set: type[IdxPictures], official: Path, server: str, tmp_path: Path
) -> None:
    file = official / VAL_Y
    file.write_bytes(file.read_bytes()[:-1] + b"!")
    with pytest.raises(DownloadFailed, match="SHA-256"):
        made_set().fetch(tmp_path, lambda done, total: None)
    assert not list((tmp_path / made_set.FOLDER).glob(f"{file.name}*"))
    assert not made_set().available(tmp_path)


def test_own_files_may_be_plain_or_packed_otherwise(
    made_set: type[IdxPictures], official: Path, tmp_path: Path
) -> None:
    folder = tmp_path / made_set.FOLDER
    folder.mkdir()
    for number, file in enumerate(sorted(official.iterdir())):
        plain = gzip.decompress(file.read_bytes())
        if number % 2:
            (folder / file.name).write_bytes(gzip.compress(plain, 1))
        else:
            (folder / file.stem).write_bytes(plain)
    assert made_set(train_size=200).load(tmp_path).train_x.shape == (200, 1, 28, 28)


def test_system_folder_is_looked_into(
    made_set: type[IdxPictures], official: Path, tmp_path: Path
) -> None:
    shutil.copytree(official, tmp_path / "system")
    assert made_set().available(tmp_path / "nothing here")


@pytest.mark.parametrize(
    ("stem", "content", "fault"),
    [
        (TRAIN_X, b"no idx file", "magic number"),
        (
            TRAIN_X,
            idx(np.zeros((3, 28, 28), np.uint8)),
            r"shape \(300, 28, 28\)",
        ),
        (VAL_Y, idx(np.full(VAL, 10, np.uint8)), "labels 0 to 9"),
    ],
)
def test_broken_files_are_named(
    made_set: type[IdxPictures],
    official: Path,
    tmp_path: Path,
    stem: str,
    content: bytes,
    fault: str,
) -> None:
    folder = tmp_path / made_set.FOLDER
    shutil.copytree(official, folder)
    (folder / stem).write_bytes(content)
    with pytest.raises(DataBroken, match=fault) as caught:
        made_set(train_size=200).load(tmp_path)
    assert stem.removesuffix(".gz") in caught.value.text.zh


def test_official_files_where_they_are(tmp_path: Path) -> None:
    if not FashionMnist().available(tmp_path):
        pytest.skip("the official Fashion-MNIST files are not on this machine")
    made = FashionMnist(train_size=60_000)
    data = made.load(tmp_path)
    check_arrays(made, data)
    assert np.bincount(data.train_y).tolist() == [6000] * 10
