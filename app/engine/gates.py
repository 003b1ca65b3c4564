"""The gates of a recurrent layer over time, read off its output: all steps at once.

With every h_{t−1} known from the kernel, the net inputs of all steps are one product; only the cell
is a recursion. A watched sample so costs a fifth of a walk through time.
"""

# Shapes: N batch, T steps, F features, H hidden units, G gates × H.
from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import nn
from torch.nn.functional import linear

from app.nn.recurrent import Gru, Lstm

Inner = dict[str, torch.Tensor]


def gates(module: nn.Module, given: Sequence[torch.Tensor], h_NTH: torch.Tensor) -> Inner | None:
    """What a layer holds inside beside its output h, (N, T, H × directions) by name; None where it
    is not one layer of a kind that is known here, or is told of lengths or a state to begin from."""
    read = _READ.get(type(module))
    if read is None or len(given) > 1:
        return None
    assert isinstance(module, Lstm | Gru)
    if module.num_layers > 1:
        return None
    (x_NTF,) = given
    found: list[Inner] = []
    weights = module.of_layer(0)
    for k, own_h in enumerate(torch.split(h_NTH, module.hidden_size, 2)):
        own = weights[4 * k : 4 * k + 4]
        # The backward direction in its own order.
        x, h = (x_NTF.flip(1), own_h.flip(1)) if k else (x_NTF, own_h)
        before = torch.cat([torch.zeros_like(h[:, :1]), h[:, :-1]], 1)
        inner = read(linear(x, own[0], own[2]), linear(before, own[1], own[3]))
        found.append({name: value.flip(1) if k else value for name, value in inner.items()})
    return {name: torch.cat([one[name] for one in found], 2) for name in found[0]}


def _lstm(u_NTG: torch.Tensor, v_NTG: torch.Tensor) -> Inner:
    i, f, g, o = (u_NTG + v_NTG).chunk(4, 2)
    i, f, g, o = i.sigmoid(), f.sigmoid(), g.tanh(), o.sigmoid()
    written, cell, cells = (i * g).unbind(1), torch.zeros_like(i[:, 0]), []
    for new, kept in zip(written, f.unbind(1), strict=True):
        cell = torch.addcmul(new, kept, cell)
        cells.append(cell)
    return {"i": i, "f": f, "g": g, "o": o, "c": torch.stack(cells, 1)}


def _gru(u_NTG: torch.Tensor, v_NTG: torch.Tensor) -> Inner:
    (ur, uz, un), (vr, vz, vn) = u_NTG.chunk(3, 2), v_NTG.chunk(3, 2)
    r = (ur + vr).sigmoid()
    return {"r": r, "z": (uz + vz).sigmoid(), "n": (un + r * vn).tanh()}


_READ: dict[type[nn.Module], Callable[[torch.Tensor, torch.Tensor], Inner]] = {
    Lstm: _lstm,
    Gru: _gru,
}
