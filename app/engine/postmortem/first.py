"""Finds the first tensor of a training step that is not finite, in the order the step makes them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import torch

from app.engine.diagnosis import broken
from app.engine.tracing.step import Trace
from app.engine.trainer import Trainer
from app.nn.declared import InTime, TakenApart
from app.protocol.postmortem import Broken, FirstBroken
from app.spec.model import INPUT


def place(tensor: torch.Tensor) -> tuple[int, ...]:
    """Where the first number that is not finite stands."""
    return tuple(int(i) for i in (~torch.isfinite(tensor)).nonzero()[0])


class Search:
    """The coming step of a trainer, which is used up by it."""

    def __init__(self, trainer: Trainer) -> None:
        self.trainer = trainer
        self.network = trainer.network
        self.step = trainer.cursor.step + 1

    def find(self) -> FirstBroken | None:
        """Null where every tensor of the step is finite."""
        found = self._parameters("parameter", dict(self.network.named_parameters()))
        if found is not None:
            return found
        trace = Trace(self.trainer, "float32", None)
        self.trace = trace
        return (
            self._values()
            or self._loss()
            or self._backwards()
            or self._parameters("update", trace.updated().after)
        )

    def _said(self, node: str, what: Broken, found: torch.Tensor, /, **facts: Any) -> FirstBroken:
        index = place(found)
        value = float(found[index].detach())
        facts = {"index": index, **facts}
        return FirstBroken(step=self.step, node=node, what=what, value=value, **facts)

    # --- parameters, their gradients, what the update made of them --------------------------------

    def _parameters(self, what: Broken, named: Mapping[str, torch.Tensor]) -> FirstBroken | None:
        order = {node: k for k, node in enumerate(self.network.order)}
        for name in sorted(named, key=lambda name: order[name.partition(".")[0]]):
            if broken(named[name]):
                return self._of_parameter(what, name, named[name])
        return None

    def _of_parameter(self, what: Broken, name: str, tensor: torch.Tensor) -> FirstBroken:
        node, _, own = name.partition(".")
        module = self.network.node(node)
        row = place(tensor)[0] if tensor.dim() else 0
        facts: dict[str, Any] = {}
        if isinstance(module, TakenApart):
            stack, reverse = module.stack_of(own)
            facts = {"gate": module.gate_of(row), "stack": stack, "reverse": reverse}
        return self._said(node, what, tensor, tensor=own, **facts)

    # --- forward ----------------------------------------------------------------------------------

    def _values(self) -> FirstBroken | None:
        if broken(self.trace.values[INPUT]):
            return self._in_time(INPUT, "input", self.trace.values[INPUT], first=True)
        for node in self.network.order:
            module = self.network.node(node)
            if isinstance(module, TakenApart):
                with self.trace.draws((node,)), torch.no_grad():
                    found = self._part(node, "activation", module.forward_order(*self._given(node)))
                if found is not None:
                    return found
            if broken(self.trace.values[node]):
                return self._in_time(node, "activation", self.trace.values[node], first=True)
        return None

    def _given(self, node: str) -> list[torch.Tensor]:
        return self.network.arguments(node, self.trace.values)

    def _loss(self) -> FirstBroken | None:
        if not broken(self.trace.loss):
            return None
        return self._said(self.network.output, "loss", self.trace.loss)

    # --- backward ---------------------------------------------------------------------------------

    def _backwards(self) -> FirstBroken | None:
        """Of every node, from the last on: its output's sensitivity, what is inside, its gradients."""
        for node in reversed(self.network.order):
            upstream, module = self.trace.sensitivity.get(node), self.network.node(node)
            own = {n: g for n, g in self.trace.gradients.items() if n.startswith(f"{node}.")}
            found = None
            if upstream is not None and broken(upstream):
                return self._in_time(node, "sensitivity", upstream, first=False)
            if isinstance(module, TakenApart) and upstream is not None and self._leaves(node, own):
                with self.trace.draws((node,)):
                    parts = module.backward_order(upstream, *self._given(node))
                    found = self._part(node, "sensitivity", parts)
            found = found or self._parameters("gradient", own)
            if found is not None:
                return found
        return None

    def _leaves(self, node: str, own: Mapping[str, torch.Tensor]) -> bool:
        """Whether what a recurrent node gives back is not finite."""
        given = self.trace.sensitivity.get(self.network.sources[node][0])
        return any(broken(g) for g in own.values()) or (given is not None and broken(given))

    # --- where in time ----------------------------------------------------------------------------

    def _part(self, node: str, what: Broken, parts: Iterable[InTime]) -> FirstBroken | None:
        for part in parts:
            if broken(part.value):
                facts = {"gate": part.gate, "stack": part.stack, "reverse": part.reverse}
                times = self.network.shapes[node][0]
                return self._said(node, what, part.value, time=part.time, times=times, **facts)
        return None

    def _in_time(
        self, node: str, what: Broken, tensor: torch.Tensor, *, first: bool
    ) -> FirstBroken:
        """Forwards the first time step that broke, backwards the last."""
        if tensor.dim() != 3 or not self.network.unit_axis(node):
            return self._said(node, what, tensor)
        times = [t for t in range(tensor.shape[1]) if broken(tensor[:, t])]
        time = times[0] if first else times[-1]
        sample, unit = place(tensor[:, time])
        facts: dict[str, Any] = {
            "time": time,
            "times": tensor.shape[1],
            "index": (sample, time, unit),
        }
        value = float(tensor[sample, time, unit].detach())
        return FirstBroken(step=self.step, node=node, what=what, value=value, **facts)
