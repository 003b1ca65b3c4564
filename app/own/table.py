"""A CSV file → columns of numbers and categories in two passes over the file, with bounded memory.

The first pass finds what every column holds, the second writes the table. Cells that do not fit
their column are listed and count as missing; rows of another length are listed and left out.
"""

from __future__ import annotations

import csv
import math
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from app.catalog.shelf import FLOAT32_MOST, Column, TableFacts
from app.core.names import clean, shown
from app.core.text import text
from app.own.lines import LONGEST_LINE, encoding_of, lines
from app.own.refusals import EmptyFile, LineTooLong, NoRows, NotSeparated, OneColumn, TooMany
from app.own.remarks import Remark, Remarks

MOST_COLUMNS = 2048
MOST_ROWS = 2_000_000
MOST_CELLS = 32_000_000
MOST_CATEGORIES = 256
MOST_CATEGORIES_ALTOGETHER = 20_000
LONGEST_NAME = 80
NUMBERS_SHARE = 0.6
"""A column is one of numbers from this share of its values on."""
HEAD_LINES = 50
HEAD_CELLS = 50_000
DELIMITERS = {"comma": ",", "semicolon": ";", "tab": "\t", "bar": "|"}
"""By the names under which a user may ask for one."""
MISSING = frozenset({"", "na", "n/a", "nan", "null", "none", "?", "-"})
Progress = Callable[[float], None]
_Records = Iterator[tuple[int, list[str]]]


@dataclass
class Seen:
    """What a column held so far."""

    numbers: int = 0
    others: int = 0
    values: set[str] | None = field(default_factory=set)
    """Its different texts; None once they are too many."""
    amounts: set[float] | None = field(default_factory=set)
    largest: float = 0.0
    """The largest of its numbers without their signs."""

    def look(self, cell: str) -> None:
        number = as_number(cell)
        if number is None:
            self.others += 1
        else:
            self.numbers += 1
            self.largest = max(self.largest, abs(number))
            if self.amounts is not None:
                self.amounts.add(number)
                if len(self.amounts) > MOST_CATEGORIES:
                    self.amounts = None
        if self.values is not None:
            self.values.add(shown(cell[:LONGEST_NAME]))
            if len(self.values) > MOST_CATEGORIES:
                self.values = None


@dataclass(frozen=True)
class Form:
    """How the file is written, as it was found."""

    encoding: str
    delimiter: str
    header: bool
    names: tuple[str, ...]


def as_number(cell: str) -> float | None:
    """A finite number; None for anything else. What is too small for full precision is 0."""
    try:
        number = float(cell)
    except ValueError:
        return None
    if not math.isfinite(number) or "_" in cell:
        return None
    return number if abs(number) >= sys.float_info.min else 0.0


def is_missing(cell: str) -> bool:
    return cell.lower() in MISSING


def records(path: Path, encoding: str, delimiter: str) -> _Records:
    """(line of the file, cells) of every record that is not blank. Raises what refuses the file."""
    source = _Bounded(lines(path, encoding))
    reader = csv.reader(source, delimiter=delimiter, skipinitialspace=True)
    csv.field_size_limit(LONGEST_LINE)
    while True:
        start = reader.line_num + 1
        source.taken = 0
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise LineTooLong(line=start, limit=LONGEST_LINE) from error
        if any(cell.strip() for cell in cells):
            yield start, [cell.strip() for cell in cells]


class _Bounded:
    """Lines of a file; refuses a record that goes on over too many of them."""

    def __init__(self, source: Iterator[str]) -> None:
        self._source = source
        self._line = 0
        self.taken = 0

    def __iter__(self) -> _Bounded:
        return self

    def __next__(self) -> str:
        line = next(self._source)
        self._line += 1
        self.taken += len(line)
        if self.taken > 2 * LONGEST_LINE:
            raise LineTooLong(line=self._line, limit=2 * LONGEST_LINE)
        return line


def form_of(path: Path, delimiter: str | None = None, header: bool | None = None) -> Form:
    """Encoding, delimiter, header and names from the first lines; what is given is taken as it is.

    Raises what refuses the file.
    """
    encoding = encoding_of(path)
    chosen = _delimiter(path, encoding) if delimiter is None else delimiter
    first = next((cells for _, cells in records(path, encoding, chosen)), None)
    if first is None:
        raise EmptyFile
    if delimiter is not None and max(_widths(path, encoding, delimiter)) < 2:
        raise NotSeparated(delimiter={"\t": "tab"}.get(delimiter, delimiter))
    if len(first) > MOST_COLUMNS:
        raise TooMany(limit=MOST_COLUMNS, what=text("columns", "列"))
    if header is None:
        header = not any(as_number(cell) is not None for cell in first)
    return Form(encoding, chosen, header, tuple(_names(first if header else [""] * len(first))))


def _delimiter(path: Path, encoding: str) -> str:
    """That which cuts most of the first lines into one number of cells, above one."""
    widths = {one: _widths(path, encoding, one) for one in DELIMITERS.values()}
    if not widths[","]:
        raise EmptyFile

    def merit(delimiter: str) -> tuple[bool, float, int]:
        found = widths[delimiter]
        usual = max(set(found), key=lambda width: (found.count(width), width))
        return usual > 1, found.count(usual) / len(found), usual

    found = max(DELIMITERS.values(), key=merit)
    if not merit(found)[0]:
        raise OneColumn
    return found


def _widths(path: Path, encoding: str, delimiter: str) -> list[int]:
    found: list[int] = []
    for _, cells in records(path, encoding, delimiter):
        found.append(len(cells))
        if len(found) >= HEAD_LINES or sum(found) > HEAD_CELLS:
            break
    return found


def _names(cells: list[str]) -> Iterator[str]:
    taken: set[str] = set()
    for place, cell in enumerate(cells, 1):
        base = clean(cell[:LONGEST_NAME]) or f"column {place}"
        name, number = base, 2
        while name in taken:
            name, number = f"{base} {number}", number + 1
        taken.add(name)
        yield name


class Table:
    """Reads one file. ``preview`` holds the first rows as they are written."""

    def __init__(self, path: Path, form: Form, remarks: Remarks, progress: Progress) -> None:
        self.path = path
        self.form = form
        self.remarks = remarks
        self.preview: list[list[str]] = []
        self._progress = progress
        self._bytes = max(1, path.stat().st_size)

    def _rows(self) -> _Records:
        found = records(self.path, self.form.encoding, self.form.delimiter)
        if self.form.header:
            next(found, None)
        return found

    def facts(self) -> TableFacts:
        """The first pass: what every column holds, and the rows that do not fit."""
        seen = [Seen() for _ in self.form.names]
        rows = 0
        for line, cells in self._rows():
            if len(cells) != len(seen):
                self.remarks.add(_other_length(line, len(cells), len(seen)))
                continue
            rows += 1
            if rows > min(MOST_ROWS, MOST_CELLS // len(seen)):
                limit = min(MOST_ROWS, MOST_CELLS // len(seen))
                raise TooMany(limit=limit, what=text("rows of this width", "行（按当前列数）"))
            if len(self.preview) < 10:
                self.preview.append([cell[:LONGEST_NAME] for cell in cells])
            for column, cell in zip(seen, cells, strict=True):
                if not is_missing(cell):
                    column.look(cell)
            if rows % 2000 == 0:
                self._progress(0.45 * min(1.0, rows / self._guess(rows)))
        if rows < 2:
            raise NoRows(first=self.remarks.first)
        return TableFacts(rows=rows, columns=tuple(self._columns(seen)))

    def _guess(self, rows: int) -> float:
        """About how many rows there are, for the progress."""
        width = sum(len(cell) + 1 for row in self.preview for cell in row) / len(self.preview)
        return max(rows, self._bytes / max(1.0, width))

    def _columns(self, seen: list[Seen]) -> Iterator[Column]:
        left = MOST_CATEGORIES_ALTOGETHER
        for name, one in zip(self.form.names, seen, strict=True):
            total = one.numbers + one.others
            if total and one.numbers >= NUMBERS_SHARE * total:
                few = tuple(sorted(one.amounts)) if one.amounts is not None else ()
                kept = few if len(few) <= left else ()
                left -= len(kept)
                if one.largest > FLOAT32_MOST:
                    self.remarks.add(_too_large(name, one.largest))
                yield Column(
                    name=name,
                    kind="number",
                    numbers=kept,
                    present=one.numbers,
                    largest=one.largest,
                )
            elif one.values and len(one.values) <= left:
                left -= len(one.values)
                yield Column(
                    name=name, kind="category", categories=tuple(sorted(one.values)), present=total
                )
            else:
                yield Column(name=name, kind="text", present=total)

    def write(self, facts: TableFacts, target: Path) -> None:
        """The second pass: ``target`` becomes the table."""
        shape = (facts.rows, len(facts.columns))
        codes = [{name: i for i, name in enumerate(one.categories)} for one in facts.columns]
        part = max(1, 250_000 // shape[1])
        with target.open("wb") as file:
            np.lib.format.write_array_header_1_0(
                file, {"descr": "<f8", "fortran_order": False, "shape": shape}
            )
            block, done = np.empty((part, shape[1]), np.float64), 0
            for line, cells in self._rows():
                if len(cells) != shape[1]:
                    continue
                for place, (cell, column) in enumerate(zip(cells, facts.columns, strict=True)):
                    block[done % part, place] = self._value(line, cell, column, codes[place])
                done += 1
                if done % part == 0:
                    file.write(block.tobytes())
                    self._progress(0.45 + 0.5 * done / facts.rows)
            file.write(block[: done % part].tobytes())

    def _value(self, line: int, cell: str, column: Column, codes: dict[str, int]) -> float:
        if is_missing(cell):
            return math.nan
        if column.kind == "category":
            return codes[shown(cell[:LONGEST_NAME])]
        if column.kind == "text":
            return math.nan
        number = as_number(cell)
        if number is None:
            self.remarks.add(_no_number(line, column.name, cell))
            return math.nan
        return number


def _other_length(line: int, got: int, expected: int) -> Remark:
    return Remark(
        row=line,
        message=text(
            f"{got} values instead of {expected}; the row is left out.",
            f"有 {got} 个值，应为 {expected} 个；该行未使用。",
        ),
        repair=text(
            f"Give it {expected} values; put quotation marks around text that holds the separator.",
            f"补足为 {expected} 个值；含分隔符的文本请加引号。",
        ),
    )


def _too_large(column: str, largest: float) -> Remark:
    return Remark(
        column=column,
        message=text(
            f"Its numbers reach {largest:.3g}; a network counts to {FLOAT32_MOST:.3g}.",
            f"该列的数达到 {largest:.3g}；网络最大只能表示 {FLOAT32_MOST:.3g}。",
        ),
        repair=text(
            "Leave “standardise” on, which scales them, or write them in another unit.",
            "请保持“标准化”开启以缩放这些数，或换用其他单位。",
        ),
    )


def _no_number(line: int, column: str, cell: str) -> Remark:
    shown = cell if len(cell) <= 24 else f"{cell[:24]}…"
    return Remark(
        row=line,
        column=column,
        message=text(
            f"“{shown}” is no finite number; it counts as missing.",
            f"“{shown}”不是有限的数，按缺失处理。",
        ),
        repair=text("Write a number, or leave the cell empty.", "请写入数值，或将该格留空。"),
    )
