"""Columns of an uploaded table → inputs and targets of a network. NumPy over a mapped file."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.catalog.datasets._base import Feature
from app.catalog.datasets._uploaded import Unsuitable
from app.catalog.losses import Task
from app.catalog.shelf import SHELF, TABLE, Column, TableFacts
from app.core.errors import DataMissing, Repair
from app.core.text import Text, text

FEW = 10
"""Up to so many different whole numbers are taken for classes."""
MOST_INPUTS = 8192
_BLOCK = 1 << 20
"""Cells that are read at a time."""


@dataclass(frozen=True)
class Plan:
    """What is predicted from what. ``inputs``: places of columns, with the place of a category."""

    target: int
    task: Task
    classes: tuple[Text, ...]
    inputs: tuple[tuple[int, int | None], ...]
    count: int
    """Rows that have a target."""


def suggested(column: Column) -> Task:
    """Text is a class, and so are few different whole numbers."""
    if column.kind != "number":
        return "classification"
    few = 2 <= len(column.numbers) <= FEW and all(n == int(n) for n in column.numbers)
    return "classification" if few else "regression"


def usable_targets(facts: TableFacts) -> list[str]:
    """The names of the columns that can be predicted."""
    return [
        one.name
        for one in facts.columns
        if one.present >= 2 and (one.kind == "number" or len(one.categories) > 1)
    ]


@lru_cache(maxsize=64)
def plan(digest: str, target: str, task: str, features: tuple[str, ...]) -> Plan:
    """Raises :class:`Unsuitable`, which names the option."""
    facts = SHELF.facts(digest)
    assert isinstance(facts, TableFacts)
    places = {column.name: place for place, column in enumerate(facts.columns)}
    usable = usable_targets(facts)
    if not usable:
        raise _unsuitable(
            "target",
            text(
                "No column can be predicted: each has one value only.",
                "没有可预测的列：每列都只有一个值。",
            ),
        )
    name = target or usable[-1]
    if name not in usable:
        here = text(f"“{name}” cannot be the target: ", f"“{name}”不能作为目标列：")
        why = (
            text("it has fewer than two classes.", "类别少于两个。")
            if name in places
            else text("there is no such column.", "没有这一列。")
        )
        raise _unsuitable("target", _joined(here, why), _use("target", usable[-1]))
    column = facts.columns[places[name]]
    decided = suggested(column) if task == "auto" else task
    return Plan(
        target=places[name],
        task="regression" if decided == "regression" else "classification",
        classes=_classes(column, decided),
        inputs=_inputs(facts, places, name, features),
        count=column.present,
    )


def _classes(column: Column, task: str) -> tuple[Text, ...]:
    if task == "regression":
        if column.kind != "number":
            why = text(
                f"“{column.name}” holds text; regression needs numbers.",
                f"“{column.name}”为文本；回归需要数值。",
            )
            raise _unsuitable("task", why, _use("task", "classification"))
        return ()
    if len(column.classes) < 2:
        why = text(
            f"“{column.name}” has too many different numbers to be classes, or only one.",
            f"“{column.name}”的不同数值过多或只有一个，不能作为类别。",
        )
        raise _unsuitable("task", why, _use("task", "regression"))
    return tuple(text(one, one) for one in column.classes)


def _inputs(
    facts: TableFacts, places: dict[str, int], target: str, features: tuple[str, ...]
) -> tuple[tuple[int, int | None], ...]:
    chosen = features or tuple(
        c.name for c in facts.columns if c.kind != "text" and c.name != target
    )
    found: list[tuple[int, int | None]] = []
    for name in dict.fromkeys(chosen):
        if name == target:
            why = text(
                f"“{name}” is the target; it cannot be a feature too.",
                f"“{name}”是目标列，不能同时作为特征。",
            )
            raise _unsuitable("features", why, _without(features, name))
        if name not in places or facts.columns[places[name]].kind == "text":
            why = text(
                f"“{name}” cannot be a feature: there is no such column, or it holds free text.",
                f"“{name}”不能作为特征：没有这一列，或其为自由文本。",
            )
            raise _unsuitable("features", why, _without(features, name))
        column = facts.columns[places[name]]
        if column.kind == "number":
            found.append((places[name], None))
        else:
            found += [(places[name], code) for code in range(len(column.categories))]
    if not found or len(found) > MOST_INPUTS:
        why = text(
            f"The features give {len(found)} inputs; 1 to {MOST_INPUTS} are possible.",
            f"所选特征产生 {len(found)} 个输入；应为 1 至 {MOST_INPUTS} 个。",
        )
        raise _unsuitable("features", why)
    return tuple(found)


def _joined(*parts: Text) -> Text:
    return Text(en="".join(p.en for p in parts), zh="".join(p.zh for p in parts))


def _unsuitable(field: str, why: Text, *repairs: Repair) -> Unsuitable:
    return Unsuitable(why=why.model_dump(), pointer=f"/training/dataset/{field}", repairs=repairs)


def _use(field: str, value: str) -> Repair:
    patch = {"op": "add", "path": f"/training/dataset/{field}", "value": value}
    return Repair(text=text(f"Use “{value}”", f"改用“{value}”"), patch=(patch,))


def _without(features: tuple[str, ...], name: str) -> Repair:
    left = [one for one in features if one != name]
    patch = {"op": "add", "path": "/training/dataset/features", "value": left}
    return Repair(text=text(f"Leave out “{name}”", f"去掉“{name}”"), patch=(patch,))


class Table:
    """The rows of a plan, in the order of the two parts."""

    def __init__(
        self, digest: str, plan: Plan, order: NDArray[np.intp], train: int, standardise: bool
    ) -> None:
        mapped, facts = SHELF.array(digest, TABLE), SHELF.facts(digest)
        if mapped is None or not isinstance(facts, TableFacts):
            raise DataMissing(
                name=digest[:8],
                name_zh=digest[:8],
                repair="upload it again.",
                repair_zh="请重新上传。",
            )
        self._table: NDArray[Any] = mapped
        self._facts, self._plan, self._standardise = facts, plan, standardise
        present = np.flatnonzero(~np.isnan(np.asarray(mapped[:, plan.target])))
        self._order = present[order]
        self._mean, self._deviation = self._statistics(self._order[:train])

    def _block(self) -> int:
        return max(1, _BLOCK // int(self._table.shape[1]))

    def _statistics(self, rows: NDArray[np.intp]) -> tuple[NDArray[Any], NDArray[Any]]:
        """Mean and deviation of every column over these rows, missing values left out."""
        width = self._table.shape[1]
        count, total, square = np.zeros(width), np.zeros(width), np.zeros(width)
        ordered = np.sort(rows)
        shift = np.nan_to_num(np.asarray(self._table[ordered[0]], np.float64))
        for start in range(0, len(ordered), self._block()):
            part = (
                np.asarray(self._table[ordered[start : start + self._block()]], np.float64) - shift
            )
            there = ~np.isnan(part)
            part[~there] = 0.0
            count += there.sum(0)
            total += part.sum(0)
            square += (part * part).sum(0)
        count = np.maximum(count, 1)
        mean = total / count
        deviation = np.sqrt(np.maximum(square / count - mean * mean, 0.0))
        return mean + shift, np.where(deviation > 1e-12 * (1 + np.abs(shift)), deviation, 1.0)

    def _feature(self, place: int, category: int | None) -> Feature:
        column = self._facts.columns[place]
        name = text(column.name, column.name)
        if category is not None:
            return Feature(name, category=column.categories[category])
        if not self._standardise:
            return Feature(name)
        return Feature(name, float(self._mean[place]), float(self._deviation[place]))

    @property
    def features(self) -> tuple[Feature, ...]:
        return tuple(self._feature(*one) for one in self._plan.inputs)

    @property
    def value(self) -> Feature | None:
        return self._feature(self._plan.target, None) if self._plan.task == "regression" else None

    def rows(self, part: slice) -> tuple[NDArray[np.float32], NDArray[Any]]:
        """Inputs (n, width) and targets of these places of the order."""
        rows, plan = self._order[part], self._plan
        features = self.features
        x = np.empty((len(rows), len(features)), np.float32)
        raw = np.empty(len(rows), np.float64)
        for start in range(0, len(rows), self._block()):
            stop = start + self._block()
            block = np.asarray(self._table[rows[start:stop]], np.float64)
            raw[start:stop] = block[:, plan.target]
            for place, ((column, category), feature) in enumerate(
                zip(plan.inputs, features, strict=True)
            ):
                cells = block[:, column]
                if category is not None:
                    x[start:stop, place] = cells == category
                    continue
                cells = np.where(np.isnan(cells), self._mean[column], cells)
                x[start:stop, place] = (cells - feature.centre) / feature.scale
        return x, self._targets(raw)

    def _targets(self, raw: NDArray[np.float64]) -> NDArray[Any]:
        value = self.value
        if value is not None:
            return ((raw - value.centre) / value.scale).astype(np.float32)[:, None]
        column = self._facts.columns[self._plan.target]
        if column.kind == "number":
            # the table holds float32: so do the numbers that its cells are compared with
            known = np.asarray(column.numbers, np.float32).astype(np.float64)
            return np.searchsorted(known, raw).astype(np.int64)
        return raw.astype(np.int64)


@lru_cache(maxsize=4)
def _kept(digest: str, plan: Plan, order: bytes, train: int, standardise: bool) -> Table:
    return Table(digest, plan, np.frombuffer(order, np.intp), train, standardise)


def table(digest: str, plan: Plan, order: NDArray[np.intp], train: int, standardise: bool) -> Table:
    """The rows, with their statistics, which are kept for a while."""
    return _kept(digest, plan, order.tobytes(), train, standardise)
