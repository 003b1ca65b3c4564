"""Pictures turned, scaled, shifted, sheared, bent and elastically bent: where every pixel comes from,
read bilinearly.

The only place that moves pictures: live frames, curves and benchmarks all come here.
Letters: B samples, C channels, H rows, W columns; x to the right, y down, from the middle.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from math import cos, pi, radians, sin

import torch
from torch.nn import functional

from app.protocol.warp import Warp

SMOOTH = 7.0
"""The longer side of a picture in standard deviations of the Gaussian that smooths the elastic field:
4 pixels for 28, as in Simard, Steinkraus and Platt, 2003."""


@lru_cache(maxsize=16)
def field(seed: int, height: int, width: int) -> tuple[torch.Tensor, torch.Tensor]:
    """(x, y) float64 (H, W): a smooth random displacement, 1 where it is largest in either direction.

    Uniform draws from −1 to 1, smoothed by a Gaussian with nothing outside the picture.
    """
    generator = torch.Generator().manual_seed(seed)
    draws = 2 * torch.rand(2, height, width, dtype=torch.float64, generator=generator) - 1
    sigma = max(height, width) / SMOOTH
    down, across = (
        torch.exp(-((i[:, None] - i[None, :]) ** 2) / (2 * sigma**2))
        for i in (torch.arange(side, dtype=torch.float64) for side in (height, width))
    )
    smooth = down @ draws @ across
    x, y = smooth / smooth.abs().max()
    return x, y


def sources(warp: Warp, height: int, width: int) -> tuple[torch.Tensor, torch.Tensor]:
    """(x, y) float64 (H, W): column and row of the picture that each pixel of the moved one shows.

    The movement runs forwards as bend, shear, scale, turn, shift, elastic; pixels are asked backwards.
    """
    middle_x, middle_y = (width - 1) / 2, (height - 1) / 2
    y, x = torch.meshgrid(
        torch.arange(height, dtype=torch.float64) - middle_y - warp.shift_y,
        torch.arange(width, dtype=torch.float64) - middle_x - warp.shift_x,
        indexing="ij",
    )
    if warp.elastic:
        along_x, along_y = field(warp.seed, height, width)
        x, y = x - warp.elastic * along_x, y - warp.elastic * along_y
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
