"""CIFAR-10: read from a local folder, or downloaded when a user asks. The binary version, no pickle."""

from __future__ import annotations

import gzip
import tarfile
import zlib
from functools import lru_cache
from pathlib import Path
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from app.catalog.datasets._base import PICTURES, Data, Dataset, Progress
from app.catalog.datasets._official import Source, fetch_all
from app.catalog.family import option
from app.core.errors import DataBroken, DataMissing
from app.core.shapes import Shape
from app.core.text import text

SHAPE = (3, 32, 32)
RECORD = 1 + 3 * 32 * 32
"""Bytes of one picture: its class, then 32×32 of red, of green and of blue."""
CHUNK = 1 << 18


class Cifar10(Dataset):
    """Photographs, 32×32 in colour, ten classes, up to 50,000 for training, 10,000 to validate.

    The first ``train_size`` pictures of the official training batches are used.
    Source: Krizhevsky, Learning multiple layers of features from tiny images, 2009.
    """

    TITLE = text("CIFAR-10", "CIFAR-10 照片")
    SUMMARY = text(
        "60,000 small colour photographs in ten classes. Downloaded once (170 MB).",
        "60,000 张十类彩色小照片。只需下载一次（170 MB）。",
    )
    DOC_ZH = (
        "彩色照片，32×32，十个类别；训练至多 50,000 张，验证 10,000 张。\n\n"
        "取官方训练批次的前 train_size 张。出处：Krizhevsky，Learning multiple layers of features from tiny images，2009。"
    )
    GROUP = PICTURES
    ALIASES = ("photographs", "colour", "彩色", "照片")
    EXAMPLES = ({"type": "cifar10"}, {"type": "cifar10", "train_size": 50000})
    KIND = "image"
    TASK = "classification"
    CLASSES = (
        text("airplane", "飞机"),
        text("automobile", "汽车"),
        text("bird", "鸟"),
        text("cat", "猫"),
        text("deer", "鹿"),
        text("dog", "狗"),
        text("frog", "蛙"),
        text("horse", "马"),
        text("ship", "船"),
        text("truck", "卡车"),
    )
    LICENCE = "none stated; the authors ask to be cited"
    SOURCE = "CIFAR-10 (A. Krizhevsky, V. Nair, G. Hinton, 2009)"
    ARCHIVE: ClassVar[Source] = Source(
        "cifar-10-binary.tar.gz",
        170_052_171,
        "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd",
    )
    BASE: ClassVar[str] = "https://www.cs.toronto.edu/~kriz/"
    FOLDER: ClassVar[str] = "cifar10"
    BATCH: ClassVar[int] = 10_000
    """Pictures in each file of the archive."""
    DOWNLOAD_BYTES = ARCHIVE.size

    type: Literal["cifar10"] = "cifar10"
    train_size: int = option(
        10_000,
        text("training samples", "训练样本数"),
        text(
            "How many of the 50,000 pictures are used for training. Fewer over-fit sooner.",
            "使用 50,000 张图像中的多少张训练。越少越易过拟合。",
        ),
        ge=100,
        le=50_000,
    )

    @property
    def input_shape(self) -> Shape:
        return SHAPE

    @property
    def sizes(self) -> tuple[int, int]:
        return (self.train_size, self.BATCH)

    def _archive(self, root: Path) -> Path:
        return root / self.FOLDER / self.ARCHIVE.name

    def available(self, root: Path) -> bool:
        return self._archive(root).is_file()

    def fetch(self, root: Path, progress: Progress) -> None:
        fetch_all((self.ARCHIVE,), self.BASE, root / self.FOLDER, progress)

    def load(self, root: Path) -> Data:
        """Raises :class:`DataMissing` or, where the file is something else, :class:`DataBroken`."""
        path = self._archive(root)
        if not path.is_file():
            place = f"{self.FOLDER}/{self.ARCHIVE.name}"
            raise DataMissing(
                name=self.TITLE.en,
                name_zh=self.TITLE.zh,
                repair=f"download it, or put the official archive at {place} of the data folder.",
                repair_zh=f"请下载，或将官方压缩包放在数据目录的 {place}。",
            )
        try:
            return _read(path, path.stat().st_mtime_ns, self.train_size, self.BATCH)
        except (tarfile.TarError, zlib.error, OSError, EOFError, ValueError) as error:
            raise DataBroken(
                name=self.TITLE.en,
                name_zh=self.TITLE.zh,
                path=path.name,
                fault=str(error)[:200] or type(error).__name__,
            ) from error


@lru_cache(maxsize=1)
def _read(path: Path, changed: int, train_size: int, batch: int) -> Data:
    """The arrays; ``changed`` (the file's time) lets a replaced file be read again."""
    wanted = -(-train_size // batch)
    names = [f"data_batch_{number}.bin" for number in range(1, wanted + 1)]
    records: dict[str, NDArray[np.uint8]] = {}
    # one pass: a packed archive cannot be read from the middle; its end holds gzip's checksum
    with gzip.open(path) as unpacked:
        with tarfile.open(fileobj=unpacked, mode="r|") as archive:
            for member in archive:
                name = Path(member.name).name
                if name in (*names, "test_batch.bin") and member.isfile():
                    records[name] = _records(archive, member, batch)
        while unpacked.read(CHUNK):
            pass
    for name in (*names, "test_batch.bin"):
        if name not in records:
            raise ValueError(f"{name} is not in it")
    train = np.concatenate([records[name] for name in names])[:train_size]
    return Data(*_arrays(train), *_arrays(records["test_batch.bin"]))


def _records(archive: tarfile.TarFile, member: tarfile.TarInfo, batch: int) -> NDArray[np.uint8]:
    if member.size != batch * RECORD:
        raise ValueError(f"{member.name}: expected {batch * RECORD} bytes, got {member.size}")
    stream = archive.extractfile(member)
    content = stream.read() if stream is not None else b""
    return np.frombuffer(content, np.uint8).reshape(batch, RECORD)


def _arrays(records: NDArray[np.uint8]) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    labels = records[:, 0].astype(np.int64)
    if labels.max() >= len(Cifar10.CLASSES):
        raise ValueError(f"expected labels 0 to 9, got {labels.max()}")
    x = np.empty((len(records), *SHAPE), np.float32)
    np.divide(records[:, 1:].reshape(-1, *SHAPE), np.float32(255), out=x)
    for array in (x, labels):
        array.setflags(write=False)
    return x, labels
