"""The textbook's sensitivities equal autograd's, to 1e-9 in float64, for every layer."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn import functional

from app.catalog.layers import LAYERS, Layer
from app.core.shapes import Shape, Steps, Tokens
from tests.catalog.strategies import fewer, fitting, reseed, small_shapes
from tests.catalog.textbook import Array, Given
from tests.catalog.textbook_recurrent import FORMULAS

BATCH = 3
each_layer = pytest.mark.parametrize(
    "layer", LAYERS.parts.values(), ids=lambda layer: str(layer.kind())
)
each_formula = pytest.mark.parametrize("kind", sorted(FORMULAS))


def assert_close(found: Array, expected: Array) -> None:
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-9)


def inputs_of_shape(random: np.random.RandomState, shape: Shape, count: int) -> Array:
    """Normal numbers, or ids of tokens."""
    if isinstance(shape, Tokens):
        return random.randint(0, shape.vocabulary, (count, *shape)).astype(float)
    return random.standard_normal((count, *shape))


OF_CHANNELS = frozenset(
    [
        "batch_norm",
        "channel_dropout",
        "concatenate",
        "conv1d",
        "global_mean_pool",
        "group_norm",
        "max_pool1d",
        "mean_pool1d",
        "prelu",
        "reshape1d",
        "softmax",
        "subsample",
        "upsample",
    ]
)
"""Formulas that are written for (N, channels, …): of a sequence (N, T, F) the features are channels."""


def turned(x: Array) -> Array:
    return x.swapaxes(1, 2)


def by_the_book(
    kind: str, given: Given, shapes: tuple[Shape, ...], out: Shape
) -> tuple[Array, list[Array], dict[str, Array]]:
    """Output, sensitivities and gradients by the formula, in the layout of the shapes."""
    steps = isinstance(shapes[0], Steps)
    turn_in = steps if kind in OF_CHANNELS else kind == "rows" and len(shapes[0]) == 2 and not steps
    turn_out = kind in OF_CHANNELS and isinstance(out, Steps)
    if turn_in:
        probe = given.probe
        given = Given(
            given.layer,
            given.parameters,
            [turned(x) for x in given.inputs],
            turned(given.delta) if turn_out else given.delta,
            lambda x: turned(probe(turned(x))) if turn_out else probe(turned(x)),
        )
    made = FORMULAS[kind](given)
    output = turned(made.output) if turn_in and turn_out else made.output
    return output, [turned(x) if turn_in else x for x in made.inputs], made.parameters


def leaf_of(x: Array, shape: Shape) -> torch.Tensor:
    """Ids have no slope."""
    return torch.from_numpy(x).requires_grad_(not isinstance(shape, Tokens))


class Module:
    """A layer's module in float64 and training mode, its draws the same at every call."""

    def __init__(self, layer: Layer, shapes: tuple[tuple[int, ...], ...], seed: int) -> None:
        self.torch = layer.build(shapes).double().train()
        layer.initialize(self.torch, torch.Generator().manual_seed(seed))
        generator = torch.Generator().manual_seed(seed + 1)
        with torch.no_grad():  # also where weights start as ones and zeros
            for parameter in self.torch.parameters():
                parameter.add_(0.1 * torch.randn(parameter.shape, generator=generator))

    def __call__(self, *inputs: torch.Tensor) -> torch.Tensor:
        reseed(self.torch, 11)
        output = self.torch(*inputs)
        assert isinstance(output, torch.Tensor)
        return output

    def probe(self, x: Array) -> Array:
        with torch.no_grad():
            return np.asarray(self(torch.from_numpy(x)).numpy())

    @property
    def parameters(self) -> dict[str, Array]:
        named = self.torch.named_parameters()
        return {name: value.detach().numpy().copy() for name, value in named}


@each_formula
@fewer(10)
@given(data=st.data(), seed=st.integers(0, 2**16))
def test_textbook_is_autograd(kind: str, data: st.DataObject, seed: int) -> None:
    made, shapes, out = fitting(data, LAYERS.parts[kind])
    random = np.random.RandomState(seed)
    inputs = [inputs_of_shape(random, shape, BATCH) for shape in shapes]
    delta = random.standard_normal((BATCH, *out))
    module = Module(made, shapes, seed)
    leaves = [leaf_of(x, shape) for x, shape in zip(inputs, shapes, strict=True)]
    output = module(*leaves)
    torch.autograd.backward(output, torch.from_numpy(delta))

    case = Given(made, module.parameters, inputs, delta, module.probe)
    values, sensitivities, gradients = by_the_book(kind, case, shapes, out)
    assert_close(values, output.detach().numpy())
    for leaf, sensitivity in zip(leaves, sensitivities, strict=True):
        if leaf.requires_grad:
            assert leaf.grad is not None
            assert_close(sensitivity, leaf.grad.numpy())
    for name, parameter in module.torch.named_parameters():
        assert parameter.grad is not None
        assert_close(gradients[name], parameter.grad.numpy())


def test_every_layer_of_ours_has_its_formula_written_out() -> None:
    ours = {k for k, part in LAYERS.parts.items() if part.__module__.startswith("app.catalog.")}
    assert set(FORMULAS) == ours


@each_layer
@fewer(40)
@given(data=st.data(), seed=st.integers(0, 2**16))
def test_every_sensitivity_is_the_slope_of_the_output(
    layer: type[Layer], data: st.DataObject, seed: int
) -> None:
    """Central differences, asked of every layer whether its formula is written out or not."""
    made, shapes, _ = fitting(data, layer, small_shapes)
    module = Module(made, shapes, seed)
    random = np.random.RandomState(seed)
    leaves = [leaf_of(inputs_of_shape(random, shape, 2), shape) for shape in shapes]
    names = [name for name, _ in module.torch.named_parameters()]
    values = [value.detach().clone() for value in module.torch.parameters()]

    def run(*tensors: torch.Tensor) -> torch.Tensor:
        inputs, weights = tensors[: len(leaves)], tensors[len(leaves) :]
        reseed(module.torch, 11)
        state = dict(zip(names, weights, strict=True))
        output = torch.func.functional_call(module.torch, state, inputs)
        assert isinstance(output, torch.Tensor)
        return output

    tensors = [*leaves, *(value.requires_grad_() for value in values)]
    assert torch.autograd.gradcheck(run, tensors, eps=1e-6, atol=1e-4, rtol=1e-4, fast_mode=True)


def true_convolution(x: Array, k: Array) -> Array:
    """Valid part of x ∗ k, the kernel turned: Σ x(h+K−1−a, w+K−1−b) k(a, b)."""
    side = len(k)
    rows, columns = x.shape[0] - side + 1, x.shape[1] - side + 1
    u = np.zeros((rows, columns))
    for a in range(side):
        for b in range(side):
            top, left = side - 1 - a, side - 1 - b
            u += k[a, b] * x[top : top + rows, left : left + columns]
    return u


def full(delta: Array, k: Array) -> Array:
    """Full true convolution of δ with k."""
    return true_convolution(np.pad(delta, len(k) - 1), k)


@given(side=st.integers(1, 4), extra=st.integers(0, 4), seed=st.integers(0, 2**16))
def test_the_chapters_convolution_is_torchs_with_a_turned_kernel(
    side: int, extra: int, seed: int
) -> None:
    """Both orientations: u = x ∗ k is PyTorch's with rot180(k), and the gradients turn with it."""
    random = np.random.RandomState(seed)
    x, k = (
        random.standard_normal((side + extra, side + extra)),
        random.standard_normal((side, side)),
    )
    delta = random.standard_normal((extra + 1, extra + 1))
    turned = torch.from_numpy(np.rot90(k, 2).copy())[None, None].requires_grad_()
    leaf = torch.from_numpy(x)[None, None].requires_grad_()
    u = functional.conv2d(leaf, turned)
    torch.autograd.backward(u, torch.from_numpy(delta)[None, None])
    assert leaf.grad is not None
    assert turned.grad is not None

    assert_close(true_convolution(x, k), u.detach()[0, 0].numpy())
    # PyTorch's orientation: δ = full(δ, k as stored); the chapter's: full(δ, rot180(k)) unturned.
    assert_close(full(delta, np.rot90(k, 2)), leaf.grad[0, 0].numpy())
    patches = true_convolution(x, np.rot90(delta, 2))  # Σ δ · patch, PyTorch's orientation
    assert_close(patches, turned.grad[0, 0].numpy())
    in_chapter = np.rot90(patches, 2)
    assert_close(in_chapter, np.rot90(turned.grad[0, 0].numpy(), 2))
    # ∂E/∂k of the chapter by its own definition: each cell of k moved a little
    step = 1e-6
    for a in range(side):
        moved = k.copy()
        moved[a, 0] += step
        slope = (delta * (true_convolution(x, moved) - true_convolution(x, k))).sum() / step
        assert abs(slope - in_chapter[a, 0]) <= 1e-6


@given(n=st.integers(1, 3), blocks=st.integers(1, 3), seed=st.integers(0, 2**16))
def test_sensitivity_before_a_pool_is_the_chapters(n: int, blocks: int, seed: int) -> None:
    """δ = β (φ′(u) ∘ up(δ)), over n² for the mean, with the winners' mask m for the maximum."""
    random = np.random.RandomState(seed)
    u, delta = random.standard_normal((n * blocks,) * 2), random.standard_normal((blocks, blocks))
    up = np.kron(delta, np.ones((n, n)))
    slope = 1.0 - np.tanh(u) ** 2
    tops = np.kron(u.reshape(blocks, n, blocks, n).max(axis=(1, 3)), np.ones((n, n)))
    mask = (u == tops).astype(float)
    chapter = {"mean_pool2d": slope * up / n**2, "max_pool2d": slope * mask * up}
    for kind, expected in chapter.items():
        leaf = torch.from_numpy(u)[None, None].requires_grad_()
        pool = LAYERS.parts[kind].model_validate({"type": kind, "size": n, "stride": n})
        output = pool.build(((1, *u.shape),))(torch.tanh(leaf))
        torch.autograd.backward(output, torch.from_numpy(delta)[None, None])
        assert leaf.grad is not None
        assert_close(expected, leaf.grad[0, 0].numpy())
