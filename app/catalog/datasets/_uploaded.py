"""What own data sets share: the digest that names one, the cut into two parts, what can be missing."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from app.catalog.datasets._base import OWN, Dataset
from app.catalog.datasets._points import Draws
from app.catalog.family import option
from app.catalog.shelf import SHELF
from app.core.errors import DataMissing, GlassnetError, Problem
from app.core.text import Text, text


class Unsuitable(GlassnetError):
    """An option that does not suit the uploaded file."""

    code, status = "data_unsuitable", 422
    message = text("The data do not allow this: {why}", "数据不允许：{why}")


def digest_option() -> Any:
    return option(
        "",
        text("data", "数据"),
        text(
            "SHA-256 of the content: what an upload is answered with.",
            "内容的 SHA-256，上传后返回。",
        ),
        pattern=r"^([0-9a-f]{64})?$",
    )


def missing(title: Text) -> DataMissing:
    """Own data that no folder of this server holds."""
    return DataMissing(
        name=title.en,
        name_zh=title.zh,
        repair="upload the file, or choose another data set.",
        repair_zh="请上传文件，或选择其他数据集。",
        pointer="/training/dataset/digest",
    )


class Uploaded(Dataset):
    """A set that the user brought. What it holds is looked up by its digest."""

    GROUP = OWN
    VARIES = True
    LICENCE = "typed in by its owner"
    SOURCE = "uploaded by the user of this server"
    FORM: ClassVar[str]

    digest: str = digest_option()
    train_share: float = option(
        0.8,
        text("training share", "训练比例"),
        text("Share of the samples used for training.", "用于训练的样本所占比例。"),
        ge=0.1,
        le=0.9,
    )
    data_seed: int = option(
        0,
        text("data seed", "数据种子"),
        text(
            "Another number divides the samples in another way.", "换一个数就以另一种方式划分样本。"
        ),
        ge=0,
        le=2**31 - 1,
    )

    @property
    def count(self) -> int:
        """Samples of both parts together."""
        raise TypeError(f"{type(self).__name__} declares no count")

    @property
    def sizes(self) -> tuple[int, int]:
        if not self.digest:
            return (0, 0)
        count = self.count
        train = min(max(1, round(count * self.train_share)), count - 1)
        return (train, count - train)

    def order(self) -> NDArray[np.intp]:
        """The samples shuffled: the first of ``sizes`` train, the others validate."""
        return Draws("uploaded", self.data_seed).order(self.count)

    def available(self, root: Path) -> bool:
        SHELF.look_in(root)
        return self._there

    @property
    def _there(self) -> bool:
        facts = SHELF.facts(self.digest) if self.digest else None
        return facts is not None and facts.form == self.FORM

    def missing(self) -> DataMissing:
        return missing(self.TITLE)

    def faults(self) -> tuple[Problem, ...]:
        if not self._there:
            return (self.missing().problem(),)
        return self.misfits()

    def misfits(self) -> tuple[Problem, ...]:
        """What does not suit the file, which is there."""
        return ()
