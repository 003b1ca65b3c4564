"""Every part's own picture against PyTorch: curves and slopes, spreads of weights, paths of rules."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from app.catalog.family import Part
from app.catalog.initializers import INITIALIZERS, Initializer
from app.catalog.layers import LAYERS
from app.catalog.layers._activation import Activation
from app.catalog.losses import LOSSES, Loss
from app.catalog.optimizers import OPTIMIZERS, Optimizer
from app.catalog.plot import Place, Plot, axis
from tests.catalog.strategies import PARTS, fewer, parts

ACTIVATIONS = [part for part in LAYERS.parts.values() if issubclass(part, Activation)]
PLACE = Place(fan_in=8 * 25, fan_out=60 * 25, units=60, gain=1.7)


def each(found: Any) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("part", found, ids=lambda part: str(part.kind()))


def close(found: Any, expected: Any) -> None:
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-9)


@each([part for part in PARTS if part.plot is not Part.plot])
@fewer(10)
@given(data=st.data())
def test_a_plot_is_plain_finite_numbers(part: type[Part], data: st.DataObject) -> None:
    plot = data.draw(parts(part)).plot()
    assert plot is not None
    assert len(plot.x) > 1
    assert plot.lines or plot.spikes
    assert all(len(line.y) == len(plot.x) for line in plot.lines)
    assert Plot.model_validate_json(json.dumps(plot.model_dump(), allow_nan=False)) == plot


def test_every_activation_loss_initialiser_and_optimiser_draws_itself() -> None:
    families = (LOSSES, INITIALIZERS, OPTIMIZERS)
    wanted = [*ACTIVATIONS, *(part for family in families for part in family.parts.values())]
    assert len(ACTIVATIONS) >= 12
    assert all(part.plot is not Part.plot for part in wanted)


@each(ACTIVATIONS)
@fewer(10)
@given(data=st.data())
def test_an_activations_curve_and_slope_are_torchs(
    part: type[Activation], data: st.DataObject
) -> None:
    made: Activation = data.draw(parts(part))
    u = axis()
    value, slope = made.curve(u)
    x = torch.tensor(made.case(u), requires_grad=True)
    module = made.build((tuple(x.shape[1:]),)).double().eval()
    made.initialize(module, torch.Generator())
    output = module(x)
    output[:, 0].sum().backward()
    assert x.grad is not None
    close(value, output[:, 0].detach().numpy())
    close(slope, x.grad[:, 0].numpy())


@each(LOSSES.parts.values())
@fewer(10)
@given(data=st.data())
def test_a_losss_curve_and_slope_are_torchs(part: type[Loss], data: st.DataObject) -> None:
    made: Loss = data.draw(parts(part))
    u = axis(points=41)
    value, slope = made.curve(u)
    outputs, targets = made.case(u)
    function = made.build()
    for n in range(len(u)):
        row = torch.tensor(outputs[n : n + 1], requires_grad=True)
        encoded = made.encode(torch.from_numpy(targets[n : n + 1]), row.shape[1], 2)
        error = function(row, encoded.double() if encoded.is_floating_point() else encoded)
        torch.autograd.backward(error)
        assert row.grad is not None
        close(value[n], error.item())
        close(slope[n], row.grad[0, 0].item())


@each(INITIALIZERS.parts.values())
@fewer(10)
@given(data=st.data(), seed=st.integers(0, 2**16))
def test_an_initialisers_picture_is_how_its_weights_are_spread(
    part: type[Initializer], data: st.DataObject, seed: int
) -> None:
    """The largest distance of the drawn weights' distribution from the picture's."""
    made: Initializer = data.draw(parts(part))
    weight = torch.empty(60, 8, 5, 5, dtype=torch.float64)
    made.weight(weight, torch.Generator().manual_seed(seed), PLACE.gain)
    drawn, spread = np.sort(weight.flatten().numpy()), made.spread(PLACE)
    assert np.abs(drawn).max() <= spread.reach * (1.0 + 1e-6) or spread.density is not None
    if spread.density is None:
        for value, share in spread.spikes:
            found = np.isclose(drawn, value, rtol=1e-6, atol=1e-11).mean()
            assert found == pytest.approx(share, abs=1e-9)
        return
    w = np.linspace(-spread.reach, spread.reach, 4001)
    steps = spread.density(w)[:-1] * np.diff(w)
    below = (drawn < w[0]).mean() + np.concatenate([[0.0], np.cumsum(steps)])
    assert np.abs(np.searchsorted(drawn, w) / len(drawn) - below).max() < 0.025


@each(OPTIMIZERS.parts.values())
@fewer(10)
@given(data=st.data(), seed=st.integers(0, 2**16))
def test_an_optimisers_path_is_torchs(
    part: type[Optimizer], data: st.DataObject, seed: int
) -> None:
    made: Optimizer = data.draw(parts(part))
    gradients = np.random.RandomState(seed).standard_normal(12)
    weight = torch.nn.Parameter(torch.zeros(1, dtype=torch.float64))
    rule, found = made.build([weight]), []
    for gradient in gradients:
        weight.grad = torch.tensor([gradient])
        rule.step()
        found.append(weight.item())
    np.testing.assert_allclose(made.path(gradients), found, rtol=1e-7, atol=1e-9)
