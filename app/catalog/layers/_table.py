"""The connection table of a convolution: which inputs each output map reads. No part of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from app.catalog.family import option
from app.catalog.initializers import Initializer
from app.catalog.layers._base import Fix, Layer, Rows, ShapeMismatch
from app.catalog.plot import Place
from app.core.shapes import Shape
from app.core.text import text

if TYPE_CHECKING:
    import torch

Row = Annotated[tuple[Annotated[int, Field(ge=0, le=511)], ...], Field(max_length=512)]
Table = tuple[Row, ...]
MOST_CONNECTIONS = 65_536

CONNECT_ALL = text("Connect every map to every input", "每张图与所有输入相连")


def table_option() -> Any:
    """Input maps of each output map; none: all of them."""
    return option(
        None,
        text("connections", "连接表"),
        text(
            "The input maps that each output map reads, counted from 0; empty: every map reads all.",
            "每张输出特征图读取的输入特征图（从 0 起编号）；留空则与全部相连。",
        ),
        min_length=1,
        max_length=512,
    )


def rows(table: Table, unit: int) -> Rows:
    """The kernels of one output map: one a connection, map by map."""
    first = sum(len(row) for row in table[:unit])
    return Rows(0, tuple(range(first, first + len(table[unit]))))


def check_table(layer: Layer, table: Table, filters: int, got: Shape) -> None:
    """Refuse a table that does not fit ``filters`` maps over the inputs that arrive."""
    every = Fix("set", "table", None, CONNECT_ALL)
    if len(table) != filters:
        expected = text(
            f"one row of its table for each of {filters} maps (not {len(table)} rows)",
            f"连接表的行数与 {filters} 张输出特征图一致（而非 {len(table)} 行）",
        )
        raise ShapeMismatch(layer, expected, got, Fix("set", "filters", len(table)), every)
    for j, row in enumerate(table):
        fitting = tuple(sorted({i for i in row if i < got[0]}))
        if row and fitting == row:
            continue
        expected = text(
            f"in row {j} of its table input maps from 0 to {got[0] - 1}, each once, in order "
            f"(not {_shown(row)})",
            f"连接表第 {j} 行按序列出 0 至 {got[0] - 1} 的输入特征图，各一次（而非 {_shown(row)}）",
        )
        raise ShapeMismatch(layer, expected, got, _mended(table, got[0]), every)
    if sum(map(len, table)) > MOST_CONNECTIONS:
        expected = text(
            f"at most {MOST_CONNECTIONS} connections in its table",
            f"连接表至多 {MOST_CONNECTIONS} 条连接",
        )
        raise ShapeMismatch(layer, expected, got, every)


def _shown(row: tuple[int, ...]) -> str:
    listed = ", ".join(map(str, row[:6]))
    return f"[{listed}, …]" if len(row) > 6 else f"[{listed}]"


def _mended(table: Table, channels: int) -> Fix:
    """Every row in order without what is not there; a row that would be empty reads all."""
    rows = [sorted({i for i in row if i < channels}) or list(range(channels)) for row in table]
    said = text("Keep the connections that fit", "保留有效的连接")
    return Fix("set", "table", rows, said)


def connections(table: Table) -> int:
    return sum(map(len, table))


def summed(table: Table) -> str:
    """Connections as rows of equal length: ``6×3+9×4+1×6``."""
    lengths = sorted({len(row) for row in table})
    return "+".join(f"{sum(len(row) == n for row in table)}×{n}" for n in lengths)


def fill(
    init: Initializer,
    module: torch.nn.Module,
    table: Table,
    generator: torch.Generator,
    gain: float,
) -> None:
    """Every map by its own fan-in: a map of three inputs starts larger than one of six."""
    import torch

    weight, bias = module.get_parameter("weight"), dict(module.named_parameters()).get("bias")
    first = 0
    with torch.no_grad():
        for j, inputs in enumerate(table):
            rows = weight[first : first + len(inputs)].unsqueeze(0)
            init.weight(rows, generator, gain)
            if bias is not None:
                init.bias(bias[j : j + 1], rows[0].numel(), generator)
            first += len(inputs)


def typical(table: Table, kernel: int, gain: float) -> Place:
    """The place of a map with as many inputs as most have."""
    lengths = [len(row) for row in table]
    fan_in = max(set(lengths), key=lengths.count) * kernel**2
    return Place(fan_in=fan_in, fan_out=kernel**2, units=1, gain=gain)
