"""A derivative by differences near a bend, whose wide quotients agree by chance."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from app.engine.tracing.quotients import TOLERANCE, Probe


def test_a_wide_difference_across_two_bends_is_not_believed() -> None:
    """Bends at 4e-5 and 3e-4 whose moments cancel: at 1e-3 both quotients are off by the same 4e-5."""
    parameter = nn.Parameter(torch.zeros(1, dtype=torch.float64))
    first, second = 4e-5, 3e-4
    turn = 1e-4
    turns = {first: turn, second: -turn * first / second}

    def loss() -> float:
        x = float(parameter[0])
        return 0.5 * x + sum(by * max(0.0, x - at) for at, by in turns.items())

    with torch.no_grad():
        probe = Probe(parameter, (0,), loss, loss(), scale=1.0)
        wide, narrow = probe._quotient(1e-3), probe._quotient(1e-5)
        assert wide.spread < 1e-12
        assert wide.value - 0.5 == pytest.approx(sum(turns.values()) / 2, rel=1e-6)
        assert narrow.value == pytest.approx(0.5, abs=1e-9)
        entry, verdict = probe.compare(0.5)
        wrong = probe.compare(0.5 + 1e-3)[0]
    assert verdict == "counts"
    assert float(entry.error) <= TOLERANCE
    assert float(wrong.error) > TOLERANCE
