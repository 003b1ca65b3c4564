"""Where several cells are the largest, the first wins and has all of the gradient: in training, in the
microscope, in exported code."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from app.catalog.layers import LAYERS
from app.engine.export.bundle import Bundle, header
from app.engine.tracing.tracer import Tracer
from app.nn.block_max import BlockMax
from app.protocol.tracing import ExplainWanted, Explanation, Traced
from app.spec.run import RunSpec
from tests.catalog.strategies import fewer
from tests.engine.specs import Driven

Array = np.ndarray[Any, np.dtype[np.float64]]
Places = np.ndarray[Any, np.dtype[np.int64]]


def routed(x: Array, cells: list[Places], deltas: Array) -> Array:
    """Every δ at the first largest cell of its window; ``cells`` are flat places in reading order."""
    found = np.zeros(x.size)
    for window, delta in zip(cells, deltas.reshape(-1), strict=True):
        found[window[np.argmax(x.reshape(-1)[window])]] += delta
    return found.reshape(x.shape)


def over_time(x: Array, lengths: list[int] | None) -> list[Places]:
    places: Places = np.arange(x.size).reshape(x.shape)
    ends = lengths or [x.shape[1]] * len(x)
    return [places[n, : ends[n], j] for n in range(len(x)) for j in range(x.shape[2])]


def pyramid(x: Array, levels: int) -> list[Places]:
    count, channels, height, width = x.shape
    places: Places = np.arange(x.size).reshape(x.shape)
    found = []
    for n in range(count):
        for level in range(levels):
            bins = 2**level
            for c in range(channels):
                for i in range(bins):
                    for j in range(bins):
                        rows = slice(i * height // bins, -(-(i + 1) * height // bins))
                        columns = slice(j * width // bins, -(-(j + 1) * width // bins))
                        found.append(places[n, c, rows, columns].reshape(-1))
    return found


def blocks(x: Array, size: int) -> list[Places]:
    """Of whole blocks, over the last axis or the last two."""
    places: Places = np.arange(x.size).reshape(x.shape)
    found = []
    for index in np.ndindex(*x.shape[:2]):
        one = places[index]
        if one.ndim == 1:
            found += [one[k : k + size] for k in range(0, len(one) - size + 1, size)]
            continue
        height, width = one.shape
        found += [
            one[i : i + size, j : j + size].reshape(-1)
            for i in range(0, height - size + 1, size)
            for j in range(0, width - size + 1, size)
        ]
    return found


def built(kind: str, shape: tuple[int, ...], **fields: Any) -> torch.nn.Module:
    layer = LAYERS.parts[kind].model_validate({"type": kind, **fields})
    return layer.build((shape,))


def written(kind: str, shape: tuple[int, ...], **fields: Any) -> Callable[..., torch.Tensor]:
    """The layer as exported code has it."""
    code = LAYERS.parts[kind].model_validate({"type": kind, **fields}).code((shape,))
    bundle = Bundle()
    for use in code.uses:
        bundle.add(use)
    bundle.expression(code.expression)
    names: dict[str, Any] = {"__name__": "written"}
    source = (
        f"{header({*bundle.imports, 'import torch'})}\n{bundle.text}\nlayer = {code.expression}\n"
    )
    exec(compile(source, "written.py", "exec"), names)
    found: Callable[..., torch.Tensor] = names["layer"]
    return found


def gradient(module: Callable[..., torch.Tensor], x: Array, deltas: Array, *more: Any) -> Array:
    given = torch.tensor(x, dtype=torch.float64, requires_grad=True)
    made = module(given, *more)
    (found,) = torch.autograd.grad(made, given, torch.tensor(deltas).reshape(made.shape))
    return found.numpy()


def drawn(seed: int, shape: tuple[int, ...]) -> Array:
    """Three values only: nearly every window has several largest cells."""
    return np.random.default_rng(seed).integers(0, 3, shape).astype(np.float64)


@given(seed=st.integers(0, 10**6), steps=st.integers(1, 9), features=st.integers(1, 20))
@fewer(2)
def test_the_first_of_equal_steps_has_the_gradient(seed: int, steps: int, features: int) -> None:
    x = drawn(seed, (3, steps, features))
    deltas = np.random.default_rng(seed + 1).normal(size=(3, features))
    for made in (built, written):
        module = made("max_over_time", (steps, features))
        right = routed(x, over_time(x, None), deltas)
        np.testing.assert_array_equal(gradient(module, x, deltas), right)
        lengths = [1, steps, max(1, steps // 2)]
        right = routed(x, over_time(x, lengths), deltas)
        padded = gradient(module, x, deltas, torch.tensor(lengths))
        np.testing.assert_array_equal(padded, right)


@given(
    seed=st.integers(0, 10**6),
    height=st.integers(4, 11),
    width=st.integers(4, 11),
    levels=st.integers(1, 3),
)
@fewer(2)
def test_the_first_of_equal_cells_of_a_bin_has_the_gradient(
    seed: int, height: int, width: int, levels: int
) -> None:
    x = drawn(seed, (2, 3, height, width))
    cells = pyramid(x, levels)
    deltas = np.random.default_rng(seed + 1).normal(size=len(cells))
    right = routed(x, cells, deltas)
    for made in (built, written):
        module = made("pyramid_pool", (3, height, width), levels=levels)
        np.testing.assert_allclose(gradient(module, x, deltas), right, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("seed", range(5))
def test_pools_by_blocks_agree(seed: int) -> None:
    """The kernels of PyTorch, and the fast one for pictures in channels_last."""
    for kind, shape in (("max_pool2d", (3, 6, 8)), ("max_pool1d", (3, 8))):
        x = drawn(seed, (2, *shape))
        cells = blocks(x, 2)
        deltas = np.random.default_rng(seed).normal(size=len(cells))
        right = routed(x, cells, deltas)
        modules = [built(kind, shape, size=2, stride=2)]
        modules += [BlockMax()] if kind == "max_pool2d" else []
        for module in modules:
            np.testing.assert_array_equal(gradient(module, x, deltas), right)


def constant(model: list[dict[str, Any]]) -> tuple[Tracer, dict[str, Any]]:
    """A network that looks at one picture of a single shade."""
    spec = {
        "model": model,
        "training": {"dataset": {"type": "digits8"}, "phases": [{"batch_size": 4}]},
        "device": "cpu",
    }
    tracer = Tracer(Driven(RunSpec.model_validate_json(json.dumps(spec))).session)
    return tracer, {"samples": [{"kind": "given", "values": [0.5] * 64, "label": 1}]}


def explained(tracer: Tracer, pass_: dict[str, Any], **cell: Any) -> Explanation:
    return tracer.explain(ExplainWanted.model_validate_json(json.dumps({**pass_, "cell": cell})))


def test_the_microscope_names_the_step_that_has_the_gradient() -> None:
    model: list[dict[str, Any]] = [
        {"type": "rows"},
        {"type": "max_over_time"},
        {"type": "dense", "units": 10},
    ]
    tracer, pass_ = constant(model)
    trace = tracer.trace(Traced.model_validate_json(json.dumps(pass_)))
    rows, peak, _ = trace.trainer.network.order
    delta = trace.sensitivity[peak][0]
    assert float(delta.abs().max()) > 0
    assert trace.sensitivity[rows][0, 0].equal(delta)
    assert float(trace.sensitivity[rows][0, 1:].abs().max()) == 0.0
    for feature in range(8):
        found = explained(tracer, pass_, role="activation", node=peak, sample=0, index=[feature])
        assert found.kind == "selection"
        ((winner,),) = [term.factors for term in found.terms]
        assert winner.place is not None
        assert winner.place.node == rows
        assert winner.place.index == (0, feature)
        assert [one.place.index for one in found.losers if one.place] == [
            (time, feature) for time in range(1, 8)
        ]
        for time in range(8):
            back = explained(
                tracer, pass_, role="sensitivity", node=rows, sample=0, index=[time, feature]
            )
            assert float(back.value) == (float(delta[feature]) if time == 0 else 0.0)
            assert len(back.terms) == (time == 0)


def test_the_microscope_names_the_cell_of_a_bin_that_has_the_gradient() -> None:
    tracer, pass_ = constant(
        [{"type": "pyramid_pool", "levels": 2}, {"type": "dense", "units": 10}]
    )
    trace = tracer.trace(Traced.model_validate_json(json.dumps(pass_)))
    pool = trace.trainer.network.order[0]
    delta = trace.sensitivity[pool][0]
    right = torch.zeros(8, 8, dtype=torch.float64)
    right[0, 0] = delta[0] + delta[1]
    right[0, 4], right[4, 0], right[4, 4] = delta[2], delta[3], delta[4]
    assert torch.allclose(trace.sensitivity["input"][0, 0], right, rtol=1e-12)
    firsts = [(0, 0, 0), (0, 0, 0), (0, 0, 4), (0, 4, 0), (0, 4, 4)]
    for number, first in enumerate(firsts):
        found = explained(tracer, pass_, role="activation", node=pool, sample=0, index=[number])
        ((winner,),) = [term.factors for term in found.terms]
        assert winner.place is not None
        assert winner.place.index == first
