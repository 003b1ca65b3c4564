"""What a module shows of itself is no part of the code that is exported."""

from __future__ import annotations

import pytest

from app.engine.export.bundle import Bundle
from app.nn.batch_norm import BatchNorm
from app.nn.dropout import ChannelDropout
from app.nn.stochastic_pool import StochasticPool
from app.nn.subsample import Subsample


@pytest.mark.parametrize("kind", [BatchNorm, ChannelDropout, StochasticPool, Subsample])
def test_methods_that_only_show_something_are_left_out(kind: type) -> None:
    bundle = Bundle([kind])
    assert f"class {kind.__name__}" in bundle.text
    assert "def forward" in bundle.text
    assert "look_only" not in bundle.text
    assert "def inside" not in bundle.text
    compile(bundle.text, "written.py", "exec", dont_inherit=True)
