"""Normalisation, trainable and random pooling against their formulas written out in NumPy, float64."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch.nn import functional

from app.catalog.layers import LAYERS
from app.core.shapes import Shape

Array = NDArray[np.float64]
TOLERANCE = 1e-9


def module(kind: str, shape: Shape, **fields: object) -> torch.nn.Module:
    layer = LAYERS.parts[kind].model_validate({"type": kind, **fields})
    built = layer.build((shape,))
    layer.initialize(built, torch.Generator().manual_seed(1))
    return built.double()


def forward_backward(
    built: torch.nn.Module, x: Array, upstream: Array
) -> tuple[Array, Array, dict[str, Array]]:
    """Output, ∂E/∂x and ∂E/∂parameter by autograd, E being Σ upstream ∘ output."""
    tensor = torch.tensor(x, requires_grad=True)
    output = built(tensor)
    output.backward(torch.tensor(upstream))
    assert tensor.grad is not None
    gradients = {name: p.grad.numpy() for name, p in built.named_parameters() if p.grad is not None}
    return output.detach().numpy(), tensor.grad.numpy(), gradients


def close(found: Array, expected: Array) -> None:
    np.testing.assert_allclose(found, expected, rtol=TOLERANCE, atol=TOLERANCE)


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(7)


def normalised(x: Array, axes: tuple[int, ...], eps: float = 1e-5) -> tuple[Array, Array]:
    mean = x.mean(axes, keepdims=True)
    scale = 1 / np.sqrt(x.var(axes, keepdims=True) + eps)
    return (x - mean) * scale, scale


def centred(delta: Array, hat: Array, scale: Array, axes: tuple[int, ...]) -> Array:
    """The three paths of a normalisation's gradient: direct, by the mean, by the variance."""
    by_mean = delta.mean(axes, keepdims=True)
    by_variance = hat * (delta * hat).mean(axes, keepdims=True)
    return np.asarray(scale * (delta - by_mean - by_variance))


def test_batch_norm_is_its_formula(rng: np.random.Generator) -> None:
    x, upstream = rng.normal(size=(5, 3, 4, 4)), rng.normal(size=(5, 3, 4, 4))
    output, delta, gradients = forward_backward(module("batch_norm", (3, 4, 4)), x, upstream)
    hat, scale = normalised(x, (0, 2, 3))
    close(output, hat)
    close(delta, centred(upstream, hat, scale, (0, 2, 3)))
    close(gradients["weight"], (upstream * hat).sum((0, 2, 3)))
    close(gradients["bias"], upstream.sum((0, 2, 3)))


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


def test_layer_norm_is_its_formula(rng: np.random.Generator) -> None:
    x, upstream = rng.normal(size=(4, 2, 3, 3)), rng.normal(size=(4, 2, 3, 3))
    output, delta, _ = forward_backward(module("layer_norm", (2, 3, 3)), x, upstream)
    hat, scale = normalised(x, (1, 2, 3))
    close(output, hat)
    close(delta, centred(upstream, hat, scale, (1, 2, 3)))


def test_group_norm_is_its_formula(rng: np.random.Generator) -> None:
    x, upstream = rng.normal(size=(4, 6, 3, 3)), rng.normal(size=(4, 6, 3, 3))
    output, delta, _ = forward_backward(module("group_norm", (6, 3, 3), groups=3), x, upstream)
    grouped = (4, 3, 2, 3, 3)
    hat, scale = normalised(x.reshape(grouped), (2, 3, 4))
    close(output, hat.reshape(x.shape))
    close(delta, centred(upstream.reshape(grouped), hat, scale, (2, 3, 4)).reshape(x.shape))


def test_local_response_norm_is_its_formula(rng: np.random.Generator) -> None:
    x = rng.normal(size=(2, 7, 3, 3))
    built = module("local_response_norm", (7, 3, 3), size=5, alpha=0.3, beta=0.75)
    output, _, _ = forward_backward(built, x, np.ones_like(x))
    expected = np.empty_like(x)
    for i in range(7):
        near = x[:, max(0, i - 2) : i + 3]
        expected[:, i] = x[:, i] / (1 + 0.3 / 5 * (near**2).sum(1)) ** 0.75
    close(output, expected)


@pytest.mark.parametrize(("mode", "factor"), [("mean", 1.0), ("sum", 4.0)])
def test_subsample_is_the_chapters(rng: np.random.Generator, mode: str, factor: float) -> None:
    x, upstream = rng.normal(size=(3, 2, 4, 6)), rng.normal(size=(3, 2, 2, 3))
    built = module("subsample", (2, 4, 6), mode=mode)
    beta, bias = rng.normal(size=2), rng.normal(size=2)
    with torch.no_grad():
        built.get_parameter("weight").copy_(torch.tensor(beta))
        built.get_parameter("bias").copy_(torch.tensor(bias))
    output, delta, gradients = forward_backward(built, x, upstream)
    down = x.reshape(3, 2, 2, 2, 3, 2).mean((3, 5)) * factor
    close(output, beta[:, None, None] * down + bias[:, None, None])
    up = np.repeat(np.repeat(upstream, 2, axis=2), 2, axis=3)
    close(delta, beta[:, None, None] * up * factor / 4)
    close(gradients["weight"], (upstream * down).sum((0, 2, 3)))
    close(gradients["bias"], upstream.sum((0, 2, 3)))


@pytest.mark.parametrize("shape", [(2, 4, 4), (1, 7, 5), (3, 9, 13)])
def test_pyramid_pool_is_adaptive_max_pooling(rng: np.random.Generator, shape: Shape) -> None:
    x = torch.tensor(rng.normal(size=(2, *shape)))
    found = module("pyramid_pool", shape, levels=3)(x)
    levels = [functional.adaptive_max_pool2d(x, n).flatten(1) for n in (1, 2, 4)]
    assert torch.equal(found, torch.cat(levels, dim=1))


def test_stochastic_pool_draws_a_cell_of_each_block(rng: np.random.Generator) -> None:
    built = module("stochastic_pool", (1, 2, 2))
    block = np.array([[0.0, 1.0], [3.0, -2.0]])
    x = torch.tensor(np.broadcast_to(block, (40_000, 1, 2, 2)).copy())
    drawn = built(x).flatten().numpy()
    assert set(np.unique(drawn)) == {1.0, 3.0}
    assert abs((drawn == 3.0).mean() - 0.75) < 0.01
    expected = (0.0 * 0 + 1.0 * 1 + 3.0 * 3) / 4
    close(built.eval()(x[:1]).detach().numpy(), np.full((1, 1, 1, 1), expected))


def test_stochastic_pool_sends_the_sensitivity_to_the_drawn_cell(rng: np.random.Generator) -> None:
    built = module("stochastic_pool", (2, 4, 4))
    x, upstream = rng.normal(size=(3, 2, 4, 4)), rng.normal(size=(3, 2, 2, 2))
    output, delta, _ = forward_backward(built, x, upstream)
    blocks = x.reshape(3, 2, 2, 2, 2, 2).transpose(0, 1, 2, 4, 3, 5).reshape(3, 2, 2, 2, 4)
    routed = delta.reshape(3, 2, 2, 2, 2, 2).transpose(0, 1, 2, 4, 3, 5).reshape(3, 2, 2, 2, 4)
    close(routed, (blocks == output[..., None]) * upstream[..., None])


def test_transposed_conv_is_full_correlation_of_stamps(rng: np.random.Generator) -> None:
    built = module("transposed_conv2d", (2, 3, 4), filters=3, kernel=3, stride=2, padding=1)
    x = rng.normal(size=(1, 2, 3, 4))
    weight = built.get_parameter("weight").detach().numpy()
    full = np.zeros((3, 2 * 2 + 3, 3 * 2 + 3))
    for i, h, w in np.ndindex(2, 3, 4):
        full[:, 2 * h : 2 * h + 3, 2 * w : 2 * w + 3] += x[0, i, h, w] * weight[i]
    expected = full[:, 1:-1, 1:-1] + built.get_parameter("bias").detach().numpy()[:, None, None]
    close(built(torch.tensor(x)).detach().numpy()[0], expected)


def test_upsample_repeats_and_sums_back(rng: np.random.Generator) -> None:
    x, upstream = rng.normal(size=(2, 1, 2, 3)), rng.normal(size=(2, 1, 6, 9))
    output, delta, _ = forward_backward(module("upsample", (1, 2, 3), factor=3), x, upstream)
    close(output, np.repeat(np.repeat(x, 3, axis=2), 3, axis=3))
    close(delta, upstream.reshape(2, 1, 2, 3, 3, 3).sum((3, 5)))


@pytest.mark.parametrize("kind", ["channel_dropout", "gaussian_noise", "rrelu", "stochastic_pool"])
def test_draws_belong_to_the_seed(kind: str, rng: np.random.Generator) -> None:
    built = module(kind, (3, 4, 4))
    x = torch.tensor(rng.normal(size=(2, 3, 4, 4)))
    outputs = []
    for seed in (5, 6, 5):
        built.reseed(seed)  # type: ignore[operator]
        outputs.append(built(x))
    assert torch.equal(outputs[0], outputs[2])
    assert not torch.equal(outputs[0], outputs[1])


def test_channel_dropout_silences_whole_maps(rng: np.random.Generator) -> None:
    built = module("channel_dropout", (8, 4, 4), rate=0.5)
    output = built(torch.ones(50, 8, 4, 4, dtype=torch.float64)).numpy()
    assert set(np.unique(output)) == {0.0, 2.0}
    assert (output == output[:, :, :1, :1]).all()


def test_lenet_table_is_that_of_1998(rng: np.random.Generator) -> None:
    built = module("lenet_conv2d", (6, 8, 8), kernel=5)
    assert sum(p.numel() for p in built.parameters()) == 1516
    rows = ["XXX   ", " XXX  ", "  XXX ", "   XXX", "X   XX", "XX   X", "XXXX  ", " XXXX "]
    rows += ["  XXXX", "X  XXX", "XX  XX", "XXX  X", "XX XX ", " XX XX", "X XX X", "XXXXXX"]
    x, bias = rng.normal(size=(6, 8, 8)), built.get_parameter("bias").detach().numpy()
    kernels = iter(built.get_parameter("weight").detach().numpy())
    expected = np.zeros((16, 4, 4))
    for j, row in enumerate(rows):
        for i in (i for i, mark in enumerate(row) if mark == "X"):
            kernel = next(kernels)
            for u, v in np.ndindex(4, 4):
                expected[j, u, v] += (x[i, u : u + 5, v : v + 5] * kernel).sum()
        expected[j] += bias[j]
    close(built(torch.tensor(x[None])).detach().numpy()[0], expected)
