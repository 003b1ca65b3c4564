"""Pictures that the user brought: a zip with one folder for each class."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal, cast

import numpy as np
from numpy.typing import NDArray

from app.catalog.datasets._base import Data, Split
from app.catalog.datasets._uploaded import Uploaded
from app.catalog.shelf import IMAGES, LABELS, SHELF, PictureFacts
from app.core.shapes import Shape
from app.core.text import Text, text


class UploadedPictures(Uploaded):
    """PNG and JPEG files of a zip, a folder for each class, brought to one size when uploaded.

    Pictures are shuffled by ``data_seed`` and cut into the two parts.
    """

    TITLE = text("Own pictures", "自己的图像")
    SUMMARY = text(
        "A zip with a folder of PNG or JPEG files for each class.",
        "zip 压缩包，每个类别一个文件夹，内含 PNG 或 JPEG 文件。",
    )
    DOC_ZH = (
        "zip 中的 PNG 与 JPEG 文件，每个类别一个文件夹，上传时统一为同一尺寸。\n\n"
        "图像按 data_seed 打乱并分为两部分。"
    )
    ALIASES = ("upload", "zip", "png", "jpeg", "上传", "图片")
    EXAMPLES = ({"type": "uploaded_pictures", "digest": "0" * 64},)
    KIND = "image"
    TASK = "classification"
    FORM = "pictures"

    type: Literal["uploaded_pictures"] = "uploaded_pictures"

    def _facts(self) -> PictureFacts:
        facts = SHELF.facts(self.digest)
        if not isinstance(facts, PictureFacts):
            raise self.missing()
        return facts

    @property
    def CLASSES(self) -> tuple[Text, ...]:  # type: ignore[override]  # known only by the digest  # noqa: N802
        return tuple(text(name, name) for name in self._facts().classes) if self.digest else ()

    @property
    def input_shape(self) -> Shape:
        return self._facts().shape if self.digest else (1, 28, 28)

    @property
    def count(self) -> int:
        return self._facts().count

    def load(self, root: Path) -> Data:
        train = self.sizes[0]
        order = self.order()
        x, y = self._rows(root, order)
        return Data(x[:train], y[:train], x[train:], y[train:])

    def peek(
        self, root: Path, split: Split, rows: slice
    ) -> tuple[NDArray[np.float32], NDArray[Any]]:
        train, order = self.sizes[0], self.order()
        return self._rows(root, (order[:train] if split == "train" else order[train:])[rows])

    def _rows(
        self, root: Path, rows: NDArray[np.intp]
    ) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        SHELF.look_in(root)
        images, labels = SHELF.array(self.digest, IMAGES), SHELF.array(self.digest, LABELS)
        if images is None or labels is None:
            raise self.missing()
        x = np.empty((len(rows), *self.input_shape), np.float32)
        for start in range(0, len(rows), 1024):
            part = rows[start : start + 1024]
            np.divide(images[part], np.float32(255), out=x[start : start + 1024])
        return x, cast(NDArray[np.int64], labels)[rows]
