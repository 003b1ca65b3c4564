"""Columns of an uploaded table → inputs and targets of a network. NumPy over a mapped file."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.catalog.datasets._base import Feature
from app.catalog.datasets._uploaded import Unsuitable
from app.catalog.losses import Task
from app.catalog.shelf import FLOAT32_MOST, SHELF, TABLE, Column, TableFacts
from app.core.errors import DataMissing, Repair
from app.core.text import Text, text

Reals = NDArray[np.float64]
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


def require_float32(digest: str, plan: Plan) -> None:
    """Raises :class:`Unsuitable` where a number that is used as it is does not fit into a float32."""
    facts = SHELF.facts(digest)
    assert isinstance(facts, TableFacts)
    used = [column for column, category in plan.inputs if category is None]
    used += [plan.target] if plan.task == "regression" else []
    for place in used:
        column = facts.columns[place]
        if column.largest > FLOAT32_MOST:
            why = text(
                f"“{column.name}” reaches {column.largest:.3g}; without standardising it does not fit.",
                f"“{column.name}”达到 {column.largest:.3g}；不标准化则超出可表示的范围。",
            )
            raise _unsuitable("standardise", why, _use("standardise", True))


def _joined(*parts: Text) -> Text:
    return Text(en="".join(p.en for p in parts), zh="".join(p.zh for p in parts))


def _unsuitable(field: str, why: Text, *repairs: Repair) -> Unsuitable:
    return Unsuitable(why=why.model_dump(), pointer=f"/training/dataset/{field}", repairs=repairs)


def _use(field: str, value: str | bool) -> Repair:
    patch = {"op": "add", "path": f"/training/dataset/{field}", "value": value}
    if isinstance(value, bool):
        return Repair(text=text("Standardise", "进行标准化"), patch=(patch,))
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
        self._unit, self._low, self._mean, self._deviation = self._statistics(self._order[:train])

    def _block(self) -> int:
        return max(1, _BLOCK // int(self._table.shape[1]))

    def _blocks(self, rows: NDArray[np.intp]) -> Iterator[NDArray[np.float64]]:
        for start in range(0, len(rows), self._block()):
            yield np.asarray(self._table[rows[start : start + self._block()]], np.float64)

    def _statistics(self, rows: NDArray[np.intp]) -> tuple[NDArray[np.intc], Reals, Reals, Reals]:
        """Of every column over these rows, missing values left out: the power of two that brings its
        numbers to 1 at most, and in that unit, in which no square is too large or too small, the least
        number, how far the mean lies above it, and the deviation. That of a constant column is 1."""
        width, rows = self._table.shape[1], np.sort(rows)
        low, high = np.full(width, np.inf), np.full(width, -np.inf)
        for block in self._blocks(rows):
            low, high = np.fmin(low, np.fmin.reduce(block)), np.fmax(high, np.fmax.reduce(block))
        low = np.where(np.isfinite(low), low, 0.0)
        unit = np.frexp(np.maximum(np.abs(low), np.where(np.isfinite(high), np.abs(high), 0.0)))[1]
        count, total, square = np.zeros(width), np.zeros(width), np.zeros(width)
        shift = np.ldexp(low, -unit)
        for block in self._blocks(rows):
            part = np.ldexp(block, -unit) - shift
            there = ~np.isnan(part)
            part[~there] = 0.0
            count += there.sum(0)
            total += part.sum(0)
            square += (part * part).sum(0)
        count = np.maximum(count, 1)
        mean = total / count
        deviation = np.sqrt(np.maximum(square / count - mean * mean, 0.0))
        varies = (low < high) & (np.ldexp(deviation, unit) >= sys.float_info.min)
        one = np.ldexp(1.0, -np.minimum(unit, 1000))
        return unit, shift, mean, np.where(varies, deviation, one)

    def _centre(self, place: int) -> float:
        """The mean of a column, to a float64's precision."""
        return float(np.ldexp(self._low[place] + self._mean[place], self._unit[place]))

    def _feature(self, place: int, category: int | None) -> Feature:
        column = self._facts.columns[place]
        name = text(column.name, column.name)
        if category is not None:
            return Feature(name, category=column.categories[category])
        if not self._standardise:
            return Feature(name)
        scale = float(np.ldexp(self._deviation[place], self._unit[place]))
        return Feature(name, self._centre(place), scale)

    @property
    def features(self) -> tuple[Feature, ...]:
        return tuple(self._feature(*one) for one in self._plan.inputs)

    @property
    def value(self) -> Feature | None:
        return self._feature(self._plan.target, None) if self._plan.task == "regression" else None

    def rows(self, part: slice) -> tuple[NDArray[np.float32], NDArray[Any]]:
        """Inputs (n, width) and targets of these places of the order."""
        rows, plan = self._order[part], self._plan
        x = np.empty((len(rows), len(plan.inputs)), np.float32)
        raw = np.empty(len(rows), np.float64)
        for start in range(0, len(rows), self._block()):
            stop = start + self._block()
            block = np.asarray(self._table[rows[start:stop]], np.float64)
            raw[start:stop] = block[:, plan.target]
            for place, (column, category) in enumerate(plan.inputs):
                cells = block[:, column]
                if category is not None:
                    x[start:stop, place] = cells == category
                    continue
                x[start:stop, place] = _float32(self._scaled(column, cells))
        return x, self._targets(raw)

    def _scaled(self, place: int, cells: NDArray[np.float64]) -> NDArray[np.float64]:
        """The numbers of a column as a network sees them; the mean stands for those that are missing."""
        if not self._standardise:
            return np.where(np.isnan(cells), self._centre(place), cells)
        with np.errstate(over="ignore"):
            above = np.ldexp(cells, -self._unit[place]) - self._low[place]
            scaled = (above - self._mean[place]) / self._deviation[place]
        return np.where(np.isnan(cells), 0.0, scaled)

    def _targets(self, raw: NDArray[np.float64]) -> NDArray[Any]:
        if self._plan.task == "regression":
            return _float32(self._scaled(self._plan.target, raw))[:, None]
        column = self._facts.columns[self._plan.target]
        if column.kind == "number":
            # numbers are compared with the table's cells as the table holds them
            known = np.asarray(column.numbers, self._table.dtype).astype(np.float64)
            return np.searchsorted(known, raw).astype(np.int64)
        return raw.astype(np.int64)


def _float32(values: NDArray[np.float64]) -> NDArray[np.float32]:
    """Rounded only now; what a float32 cannot hold is the largest that it can."""
    return np.clip(values, -FLOAT32_MOST, FLOAT32_MOST).astype(np.float32)


@lru_cache(maxsize=4)
def _kept(digest: str, plan: Plan, order: bytes, train: int, standardise: bool) -> Table:
    return Table(digest, plan, np.frombuffer(order, np.intp), train, standardise)


def table(digest: str, plan: Plan, order: NDArray[np.intp], train: int, standardise: bool) -> Table:
    """The rows, with their statistics, which are kept for a while."""
    return _kept(digest, plan, order.tobytes(), train, standardise)
