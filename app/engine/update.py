"""Makes the optimiser's step with less ceremony: PyTorch's own fused kernels, called directly.

The numbers are those of clipping the gradients and ``optimizer.step()``, bit for bit; the walk over
parameter groups, which for a small network takes longer than the arithmetic, is made once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import torch
from torch import optim

from app.engine.clip import Clip, clipper
from app.engine.held import Held, Members, holding, trained
from app.engine.lean import plain_step

Kernel = Callable[[list[torch.Tensor]], None]


class Update:
    """Steps one optimiser. The first step, and every one of an unknown kind, is PyTorch's own."""

    def __init__(self, optimizer: optim.Optimizer) -> None:
        self._optimizer = optimizer
        self._kernel: Kernel | None = None
        self._clip: Clip | None = None
        self._options: list[dict[str, Any]] = []
        """Numbers of the direct calls, one dictionary a group."""
        self._held: Sequence[Held] = ()
        self._factors = [1.0] * len(optimizer.param_groups)
        self._parameters: list[torch.Tensor] = [
            parameter for group in optimizer.param_groups for parameter in group["params"]
        ]
        self.rate: float = optimizer.param_groups[0]["lr"]
        """η in force, before the share of a group."""

    def arrange(self, options: dict[str, Any], members: Sequence[Members]) -> None:
        """Other numbers, other groups. A parameter in none of them is frozen; it keeps its state."""
        optimizer = self._optimizer
        optimizer.param_groups = []
        for one in members:
            group = {**optimizer.defaults, **options, "params": one.parameters}
            if one.weight_decay is not None:
                group["weight_decay"] = one.weight_decay
            self._fill_gaps(group)
            optimizer.param_groups.append(group)
        self._factors = [one.factor for one in members]
        self._parameters = [parameter for one in members for parameter in one.parameters]
        self._forget()
        self.set_rate(options["lr"])

    def _fill_gaps(self, group: dict[str, Any]) -> None:
        """A parameter that was frozen joins others that have a momentum: its own begins at zero,
        since PyTorch's fused step takes all of a group or none."""
        if not group.get("momentum") or not isinstance(self._optimizer, optim.SGD):
            return
        state = self._optimizer.state
        without = [p for p in group["params"] if state[p].get("momentum_buffer") is None]
        if len(without) < len(group["params"]):
            for parameter in without:
                state[parameter]["momentum_buffer"] = torch.zeros_like(parameter)

    def clip(self, norm: float | None, value: float | None) -> None:
        """Clip the gradients of the coming steps; what the parameters hold stays as it is."""
        self._clip = clipper(norm, value)
        self._forget()

    def hold(self, held: Sequence[Held]) -> None:
        """Leave these parts of parameters, and what is remembered of them, as they are."""
        self._held = held

    def set_rate(self, rate: float) -> None:
        """Another η from the next step on."""
        self.rate = rate
        for group, factor in zip(self._optimizer.param_groups, self._factors, strict=True):
            group["lr"] = rate * factor
        for options, factor in zip(self._options, self._factors, strict=False):
            options["lr"] = rate * factor

    def _forget(self) -> None:
        """The optimiser's numbers or its state have been replaced."""
        self._kernel = None
        self._options = []

    def step(self) -> None:
        """Change the parameters by the gradients they hold."""
        if self._held:
            with holding(self._held, self._optimizer):
                self._step()
        else:
            self._step()

    def _step(self) -> None:
        if self._kernel is not None:
            gradients = [p.grad for p in self._parameters if p.grad is not None]
            if len(gradients) == len(self._parameters):
                self._kernel(gradients)
                return
        self._step_by_itself()
        self._kernel = self._find()

    def trained(self, parameter: torch.Tensor, gradient: torch.Tensor) -> torch.Tensor:
        """The gradient as clipping and the rule get it: 0 where the parameter is held."""
        return trained(self._held, parameter, gradient)

    def clipped(self, gradients: list[torch.Tensor]) -> list[torch.Tensor]:
        """What the rule gets for these gradients of all trained parameters, in their order."""
        return gradients if self._clip is None else self._clip(gradients)

    @property
    def parameters(self) -> list[torch.Tensor]:
        """Those that are trained, in the order of the groups."""
        return self._parameters

    def _step_by_itself(self) -> None:
        if self._clip is None:
            plain_step(self._optimizer)
            return
        holders = [p for p in self._parameters if p.grad is not None]
        held = [p.grad for p in holders if p.grad is not None]
        for parameter, gradient in zip(holders, self._clip(held), strict=True):
            parameter.grad = gradient
        plain_step(self._optimizer)
        for parameter, gradient in zip(holders, held, strict=True):
            parameter.grad = gradient

    # --- the direct call -------------------------------------------------------------------------

    @torch.no_grad()
    def _find(self) -> Kernel | None:
        """The direct call, once every parameter has its state."""
        self._options = []
        kernels: list[Kernel] = []
        for group in self._optimizer.param_groups:
            kernel = self._kernel_of(group)
            if kernel is None:
                self._options = []
                return None
            kernels.append(kernel)
        if not kernels:
            return None
        direct = kernels[0] if len(kernels) == 1 else self._one_after_another(kernels)
        clip = self._clip
        return direct if clip is None else lambda gradients: direct(clip(gradients))

    def _one_after_another(self, kernels: list[Kernel]) -> Kernel:
        ends = [0]
        for group in self._optimizer.param_groups:
            ends.append(ends[-1] + len(group["params"]))
        parts = [slice(start, end) for start, end in pairwise(ends)]

        def step(gradients: list[torch.Tensor]) -> None:
            for kernel, part in zip(kernels, parts, strict=True):
                kernel(gradients[part])

        return step

    def _kernel_of(self, group: dict[str, Any]) -> Kernel | None:
        optimizer = self._optimizer
        if not group.get("fused") or group.get("maximize") or group.get("amsgrad"):
            return None
        if type(optimizer) is optim.SGD:
            return self._sgd(group)
        if type(optimizer) is optim.Adam:
            return self._adam(group, torch._fused_adam_)
        if type(optimizer) is optim.AdamW:
            return self._adam(group, torch._fused_adamw_)
        return None

    def _state(self, group: dict[str, Any], key: str) -> list[torch.Tensor] | None:
        found = [self._optimizer.state[p].get(key) for p in group["params"]]
        return None if any(tensor is None for tensor in found) else found

    def _sgd(self, group: dict[str, Any]) -> Kernel | None:
        velocities = self._state(group, "momentum_buffer") if group["momentum"] else []
        if velocities is None:
            return None
        options = {name: group[name] for name in ("lr", "momentum", "weight_decay", "dampening")}
        options |= {"nesterov": group["nesterov"], "maximize": False, "is_first_step": False}
        self._options.append(options)
        parameters = group["params"]

        def step(gradients: list[torch.Tensor]) -> None:
            with torch.no_grad():
                torch._fused_sgd_(parameters, gradients, velocities, **options)

        return step

    def _adam(self, group: dict[str, Any], fused: Callable[..., None]) -> Kernel | None:
        names = ("exp_avg", "exp_avg_sq", "step")
        means, squares, counts = (self._state(group, name) for name in names)
        if means is None or squares is None or counts is None:
            return None
        beta1, beta2 = group["betas"]
        options = {name: group[name] for name in ("lr", "weight_decay", "eps")}
        options |= {"beta1": beta1, "beta2": beta2, "amsgrad": False, "maximize": False}
        self._options.append(options)
        parameters = group["params"]

        def step(gradients: list[torch.Tensor]) -> None:
            with torch.no_grad():
                torch._foreach_add_(counts, 1)
                fused(parameters, gradients, means, squares, [], counts, **options)

        return step
