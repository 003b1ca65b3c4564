"""One unit of a recurrent layer over time, exactly: its gates and cell, or the parts that its net input sums.

Reads a module that has been run; changes nothing.
"""

# Shapes: N batch (one sample), T steps, F features, H units × directions.
from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn
from torch.nn import functional

from app.nn.feedback import Banded, Jordan, squash
from app.nn.recurrent import Rnn, Unrolled

Series = dict[str, torch.Tensor]
"""Values of every step (T,) by name."""


def has_units(module: nn.Module) -> bool:
    return isinstance(module, (Unrolled, Banded, Jordan))


def units_of(module: nn.Module, h_NTH: torch.Tensor) -> int:
    """How many units can be asked for: hidden ones too, where the output has fewer."""
    hidden = module.hidden if isinstance(module, Jordan) else 0
    return max(h_NTH.shape[2], hidden)


def unit_over_time(
    module: nn.Module, arguments: Sequence[torch.Tensor], h_NTH: torch.Tensor, unit: int
) -> Series:
    """What unit ``unit`` held at every step of the one sample that ``module`` was called with.

    LSTM: i, f, g, o, c, h; GRU: r, z, n, h. Elman, plain or banded: Ux, Ws, b, their sum u, and s.
    Jordan: Ux, Wo, b, their sum u, and s of the hidden unit; Vs, c, their sum v, and o of the output with
    the same number; what has no such number is left out.
    """
    if isinstance(module, Jordan):
        return _fed_back(module, arguments[0][0], h_NTH[0], unit)
    if isinstance(module, Banded):
        rows = (module.U[unit], module.full_weight()[unit], module.b[unit])
        return _summed(arguments[0], h_NTH, unit, rows)
    if isinstance(module, Rnn):
        x_NTF, last = module.below(*arguments), module.num_layers - 1
        back, row = divmod(unit, module.hidden_size)
        w_ih, w_hh, b_ih, b_hh = (w[row] for w in module.of_layer(last)[4 * back :][:4])
        first = back * module.hidden_size
        own = h_NTH[:, :, first : first + module.hidden_size]
        return _summed(x_NTF, own, row, (w_ih, w_hh, b_ih + b_hh), back=bool(back))
    inner = module.gates(*arguments)  # type: ignore[operator]
    return {name: v[0, :, unit] for name, v in inner.items()} | {"h": h_NTH[0, :, unit]}


def _summed(
    x_NTF: torch.Tensor,
    s_NTH: torch.Tensor,
    unit: int,
    rows: tuple[torch.Tensor, torch.Tensor, torch.Tensor],
    *,
    back: bool = False,
) -> Series:
    """u = U x + W s + b of one unit; s is that of the step before, or after where it reads ``back``."""
    u_F, w_H, b = rows
    s_TH = s_NTH[0]
    none = torch.zeros_like(s_TH[:1])
    before = torch.cat([s_TH[1:], none] if back else [none, s_TH[:-1]])
    ux, ws = functional.linear(x_NTF[0], u_F), functional.linear(before, w_H)
    return {"Ux": ux, "Ws": ws, "b": b.expand_as(ux), "u": ux + ws + b, "s": s_TH[:, unit]}


def _fed_back(module: Jordan, x_TF: torch.Tensor, o_TO: torch.Tensor, unit: int) -> Series:
    """u = U x + W o + b with o of the step before; v = V s + c with the s of all hidden units."""
    before = torch.cat([torch.zeros_like(o_TO[:1]), o_TO[:-1]])
    ux_TH, wo_TH = functional.linear(x_TF, module.U), functional.linear(before, module.W)
    u_TH = ux_TH + wo_TH + module.b
    s_TH = squash(module.activation, u_TH)
    found: Series = {}
    if unit < module.hidden:
        b = module.b[unit].expand(len(x_TF))
        parts = {"Ux": ux_TH, "Wo": wo_TH, "u": u_TH, "s": s_TH}
        found |= {name: value[:, unit] for name, value in parts.items()} | {"b": b}
    if unit < module.outputs:
        vs, c = functional.linear(s_TH, module.V[unit]), module.c[unit]
        found |= {"Vs": vs, "c": c.expand_as(vs), "v": vs + c, "o": o_TO[:, unit]}
    return found
