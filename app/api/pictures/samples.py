"""A data set as its first samples: points on the plane, or pictures of every class."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from app.api.pictures.svg import drawing, element, path
from app.catalog.augmentations import Augmentation
from app.catalog.datasets import Data, Dataset

PICTURES, COLUMNS, SIDE, GAP = 10, 10, 58.0, 6.0
POINTS, PLANE = 400, 320.0
SHADES = 6


def samples(dataset: Dataset, root: Path, title: str) -> Markup | None:
    """None where its samples are neither points nor pictures. Its files must be here."""
    shape = dataset.input_shape
    if dataset.KIND == "text":
        return None
    if shape == (2,):
        return _points(dataset.load(root), title)
    return _pictures(dataset.load(root), title) if len(shape) == 3 else None


def _points(data: Data, title: str) -> Markup:
    x, y = data.train_x[:POINTS], data.train_y[:POINTS]
    values = np.asarray(y, dtype=np.float64).reshape(len(y), -1)[:, 0]
    classes = np.issubdtype(y.dtype, np.integer)
    extent = 1.08 * float(np.abs(x).max())
    half = PLANE / 2
    axes = ([(0.0, half), (PLANE, half)], [(half, 0.0), (half, PLANE)])
    marks: list[str] = [path(axis, cls="axis") for axis in axes]
    for point, value in zip(x, values.tolist(), strict=True):
        kind = f"class-{int(value) % 6}" if classes else ("pos" if value > 0 else "neg")
        strength = 0.85 if classes else 0.15 + 0.75 * min(1.0, abs(value))
        marks.append(
            element(
                "circle",
                cx=float(PLANE * (0.5 + point[0] / extent / 2)),
                cy=float(PLANE * (0.5 - point[1] / extent / 2)),
                r=3.2,
                fill_opacity=strength,
                cls=f"point {kind}",
            )
        )
    return drawing(PLANE, PLANE, title, *marks)


def _pictures(data: Data, title: str) -> Markup:
    """The first picture of every class, at most ten."""
    wanted = np.unique(data.train_y)[:PICTURES] if data.train_y.ndim == 1 else ()
    places = [int(np.argmax(data.train_y == one)) for one in wanted] or list(range(PICTURES))
    marks = []
    for place, index in enumerate(places):
        picture = data.train_x[index].mean(axis=0)
        x = place % COLUMNS * (SIDE + GAP)
        marks.append(_picture(picture, x, place // COLUMNS * (SIDE + GAP)))
    rows = -(-len(places) // COLUMNS)
    return drawing(COLUMNS * (SIDE + GAP) - GAP, rows * (SIDE + GAP) - GAP, title, *marks)


def views(augmentation: Augmentation, data: Data, title: str) -> Markup:
    """Two pictures as they are, each followed by what may become of it."""
    shown = [data.train_x[int(np.argmax(data.train_y == one))].mean(axis=0) for one in (2, 7)]
    marks, place = [], 0.0
    for picture in shown:
        for i, one in enumerate((picture, *augmentation.views(picture.astype(np.float64)))):
            marks.append(_picture(one, place, 0.0))
            place += SIDE + (3.0 * GAP if i == 0 else GAP)
        place += 4.0 * GAP
    return drawing(place - 5.0 * GAP, SIDE, title, *marks)


def _picture(values: NDArray[np.floating[Any]], x: float, y: float) -> Markup:
    """One path a shade of grey: runs of cells along the rows."""
    height, width = values.shape
    low, high = float(values.min()), float(values.max())
    shades = np.rint((values - low) / ((high - low) or 1.0) * SHADES).astype(int)
    marks = [element("rect", x=0, y=0, width=width, height=height, cls="paper")]
    for shade in range(1, SHADES + 1):
        steps = [run for row in range(height) for run in _runs(shades[row] == shade, row)]
        if steps:
            marks.append(element("path", d="".join(steps), fill_opacity=shade / SHADES, cls="ink"))
    scale = SIDE / max(height, width)
    return element("g", *marks, transform=f"translate({x:.1f} {y:.1f}) scale({scale:.4f})")


def _runs(cells: NDArray[np.bool_], row: int) -> list[str]:
    edges = np.flatnonzero(np.diff(np.concatenate([[False], cells, [False]]).astype(int)))
    pairs = zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True)
    return [f"M{start} {row}h{end - start}v1h{start - end}z" for start, end in pairs]
