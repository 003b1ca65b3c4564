"""One pass of a watched sample in evaluation mode, and the tensor frame that a tap asks for.

The pass stands apart from training: it reads the weights and changes nothing.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass

import numpy as np
import torch

from app.catalog.losses import Readout
from app.core.shapes import Shape, Tokens
from app.engine.quantise import Entry, Floats, Layout, assemble, entry
from app.engine.trainer import Trainer
from app.nn.declared import HasGates, HasGatesBeside, HasUnits
from app.protocol.taps import AnySample, StoredSample, Tap
from app.spec.model import INPUT

GRID = 48
"""Cells of a decision map along each axis."""
EDGE = 6.0
"""The map covers −6…6 on both axes, its first row at the top."""
PROBABILITIES = "output.probabilities"
Version = tuple[int, ...]
Named = list[tuple[str, Shape, torch.Tensor]]


@dataclass(frozen=True)
class Moment:
    """What a frame says about when it was taken."""

    run: str
    branch: int


class Prober:
    """Makes the frames of one run. Layouts are kept, so that a header is written once."""

    def __init__(self, trainer: Trainer) -> None:
        self._trainer = trainer
        self._layouts: dict[tuple[Entry, ...], Layout] = {}
        self._plane: torch.Tensor | None = None
        self._passed: tuple[tuple[Version, AnySample], dict[str, torch.Tensor]] | None = None

    @torch.inference_mode()
    def frame(self, tap: Tap, moment: Moment, version: Version | None = None) -> bytes:
        """The 8-bit frame of a tap; raises :class:`app.engine.data.SampleMisfit`. Taps that look at
        one sample with the weights of one ``version`` share its pass."""
        network, x = self._trainer.network, self._trainer.data.sample(tap.sample)
        if tap.unit is not None:
            return self._unit(tap, tap.unit, x, moment)
        named: Named = []
        network.mode(training=False)
        try:
            if {"activation", "gate"} & set(tap.roles):
                values = self._values(tap.sample, x, version)
                output = values[network.output]
            else:
                values, output = {}, network(x)
            if "activation" in tap.roles:
                named += [(f"{n}.activation", tuple(v.shape[1:]), v) for n, v in values.items()]
            if "gate" in tap.roles:
                named += self._gates(values, tap.nodes)
            if "kernel" in tap.roles:
                named += self._kernels()
            if "decision" in tap.roles:
                named += self._decisions()
        finally:
            network.mode(training=True)
        if tap.nodes is not None:
            named = [item for item in named if item[0].partition(".")[0] in tap.nodes]
        facts = self._metadata(tap.sample, moment) | self._missed(output, x)
        readout = None if self._trainer.reconstructs else self.readout(output)[0]
        return self._write(named, readout, facts)

    def let_go(self) -> None:
        """Forget the pass that taps of one look shared."""
        self._passed = None

    def _values(
        self, sample: AnySample, x: torch.Tensor, version: Version | None
    ) -> dict[str, torch.Tensor]:
        """Every node's output in evaluation mode."""
        if version is None:
            return self._trainer.network.forward_all(x)
        if self._passed is None or self._passed[0] != (version, sample):
            self._passed = ((version, sample), self._trainer.network.forward_all(x))
        return self._passed[1]

    def _missed(self, output: torch.Tensor, x: torch.Tensor) -> dict[str, str]:
        """How far a reconstruction is from its input, as the run's loss measures it."""
        if not self._trainer.reconstructs:
            return {}
        return {"loss": f"{float(self._trainer.loss(output, x)):.6g}"}

    def _gates(self, values: dict[str, torch.Tensor], nodes: tuple[str, ...] | None) -> Named:
        """What recurrent layers hold inside, over time."""
        network = self._trainer.network
        found: Named = []
        for name in network.order:
            module, inner = network.node(name), network.layers[name].INNER
            if not inner or (nodes is not None and name not in nodes):
                continue
            given, gates = network.arguments(name, values), {}
            if isinstance(module, HasGatesBeside):
                gates = module.gates_beside(values[name], *given)
            elif isinstance(module, HasGates):
                gates = module.gates(*given)
            found += [(f"{name}.gate_{k}", tuple(gates[k].shape[1:]), gates[k]) for k in inner]
        return found

    def _unit(self, tap: Tap, unit: int, x: torch.Tensor, moment: Moment) -> bytes:
        """One unit of recurrent layers over time, in full precision; a layer without it is left out."""
        network = self._trainer.network
        network.mode(training=False)
        try:
            values = network.forward_all(x)
            found = {
                f"{name}.unit_{key}": series.float().cpu().numpy()
                for name in network.order
                if (tap.nodes is None or name in tap.nodes)
                and isinstance(module := network.node(name), HasUnits)
                and unit < module.units(values[name])
                for key, series in module.unit_over_time(
                    unit, values[name], *network.arguments(name, values)
                ).items()
            }
        finally:
            network.mode(training=True)
        return float_frame(found, self._metadata(tap.sample, moment) | {"unit": str(unit)})

    def _kernels(self) -> Named:
        return [
            (f"{node}.{'kernel' if name == 'weight' else name}", tuple(p.shape), p)
            for node in self._trainer.network.order
            for name, p in self._trainer.network.node(node).named_parameters()
        ]

    def _decisions(self) -> Named:
        shape = self._trainer.network.shapes[INPUT]
        if shape != (2,) or isinstance(shape, Tokens):
            return []
        if self._plane is None:
            self._plane = plane(self._trainer.device)
        values = self._trainer.network.forward_all(self._plane)
        return [
            (f"{name}.decision", (v.shape[1], GRID, GRID), v.t())
            for name, v in values.items()
            if name != INPUT and v.dim() == 2
        ]

    def _write(self, named: Named, readout: torch.Tensor | None, metadata: dict[str, str]) -> bytes:
        entries = tuple(entry(name, shape) for name, shape, _ in named)
        layout = self._layouts.get(entries)
        if layout is None:
            floats = [] if readout is None else [(PROBABILITIES, tuple(readout.shape))]
            layout = self._layouts[entries] = Layout(entries, floats)
        parts = [value.reshape(-1) for _, _, value in named]
        if readout is not None:
            parts.append(readout.reshape(-1))
        values: Floats = (torch.cat(parts) if parts else torch.empty(0)).float().cpu().numpy()
        if readout is None:
            return layout.frame(values, metadata)
        count = len(values) - readout.numel()
        return layout.frame(values[:count], metadata, [values[count:]])

    def readout(self, output: torch.Tensor) -> tuple[torch.Tensor, Readout]:
        """What the output (1, K), or (1, T, K) at every step, says, and how it is to be read.

        Probabilities of the classes by softmax or sigmoid, or, where the loss has neither, the
        output itself. A single output with a sigmoid is that of the second of two classes.
        """
        values, kind = self.readouts(output)
        return values[0], kind

    def readouts(self, output: torch.Tensor) -> tuple[torch.Tensor, Readout]:
        """The same for every row of (N, K)."""
        kind = self._trainer.spec.training.phase.loss.READOUT
        if kind == "softmax":
            return output.softmax(-1), kind
        if kind == "sigmoid":
            yes = output.sigmoid()
            return (torch.cat([1.0 - yes, yes], 1) if yes.shape[1] == 1 else yes), kind
        return output, kind

    def _metadata(self, sample: AnySample, moment: Moment) -> dict[str, str]:
        trainer = self._trainer
        found = {
            "run": moment.run,
            "branch": str(moment.branch),
            "step": str(trainer.cursor.step),
            "epoch": f"{trainer.epoch:.6g}",
            "sent": f"{time.time():.4f}",
        }
        if isinstance(sample, StoredSample):
            found["sample"] = json.dumps(sample.model_dump(), separators=(",", ":"))
        else:
            found["sample"] = json.dumps({"kind": sample.kind}, separators=(",", ":"))
        label = trainer.data.label(sample)
        if label is not None:
            found["label"] = str(label)
        return found

    @torch.inference_mode()
    def exact(self, sample: AnySample, moment: Moment) -> tuple[torch.Tensor, bytes]:
        """(output without its batch axis, float32 frame of every node's output), unquantised."""
        network, x = self._trainer.network, self._trainer.data.sample(sample)
        network.mode(training=False)
        try:
            values = network.forward_all(x)
        finally:
            network.mode(training=True)
        arrays = {f"{n}.activation": v[0].float().cpu().numpy() for n, v in values.items()}
        output = values[network.output]
        if not self._trainer.reconstructs:
            arrays[PROBABILITIES] = self.readout(output)[0].float().cpu().numpy()
        facts = self._metadata(sample, moment) | self._missed(output, x)
        return output[0].float().cpu(), float_frame(arrays, facts)


def float_frame(arrays: dict[str, np.ndarray], metadata: dict[str, str]) -> bytes:
    """A safetensors file of float32 arrays."""
    header: dict[str, object] = {}
    place = 0
    for name, array in arrays.items():
        span = [place, place + array.nbytes]
        header[name] = {"dtype": "F32", "shape": list(array.shape), "data_offsets": span}
        place += array.nbytes
    text = json.dumps(header, separators=(",", ":")).encode()[1:]
    return assemble(text, metadata, [array.tobytes() for array in arrays.values()])


def plane(device: torch.device) -> torch.Tensor:
    """Centres of the map's cells as samples (GRID², 2): rows from top to bottom, left to right."""
    half = EDGE / GRID
    axis = torch.linspace(-EDGE + half, EDGE - half, GRID, device=device)
    y, x = torch.meshgrid(axis.flip(0), axis, indexing="ij")
    return torch.stack([x, y], -1).reshape(-1, 2)
