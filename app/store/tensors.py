"""Reads the header of a safetensors file that a stranger sent, and trusts nothing in it.

Works on the file's first bytes and, for the values, on a memory map: no tensor is made, no torch.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

from app.core.errors import Invalid
from app.core.shapes import Shape
from app.core.text import Text, text

LARGEST_HEADER = 2**20
MOST_TENSORS = 4096
MOST_AXES = 8
_FLOATS = {"F64": "<f8", "F32": "<f4", "F16": "<f2", "BF16": "<u2"}
_BYTES = {"F64": 8, "F32": 4, "F16": 2, "BF16": 2, "I64": 8, "I32": 4}
_CHUNK = 1 << 22


class NotTensors(Invalid):
    code, status = "not_safetensors", 422
    message = text(
        "This is no safetensors file that can be used: {why}",
        "该文件不是可用的 safetensors 文件：{why}",
    )


class NotFinite(Invalid):
    code, status = "weights_not_finite", 422
    message = text(
        "The tensor {tensor} holds a value that is not finite (NaN or infinite).",
        "张量 {tensor} 含有非有限值（NaN 或无穷大）。",
    )


@dataclass(frozen=True)
class Entry:
    """One tensor of a file; ``start`` and ``end`` count from the file's first byte."""

    dtype: str
    shape: Shape
    start: int
    end: int


def read(path: Path) -> dict[str, Entry]:
    """The tensors of a file; raises :class:`NotTensors`."""
    size = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(8)
        if len(head) < 8:
            raise _no("it is shorter than 8 bytes.", "文件不足 8 字节。")
        (length,) = struct.unpack("<Q", head)
        if length > min(LARGEST_HEADER, size - 8):
            raise _no(
                f"its header would be {length:,} bytes long.", f"文件头长度竟为 {length:,} 字节。"
            )
        header = _json(file.read(length))
    found = {
        name: _entry(name, facts, 8 + length)
        for name, facts in header.items()
        if name != "__metadata__"
    }
    _require_whole(found, 8 + length, size)
    return found


def require_finite(path: Path, entries: Mapping[str, Entry]) -> None:
    """Raises :class:`NotFinite` for the first tensor with a NaN or an infinity in it."""
    for name, entry in entries.items():
        if entry.dtype not in _FLOATS or entry.end == entry.start:
            continue
        kind = np.dtype(_FLOATS[entry.dtype])
        count = (entry.end - entry.start) // kind.itemsize
        for first in range(0, count, _CHUNK):
            part = np.fromfile(
                path,
                kind,
                min(_CHUNK, count - first),
                offset=entry.start + first * kind.itemsize,
            )
            # bfloat16 is unknown to NumPy: all exponent bits set means not finite.
            bad = (part & 0x7F80) == 0x7F80 if entry.dtype == "BF16" else ~np.isfinite(part)
            if bad.any():
                raise NotFinite(tensor=name[:200])


def _json(blob: bytes) -> dict[str, Any]:
    try:
        header = json.loads(blob)
    except (ValueError, RecursionError):
        raise _no("its header is no JSON.", "文件头不是 JSON。") from None
    if not isinstance(header, dict):
        raise _no("its header is no JSON object.", "文件头不是 JSON 对象。")
    if len(header) > MOST_TENSORS:
        raise _no(
            f"it holds more than {MOST_TENSORS} tensors.", f"其中的张量超过 {MOST_TENSORS} 个。"
        )
    return header


def _entry(name: str, facts: Any, data: int) -> Entry:
    shown = name[:200]
    if not isinstance(facts, dict) or facts.get("dtype") not in _BYTES:
        kinds = ", ".join(_BYTES)
        raise _no(
            f"the type of tensor {shown} is none of {kinds}.",
            f"张量 {shown} 的类型不属于 {kinds}。",
        )
    shape: Any = facts.get("shape")
    places: Any = facts.get("data_offsets")
    if not _numbers(shape, MOST_AXES) or not _numbers(places, 2) or len(places) != 2:
        raise _no(
            f"shape or place of tensor {shown} cannot be read.",
            f"张量 {shown} 的形状或位置无法读取。",
        )
    start, end = places
    if end - start != prod(shape) * _BYTES[facts["dtype"]]:
        raise _no(
            f"tensor {shown} does not take as many bytes as its shape needs.",
            f"张量 {shown} 的字节数与形状不符。",
        )
    return Entry(facts["dtype"], tuple(shape), data + start, data + end)


def _numbers(value: Any, most: int) -> bool:
    return (
        isinstance(value, list)
        and len(value) <= most
        and all(type(item) is int and 0 <= item < 2**48 for item in value)
    )


def _require_whole(entries: Mapping[str, Entry], start: int, size: int) -> None:
    """Every byte belongs to one tensor: nothing overlaps, nothing is left over."""
    if not entries:
        raise _no("it holds no tensor.", "其中没有张量。")
    place = start
    for name, entry in sorted(entries.items(), key=lambda item: (item[1].start, item[1].end)):
        if entry.start != place:
            shown = name[:200]
            raise _no(
                f"tensor {shown} overlaps another or leaves a gap.",
                f"张量 {shown} 与其他张量重叠或留有空隙。",
            )
        place = entry.end
    if place != size:
        raise _no(
            f"it has {size:,} bytes, but its tensors end at {place:,}.",
            f"文件有 {size:,} 字节，而张量止于 {place:,}。",
        )


def _no(en: str, zh: str) -> NotTensors:
    why: Text = text(en, zh)
    return NotTensors(why=why)
