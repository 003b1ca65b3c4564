"""1,797 small handwritten digits, bundled."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from app.catalog.datasets._base import PICTURES, Data, Dataset
from app.catalog.datasets._bundled import pictures
from app.core.shapes import Shape
from app.core.text import text


class Digits8(Dataset):
    """Digits 0–9, 8×8 in 17 shades of grey, 1,437 for training and 360 for validation."""

    TITLE = text("Digits 8×8", "手写数字 8×8")
    SUMMARY = text(
        "1,797 tiny handwritten digits: small enough that every value fits on the screen.",
        "1,797 个微型手写数字：小到每个数值都能显示在屏幕上。",
    )
    DOC_ZH = "数字 0–9，8×8，17 级灰度；1,437 个用于训练，360 个用于验证。"
    GROUP = PICTURES
    ALIASES = ("optdigits", "handwriting", "手写体")
    EXAMPLES = ({"type": "digits8"},)
    KIND = "image"
    TASK = "classification"
    CLASSES = tuple(text(str(d), str(d)) for d in range(10))
    LICENCE = "CC BY 4.0"
    SOURCE = (
        "UCI Optical Recognition of Handwritten Digits (E. Alpaydin, C. Kaynak, 1998), test part"
    )

    type: Literal["digits8"] = "digits8"

    @property
    def input_shape(self) -> Shape:
        return (1, 8, 8)

    @property
    def sizes(self) -> tuple[int, int]:
        return (1437, 360)

    def load(self, root: Path) -> Data:
        return pictures("digits8", 1437, 16.0)
