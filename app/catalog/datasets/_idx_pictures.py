"""What MNIST and the sets made after its model share: four IDX files of 28×28 grey pictures."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from app.catalog.datasets._base import PICTURES, Data, Dataset, Progress
from app.catalog.datasets._idx import IdxError, find_idx_set, read_idx
from app.catalog.datasets._official import Source, fetch_all
from app.catalog.family import option
from app.core.errors import DataBroken, DataMissing
from app.core.shapes import Shape
from app.core.text import text


class IdxPictures(Dataset):
    """The first ``train_size`` pictures of the official training file are used. Ten classes."""

    GROUP = PICTURES
    KIND = "image"
    TASK = "classification"
    SOURCES: ClassVar[tuple[Source, ...]]
    """Packed by gzip: training pictures, training labels, validation pictures, validation labels."""
    BASE: ClassVar[str]
    FOLDER: ClassVar[str]
    SYSTEM_FOLDER: ClassVar[Path | None] = None
    """Where operating-system packages put the official files."""
    TRAIN: ClassVar[int] = 60_000
    VALIDATION: ClassVar[int] = 10_000

    train_size: int = option(
        10_000,
        text("training samples", "训练样本数"),
        text(
            "How many of the 60,000 pictures are used for training. Fewer over-fit sooner.",
            "使用 60,000 张图像中的多少张训练。越少越易过拟合。",
        ),
        ge=100,
        le=60_000,
    )

    @property
    def input_shape(self) -> Shape:
        return (1, 28, 28)

    @property
    def sizes(self) -> tuple[int, int]:
        return (self.train_size, self.VALIDATION)

    def available(self, root: Path) -> bool:
        return self._find(root) is not None

    def fetch(self, root: Path, progress: Progress) -> None:
        fetch_all(self.SOURCES, self.BASE, root / self.FOLDER, progress)

    def load(self, root: Path) -> Data:
        """Raises :class:`DataMissing` or, where a file is something else, :class:`DataBroken`."""
        found = self._find(root)
        if found is None:
            raise DataMissing(
                name=self.TITLE.en,
                name_zh=self.TITLE.zh,
                repair=f"download it, or put its four IDX files into {self.FOLDER}/ of the data "
                "folder.",
                repair_zh=f"请下载，或将其四个 IDX 文件放入数据目录的 {self.FOLDER}/ 中。",
            )
        changed = tuple(path.stat().st_mtime_ns for path in found)
        counts = (self.TRAIN, self.VALIDATION)
        try:
            return _read(found, changed, counts, self.train_size, len(self.CLASSES))
        except IdxError as error:
            fault = f"expected {error.expected}, got {error.got}"
            raise self._broken(error.path.name, fault) from error
        except OSError as error:
            raise self._broken(str(error.filename), str(error.strerror)) from error

    def _broken(self, path: str, fault: str) -> DataBroken:
        return DataBroken(name=self.TITLE.en, name_zh=self.TITLE.zh, path=path, fault=fault)

    def _find(self, root: Path) -> tuple[Path, ...] | None:
        """The four files of the first folder that has them all."""
        stems = [source.name.removesuffix(".gz") for source in self.SOURCES]
        for folder in (root / self.FOLDER, self.SYSTEM_FOLDER):
            found = find_idx_set(folder, stems) if folder is not None else None
            if found is not None:
                return tuple(found[stem] for stem in stems)
        return None


@lru_cache(maxsize=1)
def _read(
    paths: tuple[Path, ...],
    changed: tuple[int, ...],
    counts: tuple[int, int],
    train_size: int,
    classes: int,
) -> Data:
    """The arrays of these files; ``changed`` (their times) lets a replaced file be read again."""
    train_x, train_y = _part(paths[0], paths[1], counts[0], train_size, classes)
    val_x, val_y = _part(paths[2], paths[3], counts[1], counts[1], classes)
    return Data(train_x, train_y, val_x, val_y)


def _part(
    images: Path, labels: Path, count: int, used: int, classes: int
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    x, y = read_idx(images), read_idx(labels)
    for path, found, shape in ((images, x.shape, (count, 28, 28)), (labels, y.shape, (count,))):
        if found != shape:
            raise IdxError(path, f"shape {shape}", str(found))
    if y.max() >= classes:
        raise IdxError(labels, f"labels 0 to {classes - 1}", str(y.max()))
    pictures = (x[:used].astype(np.float32) / np.float32(255))[:, None]
    kept = y[:used].astype(np.int64)
    pictures.setflags(write=False)
    kept.setflags(write=False)
    return pictures, kept
