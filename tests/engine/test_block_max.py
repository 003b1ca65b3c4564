"""The quick 2×2 pooling is nn.MaxPool2d, bit for bit, ties included."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from app.nn.block_max import BlockMax

SHAPES = st.tuples(st.integers(1, 3), st.integers(1, 9), st.integers(1, 5), st.integers(1, 5))


def both(x: torch.Tensor, upstream: torch.Tensor) -> list[list[torch.Tensor]]:
    """(output, gradient) of PyTorch's module and of ours."""
    found = []
    for module in (nn.MaxPool2d(2, 2), BlockMax()):
        leaf = x.clone(memory_format=torch.channels_last).requires_grad_()
        output = module(leaf)
        output.backward(upstream)
        assert leaf.grad is not None
        found.append([output.detach(), leaf.grad])
    return found


@given(SHAPES, st.integers(0, 2**31), st.sampled_from([1, 2, 1000]))
def test_equal_forward_and_backward(
    shape: tuple[int, int, int, int], seed: int, levels: int
) -> None:
    """Few levels make many ties: the first winner in reading order gets the gradient."""
    generator = torch.Generator().manual_seed(seed)
    b, c, h, w = shape
    x = torch.randint(0, levels, (b, c, 2 * h, 2 * w), generator=generator).float()
    upstream = torch.randn(b, c, h, w, generator=generator)
    theirs, ours = both(x, upstream)
    for their, our in zip(theirs, ours, strict=True):
        assert torch.equal(their, our)
    with torch.inference_mode():
        assert torch.equal(BlockMax()(x), theirs[0])


def test_other_memory_formats() -> None:
    x = torch.randn(2, 3, 4, 6)
    assert torch.equal(BlockMax()(x), nn.MaxPool2d(2)(x))
    x.requires_grad_()
    BlockMax()(x).sum().backward()
    assert x.grad is not None
    assert x.grad.sum() == 2 * 3 * 2 * 3


@pytest.mark.parametrize(
    ("module", "size", "fits"),
    [
        (nn.MaxPool2d(2, 2), (8, 6), True),
        (nn.MaxPool2d(2, 2), (7, 6), False),
        (nn.MaxPool2d(3, 2), (8, 6), False),
        (nn.MaxPool2d(2, 1), (8, 6), False),
        (nn.AvgPool2d(2, 2), (8, 6), False),
    ],
)
def test_what_it_replaces(module: nn.Module, size: tuple[int, int], fits: bool) -> None:
    assert BlockMax.replaces(module, *size) is fits
