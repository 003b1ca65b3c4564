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
    if given.layer.table is not None:
        return convolve_by_table(given, given.layer.table)
    return convolve(given, given.layer.groups, given.layer.dilation)


@textbook("conv1d")
def _conv1d(given: Given) -> Pass:
    """u_j(t) = Σᵢ Σ_v k_ij(v) xᵢ(s t + d v) + b_j, and what follows from it."""
    layer, w, delta = given.layer, given.parameters["weight"], given.delta
    ends = ((0, 0), (0, 0), (layer.padding, layer.padding))
    x = np.pad(given.u, ends)
    output, back, grad = np.zeros(delta.shape), np.zeros(x.shape), np.zeros(w.shape)
    ins, outs = w.shape[1], w.shape[0] // layer.groups
    for j in range(w.shape[0]):
        first = j // outs * ins
        for i in range(ins):
            for v in range(layer.kernel):
                at = slice(v * layer.dilation, None, layer.stride)
                p = x[:, first + i, at][:, : delta.shape[2]]
                output[:, j] += w[j, i, v] * p
                back[:, first + i, at][:, : delta.shape[2]] += w[j, i, v] * delta[:, j]
                grad[j, i, v] = (delta[:, j] * p).sum()
    if "bias" in given.parameters:
        output += given.parameters["bias"][:, None]
    grads = {"weight": grad, "bias": delta.sum(axis=(0, 2))}
    return Pass(output, [back[:, :, layer.padding : x.shape[2] - layer.padding]], grads)


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


@textbook("mlpconv")
def _mlpconv(given: Given) -> Pass:
    """u₁ = x ∗ k + b₁, u₂ = W₂ φ(u₁) + b₂, u = W₃ φ(u₂) + b₃ with φ the ReLU, and back again."""
    named, layer = given.parameters, given.layer
    stages = [(layer.kernel, layer.padding), (1, 0), (1, 0)]
    given_to, outputs = [given.u], []
    for place, (kernel, padding) in enumerate(stages):
        u = valid(pad(given_to[-1], padding), named[f"{2 * place}.weight"], kernel)
        outputs.append(u + named[f"{2 * place}.bias"][:, None, None])
        given_to.append(np.maximum(outputs[-1], 0.0))
    delta = given.delta
    grads: dict[str, Array] = {}
    for place in (2, 1, 0):
        kernel, padding = stages[place]
        weight, x = named[f"{2 * place}.weight"], pad(given_to[place], padding)
        back, grad = np.zeros(x.shape), np.zeros(weight.shape)
        for row, column, at in cells(kernel):
            where = patch(x, at, 1, delta.shape[2:])
            back[where] += np.einsum("ji,njhw->nihw", weight[:, :, row, column], delta)
            grad[:, :, row, column] = np.einsum("njhw,nihw->ji", delta, x[where])
        grads |= {f"{2 * place}.weight": grad, f"{2 * place}.bias": delta.sum(axis=(0, 2, 3))}
        delta = crop(back, padding)
        if place:
            delta = delta * (outputs[place - 1] > 0)
    return Pass(outputs[-1], [delta], grads)


def valid(x: Array, weight: Array, kernel: int) -> Array:
    """Cross-correlation of every map without padding."""
    rows, columns = (n - kernel + 1 for n in x.shape[2:])
    return sum(
        (
            np.einsum("ji,nihw->njhw", weight[:, :, u, v], x[patch(x, at, 1, (rows, columns))])
            for u, v, at in cells(kernel)
        ),
        np.zeros((len(x), len(weight), rows, columns)),
    )


@textbook("lenet_conv2d")
def _lenet_conv2d(given: Given) -> Pass:
    return convolve_by_table(given, TABLE)


def convolve_by_table(given: Given, table: tuple[tuple[int, ...], ...]) -> Pass:
    """Each map j sums over M_j alone; kernels are stored one behind the other, map by map."""
    layer, delta = given.layer, given.delta
    step, dilation, padding = (
        getattr(layer, name, usual)
        for name, usual in (("stride", 1), ("dilation", 1), ("padding", 0))
    )
    w, pairs = given.parameters["weight"], [(i, j) for j, row in enumerate(table) for i in row]
    x, output = pad(given.u, padding), np.zeros(delta.shape)
    back, grad = np.zeros(x.shape), np.zeros(w.shape)
    for place, (i, j) in enumerate(pairs):
        for u, v, at in cells(layer.kernel, dilation):
            where = patch(x, at, step, delta.shape[2:])[2:]
            p = x[:, i][:, *where]
            output[:, j] += w[place, u, v] * p
            back[:, i][:, *where] += w[place, u, v] * delta[:, j]
            grad[place, u, v] = (delta[:, j] * p).sum()
    if "bias" in given.parameters:
        output += given.parameters["bias"][:, None, None]
    grads = {"weight": grad, "bias": delta.sum(axis=(0, 2, 3))}
    return Pass(output, [crop(back, padding)], grads)


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


@textbook("max_pool1d")
def _max_pool1d(given: Given) -> Pass:
    """As for pictures, of one row."""
    output, back = np.zeros(given.delta.shape), np.zeros(given.u.shape)
    for i, at in stretches(given):
        block = given.u[:, :, None, at]
        output[:, :, i] = block.max(axis=(2, 3))
        back[:, :, at] += (winners(block) * given.delta[:, :, i, None, None])[:, :, 0]
    return Pass(output, [back])


@textbook("mean_pool1d")
def _mean_pool1d(given: Given) -> Pass:
    output, back = np.zeros(given.delta.shape), np.zeros(given.u.shape)
    for i, at in stretches(given):
        output[:, :, i] = given.u[:, :, at].mean(axis=2)
        back[:, :, at] += given.delta[:, :, i, None] / given.layer.size
    return Pass(output, [back])


def stretches(given: Given) -> Iterator[tuple[int, slice]]:
    """Every output value of a sequence and the stretch of the input that it stands for."""
    for i in range(given.delta.shape[2]):
        start = i * given.layer.stride
        yield i, slice(start, start + given.layer.size)


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


def lengths(x: Array, size: int) -> Array:
    """(N, C, L) → (N, C, L′, size); what is left over at the end is cut off."""
    count = x.shape[2] // size
    return x[:, :, : count * size].reshape(*x.shape[:2], count, size)


def subsample_a_sequence(given: Given) -> Pass:
    """x = β down(x) + b; δ = β up(δ), over n for a mean."""
    size = given.layer.size
    share = 1.0 / size if given.layer.mode == "mean" else 1.0
    beta, b = (given.parameters[name][:, None] for name in ("weight", "bias"))
    down, back = share * lengths(given.u, size).sum(axis=3), np.zeros(given.u.shape)
    used = down.shape[2] * size
    back[:, :, :used] = (share * beta * given.delta).repeat(size, axis=2)
    grads = {"weight": (given.delta * down).sum(axis=(0, 2)), "bias": given.delta.sum(axis=(0, 2))}
    return Pass(beta * down + b, [back], grads)


@textbook("subsample")
def _subsample(given: Given) -> Pass:
    """x = β down(x) + b; δ = β up(δ), over n² for a mean."""
    if given.u.ndim == 3:
        return subsample_a_sequence(given)
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
    if given.u.ndim == 3:
        return Pass(given.u.repeat(f, axis=2), [lengths(given.delta, f).sum(axis=3)])
    back = np.zeros(given.u.shape)
    for u, v, at in cells(f):
        del u, v
        back += given.delta[patch(given.delta, at, f, given.u.shape[2:])]
    return Pass(given.u.repeat(f, axis=2).repeat(f, axis=3), [back])


@textbook("global_mean_pool")
def _global_mean_pool(given: Given) -> Pass:
    axes = tuple(range(2, given.u.ndim))
    back = np.ones(given.u.shape) * np.expand_dims(given.delta, axes) / given.u[0, 0].size
    return Pass(given.u.mean(axis=axes), [back])


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
        tail = tuple(range(1, given.u.ndim - 1))
        gamma, beta = np.expand_dims(gamma, tail), np.expand_dims(beta, tail)
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
"""The formulas of `textbook` and these; the recurrent ones are in `textbook_recurrent`."""
