"""Float maps → 8-bit codes with a range per map, and the safetensors frame that carries them.

All maps of a frame go through a handful of NumPy calls; a layout's header is written once.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod

import numpy as np
from numpy.typing import NDArray

from app.core.shapes import Shape
from app.protocol.frames import (
    FIRST_CODE,
    LAST_CODE,
    NAN_CODE,
    NEGATIVE_INFINITY_CODE,
    POSITIVE_INFINITY_CODE,
)

Floats = NDArray[np.float32]
Codes = NDArray[np.uint8]
LEVELS = LAST_CODE - FIRST_CODE
_TINY = np.finfo(np.float32).tiny


@dataclass(frozen=True)
class Entry:
    """A tensor of a frame: its name, its shape, and how many maps have a range of their own."""

    name: str
    shape: Shape
    maps: int

    @property
    def count(self) -> int:
        return prod(self.shape)


def entry(name: str, shape: Shape) -> Entry:
    """One map for a vector, otherwise one for each index of the first axis."""
    return Entry(name, shape, 1 if len(shape) < 2 else shape[0])


class Layout:
    """Where everything lies in frames of the same tensors: ranges first, so that floats are aligned.

    ``floats`` are tensors that are carried as they are.
    """

    def __init__(self, entries: Sequence[Entry], floats: Sequence[tuple[str, Shape]] = ()) -> None:
        sizes = [e.count // e.maps for e in entries for _ in range(e.maps)]
        self.sizes = np.array(sizes, dtype=np.intp)
        self.starts = np.cumsum([0, *sizes[:-1]], dtype=np.intp) if sizes else self.sizes
        self._header = self._write_header(entries, floats)

    def _write_header(self, entries: Sequence[Entry], floats: Sequence[tuple[str, Shape]]) -> bytes:
        header: dict[str, object] = {}
        place = 0

        def put(name: str, dtype: str, shape: Shape, size: int) -> None:
            nonlocal place
            header[name] = {
                "dtype": dtype,
                "shape": list(shape),
                "data_offsets": [place, place + size],
            }
            place += size

        for part in ("scale", "zero"):
            for e in entries:
                put(f"{e.name}.{part}", "F32", (e.maps,), 4 * e.maps)
        for name, shape in floats:
            put(name, "F32", shape, 4 * prod(shape))
        for e in entries:
            put(e.name, "U8", e.shape, e.count)
        return json.dumps(header, separators=(",", ":")).encode()[1:]

    def frame(
        self, values: Floats, metadata: Mapping[str, str], floats: Sequence[Floats] = ()
    ) -> bytes:
        """The safetensors bytes of ``values``: all tensors' numbers in a row, in C order."""
        codes, scale, zero = quantise(values, self.starts, self.sizes)
        parts = [scale.tobytes(), zero.tobytes(), *(f.tobytes() for f in floats), codes.tobytes()]
        return assemble(self._header, metadata, parts)


def assemble(header: bytes, metadata: Mapping[str, str], parts: Sequence[bytes]) -> bytes:
    """A safetensors file from a header without its opening brace, metadata and data."""
    facts = json.dumps(metadata, separators=(",", ":"), ensure_ascii=False).encode()
    text = b'{"__metadata__":' + facts + (b"," if len(header) > 1 else b"") + header
    text += b" " * (-len(text) % 8)
    return b"".join((struct.pack("<Q", len(text)), text, *parts))


def quantise(
    values: Floats, starts: NDArray[np.intp], sizes: NDArray[np.intp]
) -> tuple[Codes, Floats, Floats]:
    """(codes, scale, zero) of maps laid in a row; value = zero + (code − 2) · scale.

    The error is at most half a step. NaN, −∞ and +∞ keep codes of their own.
    """
    if not len(sizes):
        empty = np.empty(0, np.float32)
        return np.empty(0, np.uint8), empty, empty
    with np.errstate(over="ignore", invalid="ignore"):
        low = np.minimum.reduceat(values, starts)
        span = np.maximum.reduceat(values, starts) - low
        if not np.isfinite(span).all():
            return _quantise_wild(values, starts, sizes)
        scale = np.maximum(span / np.float32(LEVELS), _TINY)
        codes = (values - np.repeat(low, sizes)) * np.repeat(np.float32(1) / scale, sizes)
    codes += np.float32(FIRST_CODE + 0.5)
    np.minimum(codes, np.float32(LAST_CODE + 0.5), out=codes)
    return codes.astype(np.uint8), scale, low


def _quantise_wild(
    values: Floats, starts: NDArray[np.intp], sizes: NDArray[np.intp]
) -> tuple[Codes, Floats, Floats]:
    """The same where some values are not finite or a range exceeds float32."""
    finite = np.isfinite(values)
    exact = values.astype(np.float64)
    low = np.minimum.reduceat(np.where(finite, exact, np.inf), starts)
    high = np.maximum.reduceat(np.where(finite, exact, -np.inf), starts)
    nothing = low > high
    low[nothing] = high[nothing] = 0.0
    scale = np.maximum((high - low) / LEVELS, float(_TINY)).astype(np.float32)
    exact = np.where(finite, exact, 0.0)
    steps = np.rint((exact - np.repeat(low, sizes)) / np.repeat(scale.astype(np.float64), sizes))
    codes = (np.clip(steps, 0, LEVELS) + FIRST_CODE).astype(np.uint8)
    codes[np.isnan(values)] = NAN_CODE
    codes[np.isneginf(values)] = NEGATIVE_INFINITY_CODE
    codes[np.isposinf(values)] = POSITIVE_INFINITY_CODE
    return codes, scale, low.astype(np.float32)
