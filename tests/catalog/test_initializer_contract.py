"""The initialisers: the spread their formulas say, from the generator alone."""

from __future__ import annotations

from collections.abc import Callable
from math import sqrt
from statistics import NormalDist
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from app.catalog.initializers import INITIALIZERS, Initializer
from app.catalog.initializers._base import fans
from tests.catalog.strategies import fewer, parts

FOLLOWS = 1.7
"""The gain of what follows the layer, in these tests."""


def g(part: Any) -> float:
    """torch's gain of the chosen activation; ``auto``: of the one that follows."""
    name = part.nonlinearity
    return FOLLOWS if name == "auto" else float(nn.init.calculate_gain(name))


# (fan in, fan out) → (largest magnitude or None, variance of a weight)
Rule = Callable[[Any, int, int], tuple[float | None, float]]
TEXTBOOK: dict[str, Rule] = {
    "default": lambda part, n_in, n_out: (1 / sqrt(n_in), 1 / (3 * n_in)),
    "xavier": lambda part, n_in, n_out: (
        g(part) * sqrt(6 / (n_in + n_out)),
        g(part) ** 2 * 2 / (n_in + n_out),
    ),
    "he": lambda part, n_in, n_out: (None, g(part) ** 2 / n_in),
    "normal": lambda part, n_in, n_out: (None, part.std**2),
    "zeros": lambda part, n_in, n_out: (0.0, 0.0),
    "lecun": lambda part, n_in, n_out: (None, g(part) ** 2 / n_in),
    "uniform": lambda part, n_in, n_out: (part.bound, part.bound**2 / 3),
}
each_formula = pytest.mark.parametrize("kind", TEXTBOOK)
each_initializer = pytest.mark.parametrize(
    "initializer", INITIALIZERS.parts.values(), ids=lambda part: str(part.kind())
)
MODULES: dict[str, tuple[Callable[[], nn.Module], int, int]] = {
    "dense": (lambda: nn.Linear(300, 200), 300, 200),
    "conv": (lambda: nn.Conv2d(8, 60, 5), 8 * 25, 60 * 25),
}


@each_formula
@pytest.mark.parametrize("module", MODULES)
@fewer(10)
@given(data=st.data(), seed=st.integers(0, 2**16))
def test_spread_is_the_formulas(kind: str, module: str, data: st.DataObject, seed: int) -> None:
    part: Initializer = data.draw(parts(INITIALIZERS.parts[kind]))
    make, n_in, n_out = MODULES[module]
    made = make()
    weight, bias = made.get_parameter("weight"), made.get_parameter("bias")
    assert fans(weight) == (n_in, n_out)
    part.fill(made, torch.Generator().manual_seed(seed), FOLLOWS)
    largest, variance = TEXTBOOK[kind](part, n_in, n_out)
    if largest is not None:
        assert weight.abs().max() <= largest * (1 + 1e-6)
        assert weight.abs().max() >= 0.99 * largest - 1e-12
    # thousands of draws: six standard errors of the sample's mean and variance
    count = weight.numel()
    assert abs(weight.mean().item()) <= 6 * sqrt(variance / count) + 1e-12
    assert abs(weight.var().item() - variance) <= 6 * variance * sqrt(2 / count) + 1e-12
    assert weight.requires_grad
    if kind == "default":
        assert bias.abs().max() <= 1 / sqrt(n_in)
        assert bias.abs().max() > 0
    else:
        assert not bias.any()


@each_initializer
def test_follows_from_the_generator(initializer: type[Initializer]) -> None:
    def filled(seed: int) -> torch.Tensor:
        module = nn.Conv2d(3, 4, 3)
        initializer().fill(module, torch.Generator().manual_seed(seed))
        return torch.cat([p.detach().flatten() for p in module.parameters()])

    before = torch.get_rng_state()
    assert torch.equal(filled(1), filled(1))
    # nn.Conv2d itself draws three times; apart from that, torch's own state is left alone
    torch.set_rng_state(before)
    nn.Conv2d(3, 4, 3), nn.Conv2d(3, 4, 3)
    after = torch.get_rng_state()
    torch.set_rng_state(before)
    filled(1), filled(2)
    assert torch.equal(torch.get_rng_state(), after)


@each_initializer
def test_fills_a_module_without_bias(initializer: type[Initializer]) -> None:
    module = nn.Linear(4, 3, bias=False)
    initializer().fill(module, torch.Generator().manual_seed(1))
    assert module.weight.isfinite().all()


def filled(kind: str, shape: tuple[int, ...], **fields: object) -> torch.Tensor:
    part = INITIALIZERS.parts[kind].model_validate({"type": kind, **fields})
    tensor = torch.empty(shape, dtype=torch.float64)
    part.weight(tensor, torch.Generator().manual_seed(11), FOLLOWS)
    return tensor


@pytest.mark.parametrize(("choice", "length"), [("linear", 1.5), ("auto", 1.5 * FOLLOWS)])
def test_orthogonal_rows_are_orthogonal(choice: str, length: float) -> None:
    w = filled("orthogonal", (6, 4, 2, 2), gain=1.5, nonlinearity=choice).reshape(6, 16)
    expected = length**2 * torch.eye(6, dtype=torch.float64)
    torch.testing.assert_close(w @ w.T, expected, rtol=0, atol=1e-12)


def test_identity_copies_its_inputs() -> None:
    assert torch.equal(filled("identity", (3, 5)), torch.eye(3, 5, dtype=torch.float64))
    kernel = filled("identity", (2, 2, 3, 3))
    assert torch.equal(kernel[:, :, 1, 1], torch.eye(2, dtype=torch.float64))
    assert kernel.sum() == 2


def test_constant_is_one_number() -> None:
    assert set(filled("constant", (3, 3), value=0.4).flatten().tolist()) == {0.4}


def test_truncated_normal_has_no_tails() -> None:
    w, z = filled("truncated_normal", (200, 200), std=0.5), NormalDist()
    assert w.abs().max() <= 1.0
    expected = 1 - 2 * 2 * z.pdf(2) / (z.cdf(2) - z.cdf(-2))
    assert w.var().item() / 0.25 == pytest.approx(expected, rel=0.02)


def test_default_is_torchs_own_rule() -> None:
    """Same bounds as torch.nn.Linear and Conv2d draw: kaiming_uniform(a=√5) and 1/√fan-in."""
    module = nn.Conv2d(4, 16, 3)
    bound = 1 / sqrt(4 * 9)
    assert module.weight.abs().max() <= bound
    gain = nn.init.calculate_gain("leaky_relu", sqrt(5))
    assert sqrt(3) * gain / sqrt(36) == pytest.approx(bound)
