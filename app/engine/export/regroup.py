"""Other rates for an optimiser that is at work already. Its source stands in exported code."""

from __future__ import annotations

from typing import Any

import torch
from torch import optim


def regroup(optimizer: optim.Optimizer, groups: list[dict[str, Any]]) -> None:
    """Other parameter groups; what the optimiser remembers of each weight stays.

    A weight in none of them is frozen. One that comes back to others with a momentum starts at 0.
    """
    optimizer.param_groups = [{**optimizer.defaults, **group} for group in groups]
    for group in optimizer.param_groups:
        states = [optimizer.state[weight] for weight in group["params"]]
        moving = [state.get("momentum_buffer") is not None for state in states]
        if isinstance(optimizer, optim.SGD) and group["momentum"] and any(moving):
            for weight, state, moves in zip(group["params"], states, moving, strict=True):
                if not moves:
                    state["momentum_buffer"] = torch.zeros_like(weight)
