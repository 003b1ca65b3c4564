"""What a layer holds inside during a pass, for pictures of its own: draws, masks, statistics, and the
ways that a sensitivity takes through it. Holds no layer's computation a second time but its textbook.

Every tensor has the samples on its first axis. A layer that is not listed has nothing to show.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import nn
from torch.nn import functional

from app.nn.batch_norm import BatchNorm
from app.nn.dropout import ChannelDropout, SeededDropout
from app.nn.stochastic_pool import StochasticPool
from app.nn.subsample import Subsample

Inside = dict[str, torch.Tensor]


def _dropout(module: SeededDropout, x: torch.Tensor, delta: torch.Tensor | None) -> Inside:
    """The mask: 0 where a value is silenced, 1/(1−p) where it is kept."""
    return {"mask": module.keep(module.mask_shape(x), module.rate, x).expand_as(x)}


def _stochastic(module: StochasticPool, x: torch.Tensor, delta: torch.Tensor | None) -> Inside:
    """Where the cells lie: with what probability each is drawn, and 1 at those that were."""
    share = module.shares(module.blocks(x))
    chosen = functional.one_hot(module.drawn(share), share.shape[-1]).to(x.dtype)
    return {
        "probability": _laid_out(share, x, module.size),
        "drawn": _laid_out(chosen, x, module.size),
    }


def _laid_out(blocks: torch.Tensor, x: torch.Tensor, size: int) -> torch.Tensor:
    """(N, C, H′, W′, n²) as the picture that the blocks were cut from; 0 beyond the last block."""
    n, c, rows, columns, _ = blocks.shape
    whole = blocks.reshape(n, c, rows, columns, size, size).permute(0, 1, 2, 4, 3, 5)
    found = torch.zeros_like(x, memory_format=torch.contiguous_format)
    found[:, :, : rows * size, : columns * size] = whole.reshape(n, c, rows * size, columns * size)
    return found


def _batch_norm(module: BatchNorm, x: torch.Tensor, delta: torch.Tensor | None) -> Inside:
    """μ and σ² of the batch, x̂, and δ by its three ways: straight, through μ and through σ².

    Ioffe and Szegedy, 2015: ∂E/∂x = (γ/σ)(δ − mean(δ) − x̂·mean(δ·x̂)), means over the batch.
    """
    if x.numel() == x.shape[1]:  # one value a channel: normalised by what earlier batches left
        return {}
    axes = [axis for axis in range(x.dim()) if axis != 1]
    mean, variance = x.mean(axes, keepdim=True), x.var(axes, correction=0, keepdim=True)
    root = (variance + module.eps).rsqrt()
    normalised = (x - mean) * root
    each = (x.shape[0], x.shape[1])
    found = {
        "mean": mean.reshape(1, -1).expand(each),
        "variance": variance.reshape(1, -1).expand(each),
        "normalised": normalised,
    }
    if delta is not None:
        slope = module.weight.reshape([1, -1] + [1] * (x.dim() - 2)) * root
        turned = (delta * normalised).mean(axes, keepdim=True)
        found["straight"] = slope * delta
        found["through_mean"] = (-slope * delta.mean(axes, keepdim=True)).expand_as(x)
        found["through_variance"] = -slope * normalised * turned
    return found


def _subsample(module: Subsample, x: torch.Tensor, delta: torch.Tensor | None) -> Inside:
    """down(x), and δ ∘ down(x), whose sum over cells and samples is ∂E/∂β."""
    pooled = functional.avg_pool1d if module.sides == 1 else functional.avg_pool2d
    down = pooled(x, module.size) * module.factor
    return {"down": down} if delta is None else {"down": down, "weight_terms": delta * down}


KNOWN: dict[type[nn.Module], Callable[..., Inside]] = {
    SeededDropout: _dropout,
    ChannelDropout: _dropout,
    StochasticPool: _stochastic,
    BatchNorm: _batch_norm,
    Subsample: _subsample,
}


def inside(module: nn.Module, x: torch.Tensor, delta: torch.Tensor | None) -> Inside:
    """Tensors by name; ``delta`` is ∂E/∂(the output), null where the loss does not depend on it."""
    found = KNOWN.get(type(module))
    return {} if found is None else found(module, x, delta)
