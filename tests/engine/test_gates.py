"""Gates read off the output, beside those of the walk through time."""

from __future__ import annotations

import pytest
import torch

from app.nn.recurrent import Gru, Lstm, Rnn
from app.nn.unrolled import Unrolled


@pytest.mark.parametrize("kind", [Lstm, Gru])
@pytest.mark.parametrize("both", [False, True])
def test_all_steps_at_once_are_the_walks(kind: type[Lstm | Gru], both: bool) -> None:
    torch.manual_seed(3)
    module = kind(3, 5, bidirectional=both).double()
    x = torch.randn(2, 7, 3, dtype=torch.float64)
    with torch.no_grad():
        found, walked = module.gates_beside(module(x), x), module.gates(x)
    assert set(found) == set(walked)
    for name, value in walked.items():
        torch.testing.assert_close(found[name], value, rtol=0, atol=1e-12)


@pytest.mark.parametrize(
    ("module", "lengths"),
    [(Rnn(3, 5), None), (Lstm(3, 5, 2), None), (Lstm(3, 5), torch.tensor([2, 4]))],
)
def test_others_are_walked(module: Unrolled, lengths: torch.Tensor | None) -> None:
    """Stacked layers, kinds without a cheaper way, and padded batches: bit for bit the walk's."""
    x = torch.randn(2, 4, 3, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        # An output that no such module gives: whoever reads it would tell other gates.
        found = module.gates_beside(torch.full((2, 4, 5), 7.0), x, lengths)
        walked = module.gates(x, lengths)
    assert set(found) == set(walked)
    for name, value in walked.items():
        assert torch.equal(found[name], value)
