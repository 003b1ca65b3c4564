"""Fashion-MNIST: read from a local folder, or downloaded when a user asks."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path
from typing import Final, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from app.catalog.datasets._base import PICTURES, Data, Dataset, Progress
from app.catalog.datasets._idx import DownloadError, IdxError, download, find_idx_set, read_idx
from app.catalog.family import option
from app.core.errors import DataBroken, DataMissing, DownloadFailed
from app.core.shapes import Shape
from app.core.text import text


class Source(NamedTuple):
    """One official file: its name without ``.gz``, its size in bytes and its SHA-256, packed."""

    stem: str
    size: int
    sha256: str


BASE: Final = "https://fashion-mnist.s3-website.eu-central-1.amazonaws.com/"
TRAIN_X: Final = Source(
    "train-images-idx3-ubyte",
    26_421_880,
    "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
)
TRAIN_Y: Final = Source(
    "train-labels-idx1-ubyte",
    29_515,
    "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
)
VAL_X: Final = Source(
    "t10k-images-idx3-ubyte",
    4_422_102,
    "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
)
VAL_Y: Final = Source(
    "t10k-labels-idx1-ubyte",
    5_148,
    "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
)
SOURCES: Final = (TRAIN_Y, VAL_Y, VAL_X, TRAIN_X)
"""Small files first: a wrong address or a closed network shows at once."""

FOLDER: Final = "fashion_mnist"
SYSTEM_FOLDER: Final = Path("/usr/share/datasets/fashion-mnist")
"""Where operating-system packages put the official files."""

TRAIN, VALIDATION = 60_000, 10_000


class FashionMnist(Dataset):
    """Articles of clothing, 28×28 grey, ten classes, up to 60,000 for training, 10,000 to validate.

    The first ``train_size`` pictures of the official training file are used.
    Source: Xiao, Rasul and Vollgraf, Fashion-MNIST, arXiv:1708.07747, 2017.
    """

    TITLE = text("Fashion-MNIST", "Fashion-MNIST 服饰")
    SUMMARY = text(
        "70,000 pictures of clothing in ten classes, harder than digits. Downloaded once (31 MB).",
        "70,000 张十类服饰图像，比数字更难。只需下载一次（31 MB）。",
    )
    DOC_ZH = (
        "服饰图片，28×28 灰度，十个类别；训练至多 60,000 张，验证 10,000 张。\n\n"
        "取官方训练文件的前 train_size 张。出处：Xiao、Rasul、Vollgraf，Fashion-MNIST，arXiv:1708.07747，2017。"
    )
    GROUP = PICTURES
    ALIASES = ("fashion", "clothing", "zalando", "服饰", "衣服")
    EXAMPLES = ({"type": "fashion_mnist"}, {"type": "fashion_mnist", "train_size": 60000})
    KIND = "image"
    TASK = "classification"
    CLASSES = (
        text("T-shirt/top", "T 恤/上衣"),
        text("Trouser", "裤子"),
        text("Pullover", "套头衫"),
        text("Dress", "连衣裙"),
        text("Coat", "外套"),
        text("Sandal", "凉鞋"),
        text("Shirt", "衬衫"),
        text("Sneaker", "运动鞋"),
        text("Bag", "包"),
        text("Ankle boot", "短靴"),
    )
    LICENCE = "MIT"
    SOURCE = "Fashion-MNIST (H. Xiao, K. Rasul, R. Vollgraf; Zalando SE, 2017)"
    DOWNLOAD_BYTES = sum(source.size for source in SOURCES)

    type: Literal["fashion_mnist"] = "fashion_mnist"
    train_size: int = option(
        10_000,
        text("training samples", "训练样本数"),
        text(
            "How many of the 60,000 pictures are learned from. Fewer over-fit sooner.",
            "使用 60,000 张图像中的多少张训练。越少越易过拟合。",
        ),
        ge=100,
        le=TRAIN,
    )

    @property
    def input_shape(self) -> Shape:
        return (1, 28, 28)

    @property
    def sizes(self) -> tuple[int, int]:
        return (self.train_size, VALIDATION)

    def available(self, root: Path) -> bool:
        return _find(root) is not None

    def fetch(self, root: Path, progress: Progress) -> None:
        """Download what is not there yet, with one progress over all four files.

        Raises :class:`DownloadFailed`; complete files of an earlier attempt are kept.
        """
        done, total = 0, sum(source.size for source in SOURCES)
        for source in SOURCES:
            target = root / FOLDER / f"{source.stem}.gz"
            if not _complete(target, source):
                _download(source, target, _after(done, total, progress))
            done += source.size
            progress(done, total)

    def load(self, root: Path) -> Data:
        """Raises :class:`DataMissing` or, where a file is something else, :class:`DataBroken`."""
        found = _find(root)
        if found is None:
            raise DataMissing(
                name=self.TITLE.en,
                name_zh=self.TITLE.zh,
                repair=f"download it, or put its four IDX files into {FOLDER}/ of the data folder.",
                repair_zh=f"请下载，或将其四个 IDX 文件放入数据目录的 {FOLDER}/ 中。",
            )
        try:
            return _read(found, tuple(path.stat().st_mtime_ns for path in found), self.train_size)
        except IdxError as error:
            fault = f"expected {error.expected}, got {error.got}"
            raise self._broken(error.path.name, fault) from error
        except OSError as error:
            raise self._broken(str(error.filename), str(error.strerror)) from error

    def _broken(self, path: str, fault: str) -> DataBroken:
        return DataBroken(name=self.TITLE.en, name_zh=self.TITLE.zh, path=path, fault=fault)


def _find(root: Path) -> tuple[Path, ...] | None:
    """The four files, training first, pictures first, of the first folder that has them all."""
    stems = [source.stem for source in (TRAIN_X, TRAIN_Y, VAL_X, VAL_Y)]
    for folder in (root / FOLDER, SYSTEM_FOLDER):
        found = find_idx_set(folder, stems)
        if found is not None:
            return tuple(found[stem] for stem in stems)
    return None


@lru_cache(maxsize=1)
def _read(paths: tuple[Path, ...], changed: tuple[int, ...], train_size: int) -> Data:
    """The arrays of these files; ``changed`` (their times) lets a replaced file be read again."""
    train_x, train_y = _part(paths[0], paths[1], TRAIN, train_size)
    val_x, val_y = _part(paths[2], paths[3], VALIDATION, VALIDATION)
    return Data(train_x, train_y, val_x, val_y)


def _part(
    images: Path, labels: Path, count: int, used: int
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    x, y = read_idx(images), read_idx(labels)
    for path, found, shape in ((images, x.shape, (count, 28, 28)), (labels, y.shape, (count,))):
        if found != shape:
            raise IdxError(path, f"shape {shape}", str(found))
    if y.max() >= len(FashionMnist.CLASSES):
        raise IdxError(labels, "labels 0 to 9", str(y.max()))
    pictures = (x[:used].astype(np.float32) / np.float32(255))[:, None]
    classes = y[:used].astype(np.int64)
    pictures.setflags(write=False)
    classes.setflags(write=False)
    return pictures, classes


def _complete(path: Path, source: Source) -> bool:
    if not path.is_file() or path.stat().st_size != source.size:
        return False
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest() == source.sha256


def _after(done: int, total: int, progress: Progress) -> Progress:
    """The progress of one file, told as a part of all four."""
    return lambda now, _: progress(done + now, total)


def _download(source: Source, target: Path, progress: Progress) -> None:
    try:
        download(f"{BASE}{target.name}", source.sha256, target, progress)
    except DownloadError as error:
        raise DownloadFailed(url=error.url, reason=error.reason) from error
