"""What one pass's formula does not say: evaluation mode, random draws, and the table of 1998."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch.nn import functional

from app.catalog.layers import LAYERS, Layer, ShapeMismatch
from app.catalog.layers.conv2d import Conv2d
from app.catalog.layers.lenet_conv2d import TABLE
from app.core.shapes import Shape
from app.nn.seeded import Seeded

Array = NDArray[np.float64]
SHAPE: Shape = (3, 4, 4)


def module(kind: str, shape: Shape, **fields: object) -> torch.nn.Module:
    layer = LAYERS.parts[kind].model_validate({"type": kind, **fields})
    built = layer.build((shape,))
    layer.initialize(built, torch.Generator().manual_seed(1))
    return built.double()


def close(found: Array, expected: Array) -> None:
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-9)


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(7)


def drawing(layer: type[Layer]) -> bool:
    try:
        return isinstance(layer().build((SHAPE,)), Seeded)
    except (ShapeMismatch, TypeError, ValueError):
        return False


def test_batch_norm_evaluates_with_running_statistics(rng: np.random.Generator) -> None:
    built = module("batch_norm", (3,), momentum=1.0)
    x = rng.normal(size=(6, 3))
    built(torch.tensor(x))
    fresh = rng.normal(size=(2, 3))
    found = built.eval()(torch.tensor(fresh)).detach().numpy()
    close(found, (fresh - x.mean(0)) / np.sqrt(x.var(0, ddof=1) + 1e-5))


def test_batch_norm_takes_a_batch_of_one_vector() -> None:
    built = module("batch_norm", (3,))
    assert torch.isfinite(built(torch.ones(1, 3, dtype=torch.float64))).all()


@pytest.mark.parametrize("shape", [(2, 4, 4), (1, 7, 5), (3, 9, 13)])
def test_pyramid_pool_is_adaptive_max_pooling(rng: np.random.Generator, shape: Shape) -> None:
    x = torch.tensor(rng.normal(size=(2, *shape)))
    found = module("pyramid_pool", shape, levels=3)(x)
    levels = [functional.adaptive_max_pool2d(x, n).flatten(1) for n in (1, 2, 4)]
    assert torch.equal(found, torch.cat(levels, dim=1))


def test_stochastic_pool_draws_by_share_and_evaluates_to_the_weighted_mean() -> None:
    """Zeiler and Fergus: p = a/Σa; sampled while training, Σ p a when evaluating."""
    built = module("stochastic_pool", (1, 2, 2))
    block = np.array([[0.0, 1.0], [3.0, -2.0]])
    x = torch.tensor(np.broadcast_to(block, (40_000, 1, 2, 2)).copy())
    drawn = built(x).flatten().numpy()
    assert set(np.unique(drawn)) == {1.0, 3.0}
    assert abs((drawn == 3.0).mean() - 0.75) < 0.01
    expected = (0.0 * 0 + 1.0 * 1 + 3.0 * 3) / 4
    close(built.eval()(x[:1]).detach().numpy(), np.full((1, 1, 1, 1), expected))


@pytest.mark.parametrize(
    "layer",
    [layer for layer in LAYERS.parts.values() if drawing(layer)],
    ids=lambda layer: str(layer.kind()),
)
def test_draws_belong_to_the_seed(layer: type[Layer], rng: np.random.Generator) -> None:
    built = layer().build((SHAPE,))
    assert isinstance(built, Seeded)
    x = torch.tensor(rng.normal(size=(2, *SHAPE)))
    outputs = []
    for seed in (5, 6, 5):
        built.reseed(seed)
        outputs.append(built(x))
    assert torch.equal(outputs[0], outputs[2])
    assert not torch.equal(outputs[0], outputs[1])


def test_channel_dropout_silences_whole_maps() -> None:
    built = module("channel_dropout", (8, 4, 4), rate=0.5)
    output = built(torch.ones(50, 8, 4, 4, dtype=torch.float64)).numpy()
    assert set(np.unique(output)) == {0.0, 2.0}
    assert (output == output[:, :, :1, :1]).all()


ROWS = "XXX   | XXX  |  XXX |   XXX|X   XX|XX   X|XXXX  | XXXX |  XXXX|X  XXX|XX  XX|XXX  X"
ROWS += "|XX XX | XX XX|X XX X|XXXXXX"


def test_the_table_is_that_of_1998() -> None:
    """LeCun et al., 1998, table I; 1,516 parameters, by name and as a table of one's own."""
    rows = tuple(tuple(i for i, mark in enumerate(row) if mark == "X") for row in ROWS.split("|"))
    assert rows == TABLE
    own = Conv2d(filters=16, kernel=5, table=rows)
    for layer in (own, LAYERS.parts["lenet_conv2d"]()):
        inputs = ((6, 14, 14),)
        assert layer.output_shape(inputs) == (16, 10, 10)
        assert sum(p.count for p in layer.parameters(inputs)) == 1516
        assert sum(p.numel() for p in layer.build(inputs).parameters()) == 1516
        assert layer.arithmetic(inputs) == "(6×3+9×4+1×6)×(5×5)+16 = 1516"


@pytest.mark.parametrize(
    ("table", "field", "value"),
    [
        (((0, 1), (2,)), "filters", 2),
        (((0, 1), (3,), (2,)), "table", [[0, 1], [0, 1, 2], [2]]),
        (((0, 0), (1,), (2,)), "table", [[0], [1], [2]]),
        (((2, 0), (1,), (2,)), "table", [[0, 2], [1], [2]]),
        (((), (1,), (2,)), "table", [[0, 1, 2], [1], [2]]),
    ],
)
def test_a_table_that_does_not_fit_is_named_and_mended(
    table: tuple[tuple[int, ...], ...], field: str, value: object
) -> None:
    with pytest.raises(ShapeMismatch) as caught:
        Conv2d(filters=3, table=table).output_shape(((3, 8, 8),))
    first, last = caught.value.fixes[0], caught.value.fixes[-1]
    assert (first.field, first.value) == (field, value)
    assert (last.field, last.value) == ("table", None)
    assert "表" in caught.value.text.zh


def test_a_full_table_is_the_plain_convolution(rng: np.random.Generator) -> None:
    shared: dict[str, object] = {"filters": 4, "kernel": 3, "stride": 2, "padding": 1}
    plain = module("conv2d", (3, 7, 7), **shared)
    packed = module("conv2d", (3, 7, 7), table=((0, 1, 2),) * 4, **shared)
    with torch.no_grad():
        packed.get_parameter("weight").copy_(plain.get_parameter("weight").reshape(12, 3, 3))
        packed.get_parameter("bias").copy_(plain.get_parameter("bias"))
    x = torch.tensor(rng.normal(size=(2, 3, 7, 7)))
    close(packed(x).detach().numpy(), plain(x).detach().numpy())


def test_upsample_and_its_sensitivity_on_a_sequence(rng: np.random.Generator) -> None:
    x = torch.tensor(rng.normal(size=(2, 3, 4)), requires_grad=True)
    found = module("upsample", (3, 4), factor=3)(x)
    close(found.detach().numpy(), np.repeat(x.detach().numpy(), 3, axis=2))
    delta = rng.normal(size=(2, 3, 12))
    found.backward(torch.tensor(delta))
    assert x.grad is not None
    close(x.grad.numpy(), delta.reshape(2, 3, 4, 3).sum(3))


@pytest.mark.parametrize(("mode", "share"), [("mean", 1 / 2), ("sum", 1.0)])
def test_sub_sampling_of_a_sequence(rng: np.random.Generator, mode: str, share: float) -> None:
    """u = β·down(x) + b, δ = β·up(δ), ∂E/∂β = Σ δ∘down(x), ∂E/∂b = Σ δ; what is left over is not read."""
    built = module("subsample", (3, 7), size=2, mode=mode)
    beta, bias = built.get_parameter("weight"), built.get_parameter("bias")
    with torch.no_grad():
        beta.copy_(torch.tensor(rng.normal(size=3)))
        bias.copy_(torch.tensor(rng.normal(size=3)))
    x = torch.tensor(rng.normal(size=(2, 3, 7)), requires_grad=True)
    found = built(x)
    down = share * x.detach().numpy()[:, :, :6].reshape(2, 3, 3, 2).sum(3)
    b = beta.detach().numpy()[:, None]
    close(found.detach().numpy(), b * down + bias.detach().numpy()[:, None])
    delta = rng.normal(size=(2, 3, 3))
    found.backward(torch.tensor(delta))
    assert x.grad is not None
    assert beta.grad is not None
    assert bias.grad is not None
    close(x.grad.numpy()[:, :, :6], share * b * np.repeat(delta, 2, axis=2))
    close(x.grad.numpy()[:, :, 6:], np.zeros((2, 3, 1)))
    close(beta.grad.numpy(), (delta * down).sum((0, 2)))
    close(bias.grad.numpy(), delta.sum((0, 2)))
