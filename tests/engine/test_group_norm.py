"""Group norm over pictures in channels_last that need no gradient: PyTorch's own module crashes there."""

from __future__ import annotations

from typing import Any

import torch
from hypothesis import given
from hypothesis import strategies as st

from app.nn.group_norm import GroupNorm
from tests.engine.specs import run_spec, trainer_of

SIDE = st.integers(1, 6)


@given(
    groups=st.integers(1, 3), each=st.integers(1, 3), batch=st.integers(1, 4), high=SIDE, wide=SIDE
)
def test_gradients_of_the_weights_are_those_of_plain_pictures(
    groups: int, each: int, batch: int, high: int, wide: int
) -> None:
    channels = groups * each
    module = GroupNorm(groups, channels).double()
    pictures = torch.randn(batch + 1, channels, high + 1, wide, dtype=torch.float64)
    upstream = torch.randn_like(pictures)
    found = []
    for format in (torch.channels_last, torch.contiguous_format):
        module.zero_grad()
        module(pictures.contiguous(memory_format=format)).backward(upstream)
        assert module.weight.grad is not None
        assert module.bias.grad is not None
        found.append((module.weight.grad.clone(), module.bias.grad.clone()))
    for one, other in zip(*found, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-12, atol=1e-12)


def test_a_network_that_begins_with_it_trains() -> None:
    layers: list[dict[str, Any]] = [
        {"type": "group_norm", "groups": 1},
        {"type": "flatten"},
        {"type": "dense", "units": 10},
    ]
    trainer = trainer_of(run_spec(layers))
    trainer.step()
    assert not torch.equal(trainer.network.state_dict()["gn1.weight"], torch.ones(1))
