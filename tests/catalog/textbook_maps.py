"""The textbook's formulas of the layers that see neighbours: convolutions, pools, norms."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from app.catalog.layers.lenet_conv2d import TABLE
from tests.catalog.textbook import TEXTBOOK, Array, Given, Pass, textbook


def pad(x: Array, rows: int) -> Array:
    return np.pad(x, ((0, 0), (0, 0), (rows, rows), (rows, rows)))


def crop(x: Array, rows: int) -> Array:
    return x[:, :, rows : x.shape[2] - rows, rows : x.shape[3] - rows]


def patch(
    x: Array, at: tuple[int, int], step: int, reach: tuple[int, int]
) -> tuple[slice, slice, slice, slice]:
    """Where a kernel cell at offset ``at`` meets the picture, for an output of ``reach`` cells."""
    rows, columns = (slice(a, a + step * n, step) for a, n in zip(at, reach, strict=True))
    return (slice(None), slice(None), rows, columns)


def cells(kernel: int, dilation: int = 1) -> Iterator[tuple[int, int, tuple[int, int]]]:
    """Every cell of a square kernel and its offset in the picture."""
    for u in range(kernel):
        for v in range(kernel):
            yield u, v, (u * dilation, v * dilation)


@textbook("conv2d")
def _conv2d(given: Given) -> Pass:
    return convolve(given, given.layer.groups, given.layer.dilation)


@textbook("depthwise_conv2d")
def _depthwise(given: Given) -> Pass:
    return convolve(given, given.u.shape[1], 1)


def convolve(given: Given, groups: int, dilation: int) -> Pass:
    """u_j = Σᵢ xᵢ ∗ k_ij + b_j; δᵢ = Σⱼ full(δⱼ, k_ij); ∂E/∂k_ij = Σᵤᵥ (δⱼ)ᵤᵥ (pᵢ)ᵤᵥ."""
    layer, w, delta = given.layer, given.parameters["weight"], given.delta
    x = pad(given.u, layer.padding)
    output, back, grad = np.zeros(delta.shape), np.zeros(x.shape), np.zeros(w.shape)
    ins, outs = w.shape[1], w.shape[0] // groups
    for g in range(groups):
        i, j = slice(g * ins, (g + 1) * ins), slice(g * outs, (g + 1) * outs)
        for u, v, at in cells(layer.kernel, dilation):
            where = patch(x, at, layer.stride, delta.shape[2:])
            p = x[:, i][where]
            output[:, j] += np.einsum("ji,nihw->njhw", w[j, :, u, v], p)
            back[:, i][where] += np.einsum("ji,njhw->nihw", w[j, :, u, v], delta[:, j])
            grad[j, :, u, v] = np.einsum("njhw,nihw->ji", delta[:, j], p)
    if "bias" in given.parameters:
        output += given.parameters["bias"][:, None, None]
    grads = {"weight": grad, "bias": delta.sum(axis=(0, 2, 3))}
    return Pass(output, [crop(back, layer.padding)], grads)


@textbook("lenet_conv2d")
def _lenet_conv2d(given: Given) -> Pass:
    """Each map j sums over M_j alone; kernels are stored one behind the other, map by map."""
    kernel, delta = given.layer.kernel, given.delta
    w, pairs = given.parameters["weight"], [(i, j) for j, row in enumerate(TABLE) for i in row]
    output = np.zeros(delta.shape) + given.parameters["bias"][:, None, None]
    back, grad = np.zeros(given.u.shape), np.zeros(w.shape)
    for place, (i, j) in enumerate(pairs):
        for u, v, at in cells(kernel):
            where = patch(given.u, at, 1, delta.shape[2:])[2:]
            p = given.u[:, i][:, *where]
            output[:, j] += w[place, u, v] * p
            back[:, i][:, *where] += w[place, u, v] * delta[:, j]
            grad[place, u, v] = (delta[:, j] * p).sum()
    return Pass(output, [back], {"weight": grad, "bias": delta.sum(axis=(0, 2, 3))})


@textbook("transposed_conv2d")
def _transposed_conv2d(given: Given) -> Pass:
    """Every input cell stamps its kernel into the output; the stamps add up."""
    layer, w, x = given.layer, given.parameters["weight"], given.u
    n, _, height, width = given.delta.shape
    output = pad(np.zeros((n, layer.filters, height, width)), layer.padding)
    delta = pad(given.delta, layer.padding)
    back, grad = np.zeros(x.shape), np.zeros(w.shape)
    for u, v, at in cells(layer.kernel):
        where = patch(output, at, layer.stride, x.shape[2:])
        output[where] += np.einsum("ij,nihw->njhw", w[:, :, u, v], x)
        back += np.einsum("ij,njhw->nihw", w[:, :, u, v], delta[where])
        grad[:, :, u, v] = np.einsum("nihw,njhw->ij", x, delta[where])
    output = crop(output, layer.padding)
    if "bias" in given.parameters:
        output += given.parameters["bias"][:, None, None]
    return Pass(output, [back], {"weight": grad, "bias": given.delta.sum(axis=(0, 2, 3))})


def windows(given: Given, size: int, stride: int) -> Iterator[tuple[int, int, slice, slice]]:
    """Every output cell and the block of the input that it stands for."""
    for i in range(given.delta.shape[2]):
        for j in range(given.delta.shape[3]):
            rows, columns = (slice(k * stride, k * stride + size) for k in (i, j))
            yield i, j, rows, columns


def winners(block: Array) -> Array:
    """m: 1 at each block's largest value; ``block`` (N, C, h, w)."""
    flat = block.reshape(*block.shape[:2], -1)
    return np.asarray(np.eye(flat.shape[2])[flat.argmax(axis=2)].reshape(block.shape))


@textbook("max_pool2d")
def _max_pool2d(given: Given) -> Pass:
    """δ = m ∘ up(δ of the pool)."""
    side = given.layer.size // 2 if given.layer.padded else 0
    u = np.pad(given.u, ((0, 0), (0, 0), (side, side), (side, side)), constant_values=-np.inf)
    output, back = np.zeros(given.delta.shape), np.zeros(u.shape)
    for i, j, h, w in windows(given, given.layer.size, given.layer.stride):
        block = u[:, :, h, w]
        output[:, :, i, j] = block.max(axis=(2, 3))
        back[:, :, h, w] += winners(block) * given.delta[:, :, i, j, None, None]
    return Pass(output, [crop(back, side)])


@textbook("mean_pool2d")
def _mean_pool2d(given: Given) -> Pass:
    """δ = up(δ of the pool) / n²."""
    output, back = np.zeros(given.delta.shape), np.zeros(given.u.shape)
    for i, j, h, w in windows(given, given.layer.size, given.layer.stride):
        output[:, :, i, j] = given.u[:, :, h, w].mean(axis=(2, 3))
        back[:, :, h, w] += given.delta[:, :, i, j, None, None] / given.layer.size**2
    return Pass(output, [back])


@textbook("stochastic_pool")
def _stochastic_pool(given: Given) -> Pass:
    """The drawn cell is told from the output; a cell with no share must not be drawn."""
    drawn, back = given.probe(given.u), np.zeros(given.u.shape)
    for i, j, h, w in windows(given, given.layer.size, given.layer.size):
        block = given.u[:, :, h, w]
        chosen = block == drawn[:, :, i, j, None, None]
        assert np.all(chosen.sum(axis=(2, 3)) == 1)
        assert np.all((drawn[:, :, i, j] > 0) | (block.max(axis=(2, 3)) <= 0))
        back[:, :, h, w] += chosen * given.delta[:, :, i, j, None, None]
    return Pass(drawn, [back])


@textbook("subsample")
def _subsample(given: Given) -> Pass:
    """x = β down(x) + b; δ = β up(δ), over n² for a mean."""
    size = given.layer.size
    share = 1.0 / size**2 if given.layer.mode == "mean" else 1.0
    beta, b = (given.parameters[name][:, None, None] for name in ("weight", "bias"))
    down, back = np.zeros(given.delta.shape), np.zeros(given.u.shape)
    for i, j, h, w in windows(given, size, size):
        down[:, :, i, j] = share * given.u[:, :, h, w].sum(axis=(2, 3))
        back[:, :, h, w] += share * (beta * given.delta)[:, :, i, j, None, None]
    grads = {
        "weight": (given.delta * down).sum(axis=(0, 2, 3)),
        "bias": given.delta.sum(axis=(0, 2, 3)),
    }
    return Pass(beta * down + b, [back], grads)


@textbook("upsample")
def _upsample(given: Given) -> Pass:
    f = given.layer.factor
    back = np.zeros(given.u.shape)
    for u, v, at in cells(f):
        del u, v
        back += given.delta[patch(given.delta, at, f, given.u.shape[2:])]
    return Pass(given.u.repeat(f, axis=2).repeat(f, axis=3), [back])


@textbook("global_mean_pool")
def _global_mean_pool(given: Given) -> Pass:
    area = given.u.shape[2] * given.u.shape[3]
    back = np.ones(given.u.shape) * given.delta[:, :, None, None] / area
    return Pass(given.u.mean(axis=(2, 3)), [back])


@textbook("pyramid_pool")
def _pyramid_pool(given: Given) -> Pass:
    """Maxima of a 1×1, a 2×2, a 4×4, … grid; per level channel by channel."""
    n, channels, height, width = given.u.shape
    output, back, place = np.zeros(given.delta.shape), np.zeros(given.u.shape), 0
    for level in range(given.layer.levels):
        grid = 2**level
        for c in range(channels):
            for i in range(grid):
                for j in range(grid):
                    h = slice(i * height // grid, -(-(i + 1) * height // grid))
                    w = slice(j * width // grid, -(-(j + 1) * width // grid))
                    block = given.u[:, c : c + 1, h, w]
                    output[:, place] = block.max(axis=(1, 2, 3))
                    back[:, c : c + 1, h, w] += winners(block) * given.delta[:, place].reshape(
                        n, 1, 1, 1
                    )
                    place += 1
    return Pass(output, [back])


def _standardise(u: Array, delta: Array, axes: tuple[int, ...]) -> tuple[Array, Array]:
    """û over ``axes``, and δ_u = (δ − mean δ − û mean(δ û)) / √(σ² + ε)."""
    spread = np.sqrt(u.var(axis=axes, keepdims=True) + 1e-5)
    hat = (u - u.mean(axis=axes, keepdims=True)) / spread
    inner = delta - delta.mean(axis=axes, keepdims=True)
    return hat, (inner - hat * (delta * hat).mean(axis=axes, keepdims=True)) / spread


def _affine(given: Given, axes: tuple[int, ...], groups: tuple[int, ...] | None = None) -> Pass:
    """A norm over ``axes``; with ``groups`` over each group of maps, u reshaped to that shape."""
    gamma, beta = given.parameters["weight"], given.parameters["bias"]
    if gamma.ndim == 1 and given.u.ndim > 2:
        gamma, beta = gamma[:, None, None], beta[:, None, None]
    form = groups or given.u.shape
    hat, back = _standardise(given.u.reshape(form), (gamma * given.delta).reshape(form), axes)
    hat, back = hat.reshape(given.u.shape), back.reshape(given.u.shape)
    shape = given.parameters["weight"].shape
    summed = tuple(i for i in range(given.u.ndim) if i == 0 or (len(shape) == 1 and i > 1))
    grads = {
        "weight": (given.delta * hat).sum(axis=summed),
        "bias": given.delta.sum(axis=summed),
    }
    return Pass(gamma * hat + beta, [back], grads)


@textbook("batch_norm")
def _batch_norm(given: Given) -> Pass:
    return _affine(given, tuple(i for i in range(given.u.ndim) if i != 1))


@textbook("layer_norm")
def _layer_norm(given: Given) -> Pass:
    return _affine(given, tuple(range(1, given.u.ndim)))


@textbook("group_norm")
def _group_norm(given: Given) -> Pass:
    return _affine(given, (2,), (len(given.u), given.layer.groups, -1))


@textbook("local_response_norm")
def _local_response_norm(given: Given) -> Pass:
    """x_i = u_i s_i^−β, s_i = 1 + α/n Σ_{j∈N(i)} u_j²; N(i) as torch has it: ⌊n/2⌋ maps before."""
    layer, u, delta = given.layer, given.u, given.delta
    channels, n = u.shape[1], layer.size
    seen = np.zeros((channels, channels))
    for i in range(channels):
        for j in range(max(0, i - n // 2), min(channels, i - n // 2 + n)):
            seen[i, j] = 1.0
    s = 1.0 + layer.alpha / n * np.einsum("ij,njhw->nihw", seen, u**2)
    common = delta * u * s ** (-layer.beta - 1.0)
    slope = -2.0 * layer.alpha * layer.beta / n
    back = delta * s**-layer.beta + slope * u * np.einsum("ij,nihw->njhw", seen, common)
    return Pass(u * s**-layer.beta, [back])


FORMULAS = TEXTBOOK
"""All formulas, those of `textbook` and these."""
