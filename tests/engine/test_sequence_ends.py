"""Layers of channels over sequences that end early: what statistics and kernels do with what comes behind."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from app.catalog.layers import LAYERS
from app.core.shapes import Steps
from app.engine.compile import Network
from app.nn.masks import lengths_of
from tests.catalog.strategies import fewer
from tests.engine.specs import Layers, run_spec, trainer_of
from tests.engine.test_sequence_layers import ALL, SHORT


def padded(lengths: list[int], features: int, seed: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Numbers everywhere, behind the ends too, and where those are."""
    generator = torch.Generator().manual_seed(seed)
    shape = (len(lengths), max(lengths) + 2, features)
    return torch.randn(shape, generator=generator, dtype=torch.float64), torch.tensor(lengths)


many_lengths = st.lists(st.integers(1, 6), min_size=2, max_size=4)


@given(lengths=many_lengths, seed=st.integers(0, 999))
@fewer(2)
def test_statistics_of_a_batch_leave_out_what_comes_behind_an_end(
    lengths: list[int], seed: int
) -> None:
    x, ends = padded(lengths, 3, seed)
    module = LAYERS.parts["batch_norm"]().build((Steps(x.shape[1], 3),)).double().train()
    y = module(x, ends).detach().numpy()
    rows = np.concatenate([x[n, :t].numpy() for n, t in enumerate(lengths)])
    mean, variance = rows.mean(0), rows.var(0)
    for n, t in enumerate(lengths):
        expected = (x[n, :t].numpy() - mean) / np.sqrt(variance + 1e-5)
        np.testing.assert_allclose(y[n, :t], expected, rtol=1e-9, atol=1e-9)
        assert not y[n, t:].any()
    running = dict(module.named_buffers())
    np.testing.assert_allclose(running["running_mean"], 0.1 * mean, rtol=1e-9, atol=1e-12)
    unbiased = rows.var(0, ddof=1)
    np.testing.assert_allclose(running["running_var"], 0.9 + 0.1 * unbiased, rtol=1e-9)
    still = module.eval()(x, ends).detach().numpy()
    expected = x.numpy() - running["running_mean"].numpy()
    expected /= np.sqrt(running["running_var"].numpy() + 1e-5)
    for n, t in enumerate(lengths):
        np.testing.assert_allclose(still[n, :t], expected[n, :t], rtol=1e-9, atol=1e-9)
        assert not still[n, t:].any()


@pytest.mark.parametrize("kind", ["group_norm", "layer_norm"])
@given(lengths=many_lengths, seed=st.integers(0, 999))
@fewer(2)
def test_statistics_of_a_sequence_leave_out_what_comes_behind_its_end(
    kind: str, lengths: list[int], seed: int
) -> None:
    x, ends = padded(lengths, 4, seed)
    layer = LAYERS.parts[kind]()
    groups = 2 if kind == "group_norm" else 1
    module = layer.build((Steps(x.shape[1], 4),)).double()
    y = module(x, ends).detach().numpy()
    for n, t in enumerate(lengths):
        own = x[n, :t].numpy().reshape(t, groups, -1)
        mean, variance = own.mean((0, 2), keepdims=True), own.var((0, 2), keepdims=True)
        expected = ((own - mean) / np.sqrt(variance + 1e-5)).reshape(t, 4)
        np.testing.assert_allclose(y[n, :t], expected, rtol=1e-9, atol=1e-9)
        assert not y[n, t:].any()


@pytest.mark.parametrize("kind", ["conv1d", "max_pool1d", "mean_pool1d", "subsample"])
def test_what_slides_along_time_reads_zeros_behind_an_end(kind: str) -> None:
    x, ends = padded([3, 5], 4, 7)
    layer = LAYERS.parts[kind]()
    module = layer.build((Steps(7, 4),)).double()
    layer.initialize(module, torch.Generator().manual_seed(1))
    silent = x.clone()
    silent[0, 3:], silent[1, 5:] = 0.0, 0.0
    assert torch.equal(module(x, ends), module(silent))


def test_channels_are_never_masked_as_if_they_were_steps() -> None:
    """Of (channels, length) behind tokens the channels are no steps, even where they are as many."""
    layers: Layers = [
        {"type": "embedding", "size": 4},
        {"type": "reshape1d", "channels": 9, "length": 4},
        {"type": "batch_norm"},
        {"type": "flatten"},
        {"type": "dense", "units": 2},
    ]
    network = Network(run_spec(layers, dataset={"type": "grammaticality", "longest": 9}))
    assert network.masked == frozenset()


def test_a_short_text_is_read_up_to_its_end() -> None:
    """Through the whole network, up to the first layer that changes the number of steps."""
    layers: Layers = [*ALL[:8], {"type": "mean_over_time"}, {"type": "dense", "units": 2}]
    trainer = trainer_of(run_spec(layers, dataset=SHORT))
    assert {"gru1", "bn1", "conv1", "gn1", "ln1", "mean1"} == trainer.network.masked
    x = trainer.data.val.inputs(trainer.data.val.rows[:6])
    values = trainer.network.forward_all(x)
    for n, length in enumerate(lengths_of(x).tolist()):
        for name in ("gru1", "bn1", "gn1", "ln1"):
            assert not values[name][n, length:].any()
