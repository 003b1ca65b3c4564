"""2-D points that the user set, each with its class."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from app.catalog.datasets._base import POINTS, Data, Dataset
from app.catalog.datasets._points import EXTENT
from app.catalog.family import option
from app.core.errors import Problem, Repair
from app.core.shapes import Shape
from app.core.text import Text, text

MOST_POINTS = 2000
MOST_CLASSES = 6
Place = Annotated[float, Field(ge=-EXTENT, le=EXTENT)]
Point = tuple[Place, Place, Annotated[int, Field(ge=0, lt=MOST_CLASSES)]]
START: tuple[Point, ...] = (
    (-3.0, 2.0, 0),
    (3.0, -2.0, 1),
    (-2.0, 3.0, 0),
    (2.0, -3.0, 1),
    (-3.5, 3.5, 0),
    (3.5, -3.5, 1),
    (-1.5, 1.5, 0),
    (1.5, -1.5, 1),
)


class PointsCustom(Dataset):
    """Points set by hand: x₁ to the right, x₂ upwards, in −6…6, and the number of a class.

    Which point is learned from depends on its place in the list alone, so that adding one at the
    end moves no other.
    """

    TITLE = text("Own points", "自己的点")
    SUMMARY = text(
        "Points that you set by click, in two to six classes.", "通过点击放置的点，分为二至六类。"
    )
    DOC_ZH = (
        "手工放置的点：x₁ 向右，x₂ 向上，范围 −6…6，并带类别编号。\n\n"
        "一个点是否用于训练只取决于它在列表中的位置，因此在末尾添加点不会影响其他点。"
    )
    GROUP = POINTS
    ALIASES = ("draw", "editable", "click", "手绘", "点击")
    EXAMPLES = (
        {"type": "points_custom"},
        {"type": "points_custom", "points": [[-3, 0, 0], [0, 0, 1], [3, 0, 0], [0, 1, 1]]},
    )
    KIND = "points"
    TASK = "classification"
    LICENCE = "your own"
    SOURCE = "set by hand"
    VARIES = True

    type: Literal["points_custom"] = "points_custom"
    points: tuple[Point, ...] = option(
        START,
        text("points", "点"),
        text("Each as [x₁, x₂, class].", "每个点为 [x₁, x₂, 类别]。"),
        max_length=MOST_POINTS,
    )
    classes: int = option(
        2,
        text("classes", "类别数"),
        text("How many classes there are.", "类别的个数。"),
        ge=2,
        le=MOST_CLASSES,
    )
    train_share: float = option(
        0.75,
        text("training share", "训练比例"),
        text("Share of the points used for training.", "用于训练的点所占比例。"),
        ge=0.1,
        le=0.9,
    )

    @model_validator(mode="after")
    def _classes_exist(self) -> PointsCustom:
        highest = max((point[2] for point in self.points), default=0)
        if highest >= self.classes:
            raise PydanticCustomError(
                "no_such_class",
                "A point is of class {highest}, but there are only {classes}.",
                {
                    "highest": highest,
                    "classes": self.classes,
                    "zh": f"有点属于类别 {highest}，但只有 {self.classes} 个类别。",
                },
            )
        return self

    @property
    def CLASSES(self) -> tuple[Text, ...]:  # type: ignore[override]  # as many as wanted  # noqa: N802
        return tuple(text(f"class {i + 1}", f"类别 {i + 1}") for i in range(self.classes))

    @property
    def input_shape(self) -> Shape:
        return (2,)

    def _validates(self, place: int) -> bool:
        """Whether the point at this place of the list is kept for validation."""
        share = 1.0 - self.train_share
        return int((place + 1) * share + 1e-9) > int(place * share + 1e-9)

    @property
    def sizes(self) -> tuple[int, int]:
        val = sum(map(self._validates, range(len(self.points))))
        return (len(self.points) - val, val)

    def faults(self) -> tuple[Problem, ...]:
        if min(self.sizes) >= 1:
            return ()
        example = {
            "op": "add",
            "path": "/training/dataset/points",
            "value": [list(p) for p in START],
        }
        return (
            Problem(
                code="too_few_points",
                message=text(
                    "There are too few points to learn from and to check with. Add some by click.",
                    "点太少，不足以训练和验证。请点击添加。",
                ),
                pointer="/training/dataset/points",
                repairs=(
                    Repair(text=text("Start with eight points", "从八个点开始"), patch=(example,)),
                ),
            ),
        )

    def load(self, root: Path) -> Data:
        x = np.array([point[:2] for point in self.points], np.float32).reshape(-1, 2)
        y = np.array([point[2] for point in self.points], np.int64)
        val = np.array([self._validates(i) for i in range(len(self.points))], bool)
        return Data(x[~val], y[~val], x[val], y[val])
