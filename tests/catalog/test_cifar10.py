"""CIFAR-10 from a small archive in the real format: the arrays, and every way in which it may be broken."""

from __future__ import annotations

import gzip
import io
import tarfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from app.catalog.datasets.cifar10 import RECORD, Cifar10
from app.core.errors import DataBroken, DataMissing

BATCH = 60
NAMES = (*(f"data_batch_{number}.bin" for number in range(1, 6)), "test_batch.bin")


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Cifar10, "BATCH", BATCH)


def batches() -> dict[str, NDArray[np.uint8]]:
    """Records as the binary version has them: the class, then red, green and blue, row by row."""
    random = np.random.RandomState(5)
    found = {}
    for name in NAMES:
        records = random.randint(0, 256, (BATCH, RECORD)).astype(np.uint8)
        records[:, 0] = random.randint(0, 10, BATCH)
        found[name] = records
    return found


def packed(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as archive:
        folder = tarfile.TarInfo("cifar-10-batches-bin")
        folder.type = tarfile.DIRTYPE
        archive.addfile(folder)
        for name, content in {"batches.meta.txt": b"airplane\n", **files}.items():
            member = tarfile.TarInfo(f"cifar-10-batches-bin/{name}")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return out.getvalue()


def put(root: Path, content: bytes) -> Cifar10:
    place = root / Cifar10.FOLDER / Cifar10.ARCHIVE.name
    place.parent.mkdir(exist_ok=True)
    place.write_bytes(content)
    return Cifar10(train_size=100)


def whole() -> bytes:
    return packed({name: records.tobytes() for name, records in batches().items()})


def test_pictures_and_classes_are_those_of_the_archive(tmp_path: Path) -> None:
    part = put(tmp_path, whole())
    assert part.available(tmp_path)
    data, made = part.load(tmp_path), batches()
    train = np.concatenate([made["data_batch_1.bin"], made["data_batch_2.bin"]])[:100]
    np.testing.assert_array_equal(data.train_y, train[:, 0])
    np.testing.assert_array_equal(data.val_y, made["test_batch.bin"][:, 0])
    assert data.train_x.shape == (100, *part.input_shape)
    assert data.val_x.shape == (BATCH, 3, 32, 32)
    for colour in range(3):
        for row, column in ((0, 0), (3, 17), (31, 31)):
            place = 1 + 1024 * colour + 32 * row + column
            expected = train[:, place].astype(np.float32) / np.float32(255)
            np.testing.assert_array_equal(data.train_x[:, colour, row, column], expected)


def without(name: str) -> bytes:
    return packed({one: r.tobytes() for one, r in batches().items() if one != name})


def unclassed() -> bytes:
    made = batches()
    made["data_batch_1.bin"][7, 0] = 10
    return packed({name: records.tobytes() for name, records in made.items()})


def turned(content: bytes, place: float) -> bytes:
    """Some bytes in the middle are others: deflate notices at once, or the checksum in the end."""
    broken = bytearray(content)
    at = int(len(broken) * place)
    broken[at : at + 40] = bytes(255 - one for one in broken[at : at + 40])
    return bytes(broken)


BROKEN: dict[str, tuple[Callable[[], bytes], str]] = {
    "cut in the middle": (lambda: whole()[: len(whole()) // 2], ""),
    "cut in its last bytes": (lambda: whole()[:-20], ""),
    "turned bytes early": (lambda: turned(whole(), 0.1), ""),
    "turned bytes late": (lambda: turned(whole(), 0.9), ""),
    "no gzip": (lambda: b"<html>not found</html>" * 99, ""),
    "a gzip of no tar": (lambda: gzip.compress(b"hello" * 1000), ""),
    "empty": (lambda: b"", ""),
    "a batch is missing": (lambda: without("data_batch_2.bin"), "data_batch_2.bin is not in it"),
    "no test batch": (lambda: without("test_batch.bin"), "test_batch.bin is not in it"),
    "a short batch": (lambda: packed({"data_batch_1.bin": b"\1" * 5000}), "expected 184380 bytes"),
    "an eleventh class": (unclassed, "expected labels 0 to 9, got 10"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_archive_is_said_so_in_both_languages(tmp_path: Path, name: str) -> None:
    make, fault = BROKEN[name]
    with pytest.raises(DataBroken) as caught:
        put(tmp_path, make()).load(tmp_path)
    error = caught.value
    assert error.status == 409
    assert fault in error.params["fault"]
    assert error.params["fault"]
    assert "Delete it and download" in error.text.en
    assert "重新下载" in error.text.zh
    assert Cifar10.ARCHIVE.name in error.text.zh


def test_a_replaced_archive_is_read_again(tmp_path: Path) -> None:
    with pytest.raises(DataBroken):
        put(tmp_path, b"nothing").load(tmp_path)
    assert len(put(tmp_path, whole()).load(tmp_path).train_x) == 100


def test_without_the_archive_its_place_is_named(tmp_path: Path) -> None:
    part = Cifar10()
    assert not part.available(tmp_path)
    with pytest.raises(DataMissing) as caught:
        part.load(tmp_path)
    assert "cifar10/cifar-10-binary.tar.gz" in caught.value.text.en
    assert caught.value.text.zh != caught.value.text.en
