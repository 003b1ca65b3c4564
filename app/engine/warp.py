"""Pictures turned, scaled, shifted, sheared and bent: where every pixel comes from, read bilinearly.

The only place that moves pictures: live frames, curves and benchmarks all come here.
Letters: B samples, C channels, H rows, W columns; x to the right, y down, from the middle.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import cos, pi, radians, sin

import torch
from torch.nn import functional

from app.protocol.warp import Warp


def sources(warp: Warp, height: int, width: int) -> tuple[torch.Tensor, torch.Tensor]:
    """(x, y) float64 (H, W): column and row of the picture that each pixel of the moved one shows.

    The movement runs forwards as bend, shear, scale, turn, shift; pixels are asked backwards.
    """
    middle_x, middle_y = (width - 1) / 2, (height - 1) / 2
    y, x = torch.meshgrid(
        torch.arange(height, dtype=torch.float64) - middle_y - warp.shift_y,
        torch.arange(width, dtype=torch.float64) - middle_x - warp.shift_x,
        indexing="ij",
    )
    c, s = cos(radians(warp.turn)), sin(radians(warp.turn))
    x, y = (c * x - s * y) / warp.scale, (s * x + c * y) / warp.scale
    x = x + warp.shear * y
    x = x - warp.bend * torch.sin(2 * pi * y / height)
    return x + middle_x, y + middle_y


def moved(x_BCHW: torch.Tensor, warps: Sequence[Warp]) -> torch.Tensor:
    """One picture by many movements, many by one, or as many by as many; of the same type."""
    count = max(len(x_BCHW), len(warps))
    height, width = x_BCHW.shape[-2:]
    grids = []
    for warp in warps:
        x, y = sources(warp, height, width)
        # -1 and 1 are the middles of the outermost pixels
        grids.append(
            torch.stack([2 * x / max(width - 1, 1) - 1, 2 * y / max(height - 1, 1) - 1], -1)
        )
    grid_BHW2 = torch.stack(grids).to(x_BCHW)
    return functional.grid_sample(
        x_BCHW.expand(count, -1, -1, -1),
        grid_BHW2.expand(count, -1, -1, -1),
        mode="bilinear",
        padding_mode="zeros",
        align_corners=True,
    )
