"""Every nn.Module of ours: its backward pass is the slope of its forward pass, in float64."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Iterator

import pytest
import torch
from torch import nn

import app.nn as package
from app.catalog.layers import LAYERS, Layer, ShapeMismatch
from app.catalog.layers.conv2d import Conv2d
from app.core.shapes import Shape, Steps, Tokens
from app.nn.seeded import Seeded
from app.nn.unrolled import Unrolled
from tests.catalog.strategies import batch_of

SHAPES: tuple[Shape, ...] = ((3, 4, 4), (6, 6, 6), (2, 6), (5,), Tokens(4, 5), Steps(5, 4))
MANY = 100
"""Entries, beyond which the Jacobian is compared along random directions, not entry by entry."""
Made = tuple[nn.Module, tuple[Shape, ...]]


def ours() -> list[type[nn.Module]]:
    """Every module class that the folder defines."""
    found = []
    for info in pkgutil.iter_modules(package.__path__):
        module = importlib.import_module(f"{package.__name__}.{info.name}")
        for value in vars(module).values():
            if inspect.isclass(value) and issubclass(value, nn.Module):
                found += [value] if value.__module__ == module.__name__ else []
    return found


def layers() -> Iterator[Layer]:
    for part in LAYERS.parts.values():
        yield part.model_validate(part.EXAMPLES[0])
        yield part()
    yield Conv2d(filters=2, kernel=3, stride=2, padding=1, table=((0, 2), (1,)))


def made(kind: type[nn.Module]) -> Made:
    """One as a layer builds it, with the shapes it takes; or one made without arguments."""
    for layer in layers():
        for shape in SHAPES:
            inputs = (shape,) * layer.ARITY[0]
            try:
                layer.output_shape(inputs)
            except ShapeMismatch:
                continue
            module = layer.build(inputs)
            if type(module) is kind:
                layer.initialize(module, torch.Generator().manual_seed(1))
                return module, inputs
    return kind(), ((3, 4, 4),)


@pytest.mark.parametrize(
    "kind",
    [kind for kind in ours() if kind not in (Seeded, Unrolled)],
    ids=lambda kind: str(kind.__name__),
)
@pytest.mark.parametrize("training", [True, False], ids=["training", "evaluation"])
def test_backward_is_the_slope_of_forward(kind: type[nn.Module], training: bool) -> None:
    module, shapes = made(kind)
    module = module.double().train(training)
    generator = torch.Generator().manual_seed(3)
    inputs = [batch_of(s, 2, generator).double() for s in shapes]
    ids = [isinstance(s, Tokens) for s in shapes]
    names = [name for name, _ in module.named_parameters()]
    weights = [p.detach().clone() for p in module.parameters()]

    def run(*tensors: torch.Tensor) -> torch.Tensor:
        if isinstance(module, Seeded):
            module.reseed(5)
        state = dict(zip(names, tensors[len(inputs) :], strict=True))
        output = torch.func.functional_call(module, state, tensors[: len(inputs)])
        assert isinstance(output, torch.Tensor)
        return output

    given = [x.requires_grad_(not whole) for x, whole in zip(inputs, ids, strict=True)]
    entries = [*given, *(w.requires_grad_() for w in weights)]
    many = sum(x.numel() for x in entries) > MANY
    assert torch.autograd.gradcheck(run, entries, fast_mode=many)


def test_there_are_modules_to_check() -> None:
    assert len(ours()) >= 12
