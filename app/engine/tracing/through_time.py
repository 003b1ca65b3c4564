"""Back-propagation through time made visible: states, true δ(t), |∂E_τ/∂s_t|, sums over time.

δ(t) is ∂E/∂(what a step computes), with everything that flows back from later steps in it, unlike the
sensitivity of a node, which is what comes to its output from above.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch

from app.core.errors import TooLarge
from app.core.shapes import Shape
from app.core.text import text
from app.engine.snapshots import serialise
from app.engine.tracing.contributions import contributions
from app.engine.tracing.step import Trace
from app.engine.tracing.strands import Strand, memory_of, names_of
from app.engine.tracing.unrolled import Unrolled, alone, behind
from app.protocol.refusals import NoDerivative, NoSuchCell
from app.protocol.through_time import MOST_ROWS, TIME_ROLES, ThroughTimeWanted

WORK = 6e9
"""Multiplications that all rows of a matrix may take together, about."""
AT_ONCE = 2**23
"""Values of derivatives that are held at once while a matrix is made."""
LARGEST_FILE = 128 * 2**20

Tensors = dict[str, torch.Tensor]


@dataclass(frozen=True)
class Place:
    """The strand that is looked at: one layer of the stack in one direction."""

    node: str
    layer: int
    reverse: bool
    sample: int
    layers: int
    directions: int


def place_of(trace: Trace, wanted: ThroughTimeWanted) -> Place:
    """Raises NoSuchCell, with the pointer of what is not there."""
    network = trace.trainer.network
    if wanted.node not in network.order or not names_of(network.node(wanted.node)):
        known = ", ".join(n for n in network.order if names_of(network.node(n))) or "–"
        why = (
            f"“{wanted.node}” is no recurrent layer; those of this network: {known}",
            f"“{wanted.node}”不是循环层；本网络的循环层：{known}",
        )
        raise NoSuchCell(pointer="/node", node=wanted.node, why=text(*why))
    if wanted.sample >= trace.count:
        why = f"the batch has {trace.count} samples", f"该批次有 {trace.count} 个样本"
        raise NoSuchCell(pointer="/sample", why=text(*why))
    module = network.node(wanted.node)
    layers = int(getattr(module, "num_layers", 1))
    directions = 2 if getattr(module, "bidirectional", False) else 1
    layer = layers - 1 if wanted.layer is None else wanted.layer
    if layer >= layers:
        why = f"{wanted.node} has {layers} layers", f"{wanted.node} 共有 {layers} 层"
        raise NoSuchCell(pointer="/layer", node=wanted.node, why=text(*why))
    if wanted.reverse and directions == 1:
        why = f"{wanted.node} reads forwards only", f"{wanted.node} 只正向读取"
        raise NoSuchCell(pointer="/reverse", node=wanted.node, why=text(*why))
    return Place(wanted.node, layer, wanted.reverse, wanted.sample, layers, directions)


class ThroughTime:
    """The answers about one recurrent node of one trace."""

    def __init__(self, trace: Trace, place: Place) -> None:
        network = trace.trainer.network
        if place.node not in trace.sensitivity:
            raise NoDerivative(pointer="/node", node=place.node, what=place.node)
        self.trace = trace
        self.place = place
        self.memory = memory_of(network.node(place.node))
        self.states = names_of(network.node(place.node))
        self.names = behind(network, place.node)
        self.each = bool(network.unit_axis(network.output))
        """Whether there is an output, and with it a loss, at every step."""
        self._batch = Unrolled(trace, place.node, slice(None))
        self._upstream = trace.sensitivity[network.output]

    # --- what a frame holds ----------------------------------------------------------------------

    def tensors(self, wanted: ThroughTimeWanted) -> Tensors:
        roles = wanted.roles or TIME_ROLES
        found: Tensors = {}
        if "state" in roles:
            found |= self._states()
        if "sensitivity" in roles:
            found |= self._sensitivities()
        if "matrix" in roles:
            found |= self._matrix()
        if {"sensitivity", "contribution"} & set(roles):
            found |= self._sums(set(roles))
        return found

    def _strand(self, unrolled: Unrolled) -> Strand:
        return unrolled.strand(self.place.layer, reverse=self.place.reverse)

    def _walked(self, unrolled: Unrolled, name: str) -> list[torch.Tensor]:
        """A state at every step of the walk, (N, units) each."""
        at = self.states.index(name)
        return [state[at] for state in self._strand(unrolled).states]

    def _in_time(self, walked: list[torch.Tensor]) -> torch.Tensor:
        """The sample's own (T, units) in time's order, of (N, units) at every step of the walk."""
        return self._strand(self._batch).in_time(torch.stack(walked, 1))[self.place.sample]

    def _states(self) -> Tensors:
        """What the node reads (T, F), and every state of the strand (T, units)."""
        node, sample = self.place.node, self.place.sample
        found = {f"{node}.x": self._batch.x[sample].detach()}
        for name in self.states:
            found[f"{node}.{name}"] = self._in_time(self._walked(self._batch, name)).detach()
        return found

    def _sensitivities(self) -> Tensors:
        """∂E/∂(what is handed on) (T, units), all that flows back in time included; its norms."""
        node = self.place.node
        found: Tensors = {}
        for name in self.memory:
            states = self._walked(self._batch, name)
            delta = self._in_time(self._batch.derivatives(states, self._upstream))
            found[f"{node}.{name}.sensitivity"] = delta
            found[f"{node}.{name}.sensitivity.norm"] = delta.norm(dim=1, dtype=torch.float64)
        return found

    def _sums(self, roles: set[str]) -> Tensors:
        """δ(t) at the net inputs (T, rows) by weight; the norm of each step's term of a gradient (T,)."""
        sums, deltas = contributions(self._batch, self._strand(self._batch), self._upstream)
        found: Tensors = {}
        if "sensitivity" in roles:
            found |= {f"{n}.delta": d[self.place.sample] for n, d in deltas.items()}
        if "contribution" in roles:
            for one in sums:
                found[f"{one.name}.contribution"] = one.norms()
                total = self.trace.gradients[one.name].norm(dtype=torch.float64)
                found[f"{one.name}.gradient.norm"] = total.reshape(1)
        return found

    def contribution(self, tensor: str, time: int) -> Tensors:
        """One step's term of a gradient, and the gradient; raises NoSuchCell."""
        sums, _ = contributions(self._batch, self._strand(self._batch), self._upstream)
        one = next((s for s in sums if s.name == tensor), None)
        if one is None:
            known = ", ".join(s.name for s in sums)
            why = (
                f"“{tensor}” is no sum over time here; these are: {known}",
                f"“{tensor}”在此不是对时间的求和；可选：{known}",
            )
            raise NoSuchCell(pointer="/contribution/tensor", why=text(*why))
        if time >= one.steps:
            why = f"there are {one.steps} steps", f"共有 {one.steps} 个时刻"
            raise NoSuchCell(pointer="/contribution/time", why=text(*why))
        return {
            f"{tensor}.contribution": one.terms(time, time + 1)[0].contiguous(),
            f"{tensor}.gradient": self.trace.gradients[tensor],
        }

    # --- the matrix ------------------------------------------------------------------------------

    def _matrix(self) -> Tensors:
        """|∂E_τ/∂s_t| of every state that is handed on (rows, T), and the τ of each row.

        E is the sum of the losses at every step; the part of ∂E/∂(output) at τ belongs to E_τ alone.
        """
        if not self.each:
            norms = {
                f"matrix.{name.split('.')[1]}": value.reshape(1, -1)
                for name, value in self._sensitivities().items()
                if name.endswith(".norm")
            }
            last = torch.tensor([self._steps - 1])
            return {**norms, "rows": last}
        single = slice(self.place.sample, self.place.sample + 1)
        pure = alone(self.trace.trainer.network, self.names)
        unrolled = Unrolled(self.trace, self.place.node, single) if pure else self._batch
        at = 0 if pure else self.place.sample
        upstream = torch.zeros_like(self._upstream[single] if pure else self._upstream)
        upstream[at] = self._upstream[self.place.sample]
        rows = self._rows(upstream[at], len(upstream))
        found = {f"matrix.{n}": self._norms(unrolled, n, upstream, rows, at) for n in self.memory}
        return {**found, "rows": rows}

    @property
    def _steps(self) -> int:
        return int(self._batch.x.shape[1])

    def _rows(self, upstream: torch.Tensor, samples: int) -> torch.Tensor:
        """The steps with a loss, thinned out evenly to what can be computed in about a second."""
        counted = upstream.flatten(1).ne(0.0).any(1).nonzero().reshape(-1)
        network = self.trace.trainer.network
        inputs: tuple[Shape, ...] = tuple(
            network.shapes[source] for source in network.sources[self.place.node]
        )
        work = network.layers[self.place.node].macs(inputs) * samples * len(self.memory)
        most = max(1, min(MOST_ROWS, int(WORK // max(1, work))))
        if len(counted) <= most:
            return counted
        spread = torch.linspace(0, len(counted) - 1, most, dtype=torch.float64).round().long()
        return counted[spread]

    def _norms(
        self, unrolled: Unrolled, name: str, upstream: torch.Tensor, rows: torch.Tensor, at: int
    ) -> torch.Tensor:
        states = self._walked(unrolled, name)
        size = sum(state.numel() for state in states) + upstream.numel()
        stride = max(1, AT_ONCE // max(1, size))
        found = []
        for start in range(0, len(rows), stride):
            some = rows[start : start + stride]
            masks = upstream.new_zeros((len(some), *upstream.shape))
            for k, row in enumerate(some.tolist()):
                masks[k, at, row] = upstream[at, row]
            made = unrolled.derivatives(states, masks, batched=True)
            norms = [one[:, at].norm(dim=1, dtype=torch.float64) for one in made]
            found.append(torch.stack(norms, 1))
        if not found:
            return torch.zeros((0, len(states)), dtype=torch.float64)
        strand = self._strand(unrolled)
        steps = [strand.place(at, time) for time in range(len(states))]
        return torch.cat(found)[:, steps]

    # --- facts -----------------------------------------------------------------------------------

    def facts(self) -> dict[str, str]:
        settings = self.trace.trainer.settings
        total = torch.stack([g.norm(dtype=torch.float64) for g in self.trace.gradients.values()])
        facts = {
            "node": self.place.node,
            "layer": str(self.place.layer),
            "layers": str(self.place.layers),
            "directions": str(self.place.directions),
            "reverse": str(int(self.place.reverse)),
            "states": ",".join(self.states),
            "memory": ",".join(self.memory),
            "sample": str(self.place.sample),
            "losses": "each" if self.each else "one",
            "start": "carried" if self.place.node in self.trace.trainer.network.start else "rest",
            "gradient_norm": repr(float(total.norm())),
        }
        if settings.clip_norm is not None:
            facts["clip_norm"] = repr(settings.clip_norm)
        if settings.clip_value is not None:
            facts["clip_value"] = repr(settings.clip_value)
        return facts


def frame(trace: Trace, wanted: ThroughTimeWanted, facts: dict[str, str]) -> bytes:
    """A safetensors file; raises NoSuchCell, NoDerivative or TooLarge."""
    place = place_of(trace, wanted)
    look = ThroughTime(trace, place)
    if wanted.contribution is not None:
        found = look.contribution(wanted.contribution.tensor, wanted.contribution.time)
    else:
        found = look.tensors(wanted)
    needed = sum(t.numel() * t.element_size() for t in found.values())
    if needed > LARGEST_FILE:
        raise TooLarge(pointer="/roles", needed=needed >> 20, limit=LARGEST_FILE >> 20, unit="MiB")
    return b"".join(serialise(found, {**facts, **look.facts()}))
