"""What fully connected layers share: one weight from every feature to every unit. No layer of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.catalog.initializers import AnyInitializer
from app.catalog.layers._base import Layer, Parameter
from app.core.shapes import Shape, size

if TYPE_CHECKING:
    import torch


class FullyConnected(Layer):
    """The features are the last axis of what arrives."""

    if TYPE_CHECKING:  # each part declares its fields, after its type
        units: int
        bias: bool
        init: AnyInitializer

    def parameters(self, inputs: tuple[Shape, ...]) -> tuple[Parameter, ...]:
        weight = Parameter(name="weight", shape=(self.units, inputs[0][-1]))
        return (weight, Parameter(name="bias", shape=(self.units,))) if self.bias else (weight,)

    def arithmetic(self, inputs: tuple[Shape, ...]) -> str:
        product = f"{self.units}×{inputs[0][-1]}"
        total = sum(p.count for p in self.parameters(inputs))
        return f"{product}+{self.units} = {total}" if self.bias else f"{product} = {total}"

    def macs(self, inputs: tuple[Shape, ...]) -> int:
        return self.units * size(inputs[0])

    def build(self, inputs: tuple[Shape, ...]) -> torch.nn.Module:
        from torch import nn

        return nn.Linear(inputs[0][-1], self.units, bias=self.bias)

    def initialize(
        self, module: torch.nn.Module, generator: torch.Generator, gain: float = 1.0
    ) -> None:
        self.init.fill(module, generator, gain)
