"""The parts that the net input of one recurrent unit sums, step by step."""

# Shapes: N batch (one sample), T steps, F features, H units × directions.
from __future__ import annotations

import torch
from torch.nn import functional


def summed(
    x_NTF: torch.Tensor,
    s_NTH: torch.Tensor,
    unit: int,
    rows: tuple[torch.Tensor, torch.Tensor, torch.Tensor],
    *,
    back: bool = False,
) -> dict[str, torch.Tensor]:
    """u = U x + W s + b of one unit; s is that of the step before, or after where it reads ``back``."""
    u_F, w_H, b = rows
    s_TH = s_NTH[0]
    none = torch.zeros_like(s_TH[:1])
    before = torch.cat([s_TH[1:], none] if back else [none, s_TH[:-1]])
    ux, ws = functional.linear(x_NTF[0], u_F), functional.linear(before, w_H)
    return {"Ux": ux, "Ws": ws, "b": b.expand_as(ux), "u": ux + ws + b, "s": s_TH[:, unit]}
