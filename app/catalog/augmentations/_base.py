"""What every augmentation declares: the data it suits, and a change of a batch drawn from a generator."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from app.catalog.code import Code, of_part
from app.catalog.family import Part
from app.catalog.plot import Reals
from app.core.text import text

if TYPE_CHECKING:
    import torch

AUGMENTATION = text("Augmentation", "数据增强")


class Augmentation(Part):
    """A random change of training samples that leaves their targets as they are.

    The same state of the generator gives the same change, so that a step can be made again.
    """

    GROUP = AUGMENTATION
    KINDS: ClassVar[frozenset[str]] = frozenset({"image"})
    """Kinds of data sets that it suits."""

    @classmethod
    def facts(cls) -> dict[str, Any]:
        return {"kinds": sorted(cls.KINDS)}

    def views(self, picture: Reals) -> tuple[Reals, ...]:
        """A picture (H, W) at the ends of what may be drawn for it; NumPy, no torch."""
        raise TypeError(f"{type(self).__name__} declares no views")

    def apply(self, x: torch.Tensor, draws: torch.Generator) -> torch.Tensor:
        """A changed copy of the batch x (N, *shape); every sample has draws of its own."""
        raise TypeError(f"{type(self).__name__} declares no apply")

    def code(self) -> Code:
        """Python for an object with :meth:`apply`, for exported code."""
        return of_part(self, "apply")


def seen(picture: Reals, angle: float, scale: float) -> Reals:
    """A picture (H, W) turned about its middle and enlarged, by the nearest cell; 0 from outside."""
    height, width = picture.shape
    y, x = np.mgrid[:height, :width] - np.array([[[height - 1]], [[width - 1]]]) / 2
    cos, sin = np.cos(angle) / scale, np.sin(angle) / scale
    rows = np.rint(sin * x + cos * y + (height - 1) / 2).astype(int)
    columns = np.rint(cos * x - sin * y + (width - 1) / 2).astype(int)
    inside = (rows >= 0) & (rows < height) & (columns >= 0) & (columns < width)
    return np.where(inside, picture[rows.clip(0, height - 1), columns.clip(0, width - 1)], 0.0)


def uniform(
    count: int, low: float, high: float, like: torch.Tensor, draws: torch.Generator
) -> torch.Tensor:
    """(count,) numbers in low…high."""
    import torch

    unit = torch.rand(count, dtype=like.dtype, device=like.device, generator=draws)
    return low + (high - low) * unit


def warped(x: torch.Tensor, matrix: torch.Tensor) -> torch.Tensor:
    """Pictures (N, C, H, W) seen through affine maps (N, 2, 3); what comes in from outside is 0."""
    import torch
    from torch.nn import functional

    shape = list(x.shape)
    grid = functional.affine_grid(matrix, shape, align_corners=False)
    seen = functional.grid_sample(x, grid, padding_mode="zeros", align_corners=False)
    return seen.contiguous(memory_format=torch.channels_last)


def turns(angle: torch.Tensor, scale: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    """Affine maps (N, 2, 3) that turn pictures by ``angle`` (radians, N) and enlarge them by ``scale``.

    Distances are kept in pixels where pictures are not square.
    """
    import torch

    height, width = x.shape[2:]
    cos, sin = torch.cos(angle) / scale, torch.sin(angle) / scale
    zero = torch.zeros_like(cos)
    rows = (cos, -sin * (height / width), zero, sin * (width / height), cos, zero)
    return torch.stack(rows, 1).view(-1, 2, 3)
