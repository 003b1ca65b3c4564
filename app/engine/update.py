"""Makes the optimiser's step with less ceremony: PyTorch's own fused kernel, called directly.

The numbers are those of ``optimizer.step()``, bit for bit; the walk over parameter groups, which for
a small network takes longer than the arithmetic, is made once.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import optim

Kernel = Callable[[list[torch.Tensor]], None]


class Update:
    """Steps one optimiser. The first step, and every one of an unknown kind, is PyTorch's own."""

    def __init__(self, optimizer: optim.Optimizer) -> None:
        self._optimizer = optimizer
        self._kernel: Kernel | None = None
        self._parameters: list[torch.Tensor] = [
            parameter for group in optimizer.param_groups for parameter in group["params"]
        ]

    def forget(self) -> None:
        """The optimiser's numbers or its state have been replaced."""
        self._kernel = None

    def step(self) -> None:
        """Change the parameters by the gradients they hold."""
        if self._kernel is not None:
            gradients = [p.grad for p in self._parameters if p.grad is not None]
            if len(gradients) == len(self._parameters):
                self._kernel(gradients)
                return
        self._optimizer.step()
        self._kernel = self._find()

    @torch.no_grad()
    def _find(self) -> Kernel | None:
        """The direct call, once every parameter has its state."""
        optimizer = self._optimizer
        if len(optimizer.param_groups) != 1:
            return None
        group = optimizer.param_groups[0]
        if not group.get("fused") or group.get("maximize") or group.get("amsgrad"):
            return None
        if type(optimizer) is optim.SGD:
            return self._sgd(group)
        if type(optimizer) is optim.Adam:
            return self._adam(group)
        return None

    def _state(self, key: str) -> list[torch.Tensor] | None:
        found = [self._optimizer.state[p].get(key) for p in self._parameters]
        return None if any(tensor is None for tensor in found) else found

    def _sgd(self, group: dict[str, Any]) -> Kernel | None:
        velocities = self._state("momentum_buffer") if group["momentum"] else []
        if velocities is None:
            return None
        options = {name: group[name] for name in ("lr", "momentum", "weight_decay", "dampening")}
        options |= {"nesterov": group["nesterov"], "maximize": False, "is_first_step": False}
        parameters = self._parameters

        def step(gradients: list[torch.Tensor]) -> None:
            with torch.no_grad():
                torch._fused_sgd_(parameters, gradients, velocities, **options)

        return step

    def _adam(self, group: dict[str, Any]) -> Kernel | None:
        names = ("exp_avg", "exp_avg_sq", "step")
        means, squares, counts = (self._state(name) for name in names)
        if means is None or squares is None or counts is None:
            return None
        beta1, beta2 = group["betas"]
        options = {name: group[name] for name in ("lr", "weight_decay", "eps")}
        options |= {"beta1": beta1, "beta2": beta2, "amsgrad": False, "maximize": False}
        parameters = self._parameters

        def step(gradients: list[torch.Tensor]) -> None:
            with torch.no_grad():
                torch._foreach_add_(counts, 1)
                torch._fused_adam_(parameters, gradients, means, squares, [], counts, **options)

        return step
