"""8-bit codes: the error is at most half a step, and what is not finite stays visible."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray
from safetensors.numpy import load

from app.engine.quantise import Entry, Layout, entry, quantise
from app.protocol.frames import metadata

FINITE = st.floats(width=32, allow_nan=False, allow_infinity=False)
ANY = st.floats(width=32)


def dequantise(codes: NDArray[np.uint8], scale: float, zero: float) -> NDArray[np.float64]:
    """As the frame's description says."""
    values = zero + (codes.astype(np.float64) - 2) * scale
    values[codes == 0] = np.nan
    values[codes == 1] = -np.inf
    values[codes == 255] = np.inf
    return values


@given(arrays.arrays(np.float32, st.tuples(st.integers(1, 5), st.integers(1, 40)), elements=ANY))
def test_error_is_at_most_half_a_step(maps: NDArray[np.float32]) -> None:
    count, size = maps.shape
    starts = np.arange(count) * size
    codes, scale, zero = quantise(maps.reshape(-1), starts, np.full(count, size))
    for i in range(count):
        seen = dequantise(codes[i * size : (i + 1) * size], float(scale[i]), float(zero[i]))
        real = maps[i].astype(np.float64)
        finite = np.isfinite(real)
        np.testing.assert_array_equal(np.isnan(seen), np.isnan(real))
        np.testing.assert_array_equal(np.isposinf(seen), np.isposinf(real))
        np.testing.assert_array_equal(np.isneginf(seen), np.isneginf(real))
        if finite.any():
            rounding = 1e-4 * scale[i] + 4e-7 * np.abs(real[finite]).max()
            worst = np.abs(seen[finite] - real[finite]).max()
            assert worst <= 0.5 * float(scale[i]) + rounding


def test_ends_of_the_range_are_exact() -> None:
    values = np.array([-3.0, 0.0, 5.0], np.float32)
    codes, scale, zero = quantise(values, np.array([0]), np.array([3]))
    assert list(codes[[0, 2]]) == [2, 254]
    assert zero[0] == -3.0
    assert float(zero[0]) + 252 * float(scale[0]) == pytest.approx(5.0, rel=1e-6)


def test_constant_map_is_exact() -> None:
    codes, _, zero = quantise(np.full(4, 7.25, np.float32), np.array([0]), np.array([4]))
    assert list(codes) == [2] * 4
    assert zero[0] == 7.25


def test_frame_is_a_safetensors_file() -> None:
    entries = [entry("a.activation", (2, 3, 4)), entry("b.activation", (5,)), Entry("c.x", (), 1)]
    assert [e.maps for e in entries] == [2, 1, 1]
    layout = Layout(entries, [("output.probabilities", (2,))])
    values = np.arange(30, dtype=np.float32)
    frame = layout.frame(values, {"step": "7", "run": "ü"}, [np.array([0.25, 0.75], np.float32)])
    tensors = load(frame)
    assert metadata(frame) == {"step": "7", "run": "ü"}
    assert tensors["a.activation"].shape == (2, 3, 4)
    assert tensors["a.activation"].dtype == np.uint8
    assert tensors["a.activation.scale"].shape == (2,)
    assert tensors["b.activation.zero"].tolist() == [24.0]
    assert tensors["output.probabilities"].tolist() == [0.25, 0.75]
    (length,) = np.frombuffer(frame[:8], "<u8")
    assert length % 8 == 0


def test_frame_of_nothing() -> None:
    frame = Layout([]).frame(np.empty(0, np.float32), {"a": "b"})
    assert load(frame) == {}
