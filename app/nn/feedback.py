"""Recurrent modules without a kernel of PyTorch: Jordan's, and hidden units joined to their neighbours."""

# Shapes: N batch, T steps, F features, H hidden units, O outputs.
from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

from app.nn.declared import look_only
from app.nn.masks import silent_tail, unheard
from app.nn.net_input import summed


def squash(name: str, u: torch.Tensor) -> torch.Tensor:
    """φ or g by its name."""
    if name == "identity":
        return u
    if name == "softmax":
        return u.softmax(1)
    return getattr(torch, name)(u)  # type: ignore[no-any-return]


class Jordan(nn.Module):
    """u_t = U x_t + W o_{t−1} + b, s_t = φ(u_t), o_t = g(V s_t + c); (N, T, F) → (N, T, O)."""

    STATES = ("o", "s")
    MEMORY = ("s", "o")
    silent: torch.Tensor | None = None
    """Outputs (O) that are 0 for the next step too."""

    def __init__(
        self,
        features: int,
        hidden: int,
        outputs: int,
        activation: str = "tanh",
        output: str = "tanh",
    ) -> None:
        super().__init__()
        self.features, self.hidden, self.outputs = features, hidden, outputs
        self.activation, self.output = activation, output
        self.U = nn.Parameter(torch.empty(hidden, features))
        self.W = nn.Parameter(torch.empty(hidden, outputs))
        self.b = nn.Parameter(torch.empty(hidden))
        self.V = nn.Parameter(torch.empty(outputs, hidden))
        self.c = nn.Parameter(torch.empty(outputs))

    def forward(
        self, x_NTF: torch.Tensor, lengths: torch.Tensor | None = None, *state: torch.Tensor
    ) -> torch.Tensor:
        """``state`` is that before the first step; zeros without it."""
        return silent_tail(self.resume(x_NTF, state or self.rest(x_NTF))[0], lengths)

    def rest(self, x_NTF: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """The state before the first step: an output of zeros."""
        return (x_NTF.new_zeros(x_NTF.shape[0], self.outputs),)

    def resume(
        self, x_NTF: torch.Tensor, state: tuple[torch.Tensor, ...]
    ) -> tuple[torch.Tensor, tuple[torch.Tensor, ...]]:
        """Outputs from the output before the first step on; the last of them."""
        made = [o_NO for o_NO, _ in self.walk(x_NTF, state)]
        return torch.stack(made, 1), (made[-1],)

    def walk(
        self, x_NTF: torch.Tensor, state: tuple[torch.Tensor, ...]
    ) -> list[tuple[torch.Tensor, ...]]:
        """o_t and s_t of every step."""
        u_NTH = functional.linear(x_NTF, self.U, self.b)
        (o_NO,) = unheard(state, self.silent)
        states: list[tuple[torch.Tensor, ...]] = []
        for t in range(x_NTF.shape[1]):
            s_NH = squash(self.activation, u_NTH[:, t] + functional.linear(o_NO, self.W))
            o_NO = squash(self.output, functional.linear(s_NH, self.V, self.c))
            states.append(unheard((o_NO, s_NH), self.silent))
            o_NO = states[-1][0]
        return states

    @look_only
    def units(self, o_NTO: torch.Tensor) -> int:
        """Hidden ones too, where the output has fewer."""
        return max(self.outputs, self.hidden)

    @look_only
    def unit_over_time(
        self, unit: int, o_NTO: torch.Tensor, x_NTF: torch.Tensor, *others: torch.Tensor
    ) -> dict[str, torch.Tensor]:
        """Ux, Wo, b, their sum u, and s of the hidden unit; Vs, c, their sum v, and o of the output
        with the same number; what has no such number is left out.

        u = U x + W o + b with o of the step before; v = V s + c with the s of all hidden units.
        """
        o_TO, x_TF = o_NTO[0], x_NTF[0]
        before = torch.cat([torch.zeros_like(o_TO[:1]), o_TO[:-1]])
        ux_TH, wo_TH = functional.linear(x_TF, self.U), functional.linear(before, self.W)
        u_TH = ux_TH + wo_TH + self.b
        s_TH = squash(self.activation, u_TH)
        series: dict[str, torch.Tensor] = {}
        if unit < self.hidden:
            b = self.b[unit].expand(len(x_TF))
            parts = {"Ux": ux_TH, "Wo": wo_TH, "u": u_TH, "s": s_TH}
            series |= {name: value[:, unit] for name, value in parts.items()} | {"b": b}
        if unit < self.outputs:
            vs, c = functional.linear(s_TH, self.V[unit]), self.c[unit]
            series |= {"Vs": vs, "c": c.expand_as(vs), "v": vs + c, "o": o_TO[:, unit]}
        return series


class Banded(nn.Module):
    """u_t = U x_t + W s_{t−1} + b with W zero beyond ``reach`` places from its diagonal.

    ``band`` holds the main diagonal, then for each distance those above and below, one after another.
    """

    STATES = ("s",)
    MEMORY = ("s",)
    silent: torch.Tensor | None = None
    """Units (H) that are 0 for the next step too."""

    def __init__(
        self, features: int, hidden: int, reach: int = 1, activation: str = "tanh"
    ) -> None:
        super().__init__()
        self.features, self.hidden, self.reach = features, hidden, reach
        self.activation = activation
        near = min(reach, hidden - 1)
        offsets = [0, *(sign * d for d in range(1, near + 1) for sign in (1, -1))]
        self.places = [
            row * hidden + row + offset
            for offset in offsets
            for row in range(max(0, -offset), hidden - max(0, offset))
        ]
        self.U = nn.Parameter(torch.empty(hidden, features))
        self.band = nn.Parameter(torch.empty(len(self.places)))
        self.b = nn.Parameter(torch.empty(hidden))

    def full_weight(self) -> torch.Tensor:
        """W (H, H)."""
        size = self.hidden
        places = torch.tensor(self.places, device=self.band.device)
        flat = self.band.new_zeros(size * size)
        return flat.index_copy(0, places, self.band).view(size, size)

    def forward(
        self, x_NTF: torch.Tensor, lengths: torch.Tensor | None = None, *state: torch.Tensor
    ) -> torch.Tensor:
        """``state`` is that before the first step; zeros without it."""
        return silent_tail(self.resume(x_NTF, state or self.rest(x_NTF))[0], lengths)

    def rest(self, x_NTF: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """The state before the first step: hidden units of zero."""
        return (x_NTF.new_zeros(x_NTF.shape[0], self.hidden),)

    def resume(
        self, x_NTF: torch.Tensor, state: tuple[torch.Tensor, ...]
    ) -> tuple[torch.Tensor, tuple[torch.Tensor, ...]]:
        """Hidden units from those before the first step on; the last of them."""
        made = [s_NH for (s_NH,) in self.walk(x_NTF, state)]
        return torch.stack(made, 1), (made[-1],)

    def walk(
        self, x_NTF: torch.Tensor, state: tuple[torch.Tensor, ...]
    ) -> list[tuple[torch.Tensor, ...]]:
        """s_t of every step."""
        weight = self.full_weight()
        u_NTH = functional.linear(x_NTF, self.U, self.b)
        (s_NH,) = unheard(state, self.silent)
        states: list[tuple[torch.Tensor, ...]] = []
        for t in range(x_NTF.shape[1]):
            s_NH = squash(self.activation, u_NTH[:, t] + functional.linear(s_NH, weight))
            states.append(unheard((s_NH,), self.silent))
            (s_NH,) = states[-1]
        return states

    @look_only
    def units(self, s_NTH: torch.Tensor) -> int:
        """As many as the output has."""
        return s_NTH.shape[2]

    @look_only
    def unit_over_time(
        self, unit: int, s_NTH: torch.Tensor, x_NTF: torch.Tensor, *others: torch.Tensor
    ) -> dict[str, torch.Tensor]:
        """Ux, Ws, b, their sum u, and s."""
        rows = (self.U[unit], self.full_weight()[unit], self.b[unit])
        return summed(x_NTF, s_NTH, unit, rows)
