"""The file of a trace: one sample of the batch on its own, and φ′(u) of what works cell by cell."""

from __future__ import annotations

import gc
import weakref
from typing import Any

import numpy as np
import pytest
import torch

from app.engine.tracing.listing import tensors
from app.engine.tracing.step import Trace
from app.engine.tracing.tracer import Tracer
from app.protocol.refusals import NoSuchCell
from app.protocol.tracing import TraceWanted
from tests.engine.specs import Driven, Layers, asking, run_spec


def test_one_sample_of_the_batch_is_a_part_of_the_whole() -> None:
    tracer = Tracer(Driven(run_spec()).session)
    whole = tensors(tracer.trace(TraceWanted()), TraceWanted())
    wanted = TraceWanted(sample=3)
    one = tensors(tracer.trace(wanted), wanted)
    assert set(one) == set(whole)
    for name, value in one.items():
        role = name.rpartition(".")[2]
        kept = whole[name]
        if role in ("activation", "sensitivity", "derivative", "inside"):
            kept = kept[3:4]
        assert torch.equal(value, kept), name


def traced(layers: Layers) -> dict[str, np.ndarray[Any, Any]]:
    """Every tensor of the second step's trace."""
    trace = Tracer(Driven(run_spec(layers, batch_size=8)).to(1).session).trace(TraceWanted())
    return {name: value.numpy() for name, value in tensors(trace, TraceWanted()).items()}


def test_a_dropout_shows_its_mask() -> None:
    found = traced(
        [
            {"type": "channel_dropout", "rate": 0.5},
            {"type": "flatten"},
            {"type": "dropout", "rate": 0.3},
            {"type": "dense", "units": 10},
        ]
    )
    masks = found["cdrop1.mask.inside"], found["drop1.mask.inside"]
    assert set(np.unique(masks[0])) == {0.0, 2.0}
    assert np.ptp(masks[0].reshape(8, -1), axis=1).max() == 0  # whole maps
    assert np.allclose(np.unique(masks[1]), [0.0, 1 / 0.7])
    assert np.array_equal(found["cdrop1.activation"], found["input.activation"] * masks[0])
    assert np.array_equal(found["drop1.activation"], found["flat1.activation"] * masks[1])


def test_a_stochastic_pooling_shows_its_draw() -> None:
    """x / Σx of every block, equal shares where nothing is positive; one cell a block is drawn."""
    found = traced(
        [
            {"type": "conv2d", "filters": 3, "kernel": 2},
            {"type": "relu"},
            {"type": "stochastic_pool", "size": 2},
            {"type": "flatten"},
            {"type": "dense", "units": 10},
        ]
    )
    x, drawn = found["relu1.activation"], found["spool1.drawn.inside"]
    probability = found["spool1.probability.inside"]
    assert x.shape == drawn.shape == probability.shape == (8, 3, 7, 7)
    assert not drawn[:, :, 6].any()  # the last row fills no block
    below = 0
    for n, c, i, j in np.ndindex(8, 3, 3, 3):
        at = n, c, slice(2 * i, 2 * i + 2), slice(2 * j, 2 * j + 2)
        block, total = x[at], x[at].sum()
        share = block / total if total > 0 else np.full((2, 2), 0.25)
        assert np.allclose(probability[at], share, rtol=1e-12)
        assert drawn[at].sum() == 1
        assert (block * drawn[at]).sum() == found["spool1.activation"][n, c, i, j]
        below += bool((block * drawn[at]).sum() < block.max())
    assert below, "the largest is not always drawn"


def test_a_batch_normalisation_shows_its_statistics_and_three_ways_back() -> None:
    """The paper's formulas; straight, through μ and through σ² sum to PyTorch's ∂E/∂x."""
    found = traced(
        [
            {"type": "conv2d", "filters": 3, "kernel": 3},
            {"type": "batch_norm"},
            {"type": "tanh"},
            {"type": "flatten"},
            {"type": "dense", "units": 10},
        ]
    )
    x, delta = found["conv1.activation"], found["bn1.sensitivity"]
    gamma = found["bn1.weight.parameter"][None, :, None, None]
    mean, variance = x.mean((0, 2, 3), keepdims=True), x.var((0, 2, 3), keepdims=True)
    for sample in range(8):
        assert np.allclose(found["bn1.mean.inside"][sample], mean.reshape(-1), rtol=1e-12)
        assert np.allclose(found["bn1.variance.inside"][sample], variance.reshape(-1), rtol=1e-12)
    ways = [found[f"bn1.{way}.inside"] for way in ("straight", "through_mean", "through_variance")]
    assert np.allclose(sum(ways), found["conv1.sensitivity"], rtol=0, atol=1e-14)
    m = x.size / x.shape[1]
    inverse = 1 / np.sqrt(variance + 1e-5)
    of_hat = delta * gamma
    of_variance = (of_hat * (x - mean) * -0.5 * inverse**3).sum((0, 2, 3), keepdims=True)
    assert np.allclose(ways[0], of_hat * inverse, rtol=1e-10, atol=1e-16)
    assert np.allclose(ways[1], (-of_hat * inverse).sum((0, 2, 3), keepdims=True) / m, atol=1e-16)
    assert np.allclose(ways[2], of_variance * 2 * (x - mean) / m, rtol=1e-9, atol=1e-16)


def test_a_subsampling_shows_what_its_weights_gradient_sums() -> None:
    found = traced(
        [
            {"type": "conv2d", "filters": 2, "kernel": 3},
            {"type": "sigmoid"},
            {"type": "subsample", "mode": "mean"},
            {"type": "flatten"},
            {"type": "dense", "units": 10},
        ]
    )
    x = found["sigm1.activation"].reshape(8, 2, 3, 2, 3, 2)
    assert np.allclose(found["sub1.down.inside"], x.mean((3, 5)), rtol=1e-12)
    terms = found["sub1.weight_terms.inside"]
    assert np.allclose(terms, found["sub1.sensitivity"] * x.mean((3, 5)), rtol=1e-12)
    assert np.allclose(terms.sum((0, 2, 3)), found["sub1.weight.gradient"], rtol=1e-10)


def test_a_subsampling_of_a_sequence_shows_the_same() -> None:
    found = traced(
        [
            {"type": "flatten"},
            {"type": "reshape1d", "channels": 4, "length": 16},
            {"type": "subsample", "mode": "sum"},
            {"type": "flatten"},
            {"type": "dense", "units": 10},
        ]
    )
    x = found["sub1.down.inside"]
    assert x.shape == (8, 4, 8)
    terms = found["sub1.weight_terms.inside"]
    assert np.allclose(terms.sum((0, 2)), found["sub1.weight.gradient"], rtol=1e-10)


def test_a_sample_that_the_batch_has_not_is_refused() -> None:
    wanted = TraceWanted(sample=200)
    trace = Tracer(Driven(run_spec()).session).trace(wanted)
    with pytest.raises(NoSuchCell, match="samples"):
        tensors(trace, wanted)


def test_the_derivative_is_the_functions_own() -> None:
    """tanh′(u) = 1 − tanh²(u), dropout keeps or not; δ below is φ′(u) times δ above."""
    layers: Layers = [
        {"type": "flatten"},
        {"type": "dense", "units": 12},
        {"type": "tanh"},
        {"type": "dropout", "rate": 0.3},
        {"type": "dense", "units": 10},
    ]
    wanted = TraceWanted()
    trace = Tracer(Driven(run_spec(layers)).session).trace(wanted)
    found = {name: value.numpy() for name, value in tensors(trace, wanted).items()}
    held = sorted(name for name in found if name.endswith(".derivative"))
    assert held == ["drop1.derivative", "tanh1.derivative"]
    slope = 1 - np.tanh(found["fc1.activation"]) ** 2
    assert np.allclose(found["tanh1.derivative"], slope, rtol=1e-12, atol=1e-15)
    kept = found["drop1.activation"] != 0
    assert np.allclose(found["drop1.derivative"], kept / 0.7)
    for node, source in (("tanh1", "fc1"), ("drop1", "tanh1")):
        below = found[f"{node}.derivative"] * found[f"{node}.sensitivity"]
        assert np.allclose(found[f"{source}.sensitivity"], below, rtol=1e-12, atol=1e-18)


def test_a_trace_is_freed_when_the_run_moves_on_and_when_a_setting_changes() -> None:
    run = Driven(run_spec())
    microscope = asking(run.session)

    def looked_at() -> list[weakref.ref[Trace]]:
        microscope.answer("trace", b"{}", file=True)
        microscope.let_go()
        found = [weakref.ref(one) for one in gc.get_objects() if type(one) is Trace]
        assert found, "it stays while the run rests"
        return found

    for change in ("step", "setting"):
        seen = looked_at()
        if change == "step":
            run.to(1)
        else:
            run.do("set_batch_size", batch_size=16)
        microscope.let_go()
        gc.collect()
        assert [one for one in seen if one() is not None] == [], change
