"""Gates read off the output, beside those of the walk through time."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from app.engine.gates import gates
from app.nn.recurrent import Gru, Lstm, Rnn


@pytest.mark.parametrize("kind", [Lstm, Gru])
@pytest.mark.parametrize("both", [False, True])
def test_all_steps_at_once_are_the_walks(kind: type[Lstm | Gru], both: bool) -> None:
    torch.manual_seed(3)
    module = kind(3, 5, bidirectional=both).double()
    x = torch.randn(2, 7, 3, dtype=torch.float64)
    with torch.no_grad():
        found, walked = gates(module, [x], module(x)), module.gates(x)
    assert found is not None
    assert set(found) == set(walked)
    for name, value in walked.items():
        torch.testing.assert_close(found[name], value, rtol=0, atol=1e-12)


def test_lengths_are_left_to_the_walk() -> None:
    x = torch.zeros(1, 4, 3)
    assert gates(Lstm(3, 5), [x, torch.tensor([2])], x) is None


@pytest.mark.parametrize("module", [Rnn(3, 5), Lstm(3, 5, 2), nn.Tanh()])
def test_others_are_walked(module: nn.Module) -> None:
    x = torch.zeros(1, 4, 3)
    assert gates(module, [x], x) is None
