"""A table that the user brought: CSV, one column to predict from the others."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import StringConstraints

from app.catalog.datasets import _columns
from app.catalog.datasets._base import Data, Feature, Split
from app.catalog.datasets._columns import Plan
from app.catalog.datasets._uploaded import Unsuitable, Uploaded
from app.catalog.family import option
from app.catalog.losses import Task
from app.core.errors import Problem
from app.core.shapes import Shape
from app.core.text import Text, text

ColumnName = Annotated[str, StringConstraints(min_length=1, max_length=100)]


class UploadedTable(Uploaded):
    """Rows of a CSV file. Rows without a target are left out.

    A number that is missing becomes the column's mean over the training rows; a category becomes
    one input for each of its values, all 0 where it is missing.
    """

    TITLE = text("Own table", "自己的表格")
    SUMMARY = text(
        "A CSV file: one column is predicted from the others, as a class or as a number.",
        "CSV 文件：用其他列预测某一列，可为类别或数值。",
    )
    DOC_ZH = (
        "CSV 文件的各行；没有目标值的行略去。\n\n"
        "缺失的数取训练行中该列的平均；类别列的每个取值成为一个输入，缺失时全为 0。"
    )
    ALIASES = ("upload", "csv", "tabular", "spreadsheet", "上传", "表格")
    EXAMPLES = ({"type": "uploaded_table", "digest": "0" * 64, "target": "species"},)
    KIND = "tabular"
    FORM = "table"

    type: Literal["uploaded_table"] = "uploaded_table"
    target: str = option(
        "",
        text("target", "目标列"),
        text("The column to predict; empty: the last one.", "要预测的列；留空则为最后一列。"),
        max_length=100,
    )
    task: Literal["auto", "classification", "regression"] = option(
        "auto",
        text("task", "任务"),
        text(
            "Whether the target is a class or a number; by itself: text and few whole numbers are classes.",
            "目标是类别还是数值；自动：文本与少量整数视为类别。",
        ),
        labels={
            "auto": text("by itself", "自动"),
            "classification": text("classes", "分类"),
            "regression": text("numbers", "回归"),
        },
    )
    features: tuple[ColumnName, ...] = option(
        (),
        text("features", "特征列"),
        text(
            "The columns to predict from; empty: all that can be used.",
            "用于预测的列；留空则使用全部可用的列。",
        ),
        max_length=2048,
    )
    standardise: bool = option(
        True,
        text("standardise", "标准化"),
        text(
            "Bring numbers to mean 0 and deviation 1 over the training rows, a regression's target too.",
            "按训练行将数值变换为均值 0、标准差 1，回归目标也一样。",
        ),
    )

    def plan(self) -> Plan:
        """The target and the inputs, resolved; raises :class:`Unsuitable` or DataMissing."""
        if not self._there:
            raise self.missing()
        return _columns.plan(self.digest, self.target, self.task, self.features)

    def misfits(self) -> tuple[Problem, ...]:
        try:
            plan = self.plan()
            if not self.standardise:
                _columns.require_float32(self.digest, plan)
        except Unsuitable as error:
            return (error.problem(),)
        return ()

    @property
    def TASK(self) -> Task:  # type: ignore[override]  # follows from the target  # noqa: N802
        if self.digest:
            return self.plan().task
        return "regression" if self.task == "regression" else "classification"

    @property
    def CLASSES(self) -> tuple[Text, ...]:  # type: ignore[override]  # those of the target  # noqa: N802
        return self.plan().classes if self.digest else ()

    @property
    def targets(self) -> int:
        return len(self.CLASSES) if self.TASK == "classification" else 1

    @property
    def input_shape(self) -> Shape:
        return (len(self.plan().inputs),) if self.digest else (1,)

    @property
    def count(self) -> int:
        return self.plan().count

    def _table(self, root: Path) -> _columns.Table:
        plan, order = self.plan(), self.order()
        return _columns.table(self.digest, plan, order, self.sizes[0], self.standardise)

    def features_of(self, root: Path) -> tuple[Feature, ...]:
        return self._table(root).features

    def value(self, root: Path) -> Feature | None:
        return self._table(root).value

    def load(self, root: Path) -> Data:
        table, train = self._table(root), self.sizes[0]
        x, y = table.rows(slice(None))
        return Data(x[:train], y[:train], x[train:], y[train:])

    def peek(
        self, root: Path, split: Split, rows: slice
    ) -> tuple[NDArray[np.float32], NDArray[Any]]:
        train, val = self.sizes
        start, stop, _ = rows.indices(train if split == "train" else val)
        first = 0 if split == "train" else train
        return self._table(root).rows(slice(first + start, first + max(start, stop)))
