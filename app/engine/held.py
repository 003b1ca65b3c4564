"""Parts of parameters that an update leaves as they are: frozen maps and units.

An optimiser knows whole tensors only. So a frozen part is given no gradient, and what the rule does
to it and to its state all the same (momentum, weight decay) is taken back.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import torch

from app.engine.compile import Network
from app.spec.groups import Groups, Rate, rate_of
from app.spec.units import WHOLE, Marks


@dataclass(frozen=True)
class Held:
    """Some places of a parameter along one axis."""

    parameter: torch.Tensor
    axis: int
    places: torch.Tensor

    def without(self, gradient: torch.Tensor) -> torch.Tensor:
        """The gradient of what is trained: 0 at the held places, in new memory."""
        return gradient.index_fill(self.axis, self.places, 0.0)

    def kept(self, tensor: torch.Tensor) -> torch.Tensor:
        return tensor.index_select(self.axis, self.places)

    def put_back(self, tensor: torch.Tensor, kept: torch.Tensor | None) -> None:
        """What was kept; 0 where there was nothing before."""
        if kept is None:
            tensor.index_fill_(self.axis, self.places, 0.0)
        else:
            tensor.index_copy_(self.axis, self.places, kept)


@dataclass(frozen=True)
class Members:
    """Parameters that learn alike: their share of η and, where it is not null, their own decay."""

    parameters: list[torch.Tensor]
    factor: float = 1.0
    weight_decay: float | None = None


def members_of(network: Network, groups: Groups, frozen: Marks) -> list[Members]:
    """The parameters that are trained, those that learn alike together."""
    alike: dict[Rate, list[torch.Tensor]] = {}
    for name, parameter in network.named_parameters():
        node, _, tensor = name.partition(".")
        if frozen.get(node) != WHOLE:
            alike.setdefault(rate_of(groups, node, tensor), []).append(parameter)
    return [
        Members(parameters, rate.factor, rate.weight_decay)
        for rate, parameters in alike.items()
        if rate.factor > 0.0
    ]


def held_parts(network: Network, frozen: Marks, members: Sequence[Members]) -> list[Held]:
    """The frozen parts of parameters that are otherwise trained."""
    learning = {id(parameter) for one in members for parameter in one.parameters}
    found = []
    for node, marks in frozen.items():
        module = network.node(node)
        for name, (axis, places) in network.rows(node, marks).items():
            parameter = module.get_parameter(name)
            if id(parameter) in learning:
                where = torch.tensor(places, device=parameter.device)
                found.append(Held(parameter, axis, where))
    return found


def trained(held: Sequence[Held], parameter: torch.Tensor, gradient: torch.Tensor) -> torch.Tensor:
    """A parameter's gradient without that of its held places."""
    for one in held:
        if one.parameter is parameter:
            gradient = one.without(gradient)
    return gradient


@contextmanager
def holding(held: Sequence[Held], optimizer: torch.optim.Optimizer) -> Iterator[None]:
    """Around one step of ``optimizer``. Gradients are afterwards what they were."""
    with torch.no_grad():
        gradients = [(one.parameter, one.parameter.grad) for one in held]
        kept = [one.kept(one.parameter) for one in held]
        states = [
            {key: one.kept(value) for key, value in _alike(one.parameter, optimizer)}
            for one in held
        ]
        for one in held:
            if one.parameter.grad is not None:
                one.parameter.grad = one.without(one.parameter.grad)
    try:
        yield
    finally:
        with torch.no_grad():
            for one, values, state in zip(held, kept, states, strict=True):
                one.put_back(one.parameter, values)
                for key, value in _alike(one.parameter, optimizer):
                    one.put_back(value, state.get(key))
            for parameter, gradient in gradients:
                parameter.grad = gradient


def _alike(
    parameter: torch.Tensor, optimizer: torch.optim.Optimizer
) -> Iterator[tuple[str, torch.Tensor]]:
    """The optimiser's tensors that have a cell for every cell of the parameter."""
    for key, value in optimizer.state.get(parameter, {}).items():
        if isinstance(value, torch.Tensor) and value.shape == parameter.shape:
            yield key, value
