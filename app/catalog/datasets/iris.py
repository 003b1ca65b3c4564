"""150 iris flowers, bundled."""

from __future__ import annotations

from typing import Literal

from app.catalog.datasets._tables import BundledTable
from app.core.text import text


class Iris(BundledTable):
    """Length and width of sepal and petal in cm, 50 flowers of each species."""

    TITLE = text("Iris", "鸢尾花")
    SUMMARY = text(
        "150 flowers of three species by four lengths: a classic, almost linearly separable.",
        "三种鸢尾共 150 朵，四个长度特征：经典数据集，几乎线性可分。",
    )
    DOC_ZH = "花萼与花瓣的长和宽（厘米），三种各 50 朵。"
    ALIASES = ("iris", "flowers", "Fisher", "花")
    EXAMPLES = ({"type": "iris"}, {"type": "iris", "standardise": False})
    TASK = "classification"
    CLASSES = (
        text("setosa", "山鸢尾"),
        text("versicolor", "变色鸢尾"),
        text("virginica", "维吉尼亚鸢尾"),
    )
    LICENCE = "CC BY 4.0"
    SOURCE = "UCI Iris (R. A. Fisher, 1936), from scikit-learn"
    FILE = "iris"
    COLUMNS = (
        text("sepal length (cm)", "萼片长 (cm)"),
        text("sepal width (cm)", "萼片宽 (cm)"),
        text("petal length (cm)", "花瓣长 (cm)"),
        text("petal width (cm)", "花瓣宽 (cm)"),
    )
    SIZES = (120, 30)

    type: Literal["iris"] = "iris"
