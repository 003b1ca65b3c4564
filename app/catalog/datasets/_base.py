"""What every data set declares: its facts without loading it, and its arrays. NumPy only, no torch."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from app.catalog.family import Part
from app.catalog.losses import Task
from app.core.errors import Problem
from app.core.reach import ANY, Reach
from app.core.shapes import Shape
from app.core.text import Text, text

PICTURES = text("Pictures", "图像")
POINTS = text("2-D points", "二维点集")
TABLES = text("Tables", "表格")
SEQUENCES = text("Sequences", "序列")
TEXTS = text("Texts", "文本")
OWN = text("Own data", "自己的数据")
Split = Literal["train", "val"]
Progress = Callable[[int, int | None], None]


@dataclass(frozen=True)
class Data:
    """A loaded set. Inputs float32 (N, *shape), pictures in 0…1 (channels, height, width);
    token ids (steps,) as whole numbers; targets int64 (N,) for classes, float32 (N, targets) for
    regression, and int64 (N, steps) for a class at every step, −1 where a step does not count."""

    train_x: NDArray[np.float32]
    train_y: NDArray[np.int64] | NDArray[np.float32]
    val_x: NDArray[np.float32]
    val_y: NDArray[np.int64] | NDArray[np.float32]

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the arrays: snapshots remember what they were trained on."""
        found = hashlib.sha256()
        for array in (self.train_x, self.train_y, self.val_x, self.val_y):
            found.update(np.ascontiguousarray(array).data)
        return found.hexdigest()


@dataclass(frozen=True)
class Feature:
    """One input of a table, or its target: the value that a network sees is (what is meant −
    ``centre``) / ``scale``. ``category``: 1 where the column ``name`` holds that text, else 0."""

    name: Text
    centre: float = 0.0
    scale: float = 1.0
    category: str | None = None


class Dataset(Part):
    """A data set and the options it is made with. The same options always give the same arrays."""

    KIND: ClassVar[Literal["image", "points", "tabular", "sequence", "text"]]
    TASK: ClassVar[Task]
    CLASSES: ClassVar[tuple[Text, ...]] = ()
    """Names of the classes; empty for regression."""
    LICENCE: ClassVar[str] = ""
    SOURCE: ClassVar[str] = ""
    DOWNLOAD_BYTES: ClassVar[int] = 0
    """What a download takes; 0 for a set that is always there."""
    PER_STEP: ClassVar[bool] = False
    """Every step of time has a class of its own; else the whole sample has one target."""
    NEXT: ClassVar[bool] = False
    """The class of a step is the token that comes next: the vocabulary names the classes."""
    VARIES: ClassVar[bool] = False
    """Whether task, classes or shape follow from the options: they are asked of an instance then."""

    @property
    def input_shape(self) -> Shape:
        raise TypeError(f"{type(self).__name__} declares no input_shape")

    @property
    def vocabulary(self) -> tuple[str, ...]:
        """The tokens by their ids, where samples are made of tokens; the first is the padding."""
        return ()

    @property
    def carries(self) -> bool:
        """Whether samples follow one another, and a training is to carry its state from one to the next."""
        return False

    @property
    def targets(self) -> int:
        """Number of classes, or of regressed values."""
        return len(self.CLASSES)

    @property
    def target_reach(self) -> Reach | None:
        """Where regressed values lie: of tables, which are standardised, anywhere; null where nobody says."""
        return {"tabular": ANY, "points": (-1.0, 1.0)}.get(self.KIND)

    @property
    def input_reach(self) -> Reach | None:
        """The same of the inputs, for a network that is to give them back."""
        return {"image": (0.0, 1.0), "tabular": ANY, "points": (-6.0, 6.0)}.get(self.KIND)

    @property
    def sizes(self) -> tuple[int, int]:
        """(training samples, validation samples)."""
        raise TypeError(f"{type(self).__name__} declares no sizes")

    def available(self, root: Path) -> bool:
        """Whether :meth:`load` would find its files; ``root`` is the folder for downloaded data."""
        return True

    def fetch(self, root: Path, progress: Progress) -> None:
        """Download the files into ``root`` after a user asked; verifies checksums."""

    def faults(self) -> tuple[Problem, ...]:
        """What is wrong with the options, given the files; nothing else can be asked of it then."""
        return ()

    def features_of(self, root: Path) -> tuple[Feature, ...]:
        """The inputs of a table, in order; empty for pictures and points."""
        return ()

    def value(self, root: Path) -> Feature | None:
        """What a table's regression tells, with its scale."""
        return None

    def load(self, root: Path) -> Data:
        """The arrays; raises :class:`app.core.errors.DataMissing`."""
        raise TypeError(f"{type(self).__name__} declares no load")

    def peek(
        self, root: Path, split: Split, rows: slice
    ) -> tuple[NDArray[np.float32], NDArray[Any]]:
        """Inputs and targets of a few samples, to look at."""
        data = _loaded(self, root)
        if split == "train":
            return data.train_x[rows], data.train_y[rows]
        return data.val_x[rows], data.val_y[rows]


@lru_cache(maxsize=2)
def _loaded(dataset: Dataset, root: Path) -> Data:
    return dataset.load(root)
