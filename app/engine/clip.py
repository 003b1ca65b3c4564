"""Clips gradients by value and by norm, as torch.nn.utils does, into new tensors.

The gradients that the parameters hold stay as they are: those are what is shown.
"""

from __future__ import annotations

from collections.abc import Callable

import torch

Clip = Callable[[list[torch.Tensor]], list[torch.Tensor]]
_TINY = 1e-6
"""What clip_grad_norm_ adds to the norm."""


def clipper(norm: float | None, value: float | None) -> Clip | None:
    """The clipping that these limits ask for; None where there is none. By value first."""
    if norm is None and value is None:
        return None

    @torch.no_grad()
    def clip(gradients: list[torch.Tensor]) -> list[torch.Tensor]:
        if not gradients:
            return gradients
        if value is not None:
            gradients = list(torch._foreach_clamp_min(gradients, -value))
            torch._foreach_clamp_max_(gradients, value)
        if norm is not None:
            total = torch.linalg.vector_norm(torch.stack(torch._foreach_norm(gradients)))
            share = torch.clamp(norm / (total + _TINY), max=1.0)
            gradients = list(torch._foreach_mul(gradients, share))
        return gradients

    return clip
