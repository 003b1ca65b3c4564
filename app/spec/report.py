"""What a check of a network says: shapes, counts and problems of every node. Plain data."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, WrapValidator

from app.catalog.layers import Parameter
from app.catalog.plot import Place
from app.core.errors import Problem
from app.core.shapes import Shape, Steps, Tokens


def _kept(value: Any, validate: Callable[[Any], Shape]) -> Shape:
    """A shape that says more than its sizes stays what it is: pydantic would make a plain tuple of it."""
    return value if isinstance(value, Steps | Tokens) else validate(value)


ToldShape = Annotated[Shape, WrapValidator(_kept)]


class Plain(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Memory(Plain):
    """Bytes that one layer takes in a training step at the spec's batch size, float32 (4 bytes a value).

    ``weights`` = 4·parameters; ``gradients`` the same; ``optimizer`` = 4·parameters·k, where k is the
    number of tensors that the rule may keep for each parameter (SGD 1, its momentum; Adam 2);
    ``activations`` = 4·(2·values + kept)·batch: the outputs, and the sensitivities that flow back through
    them; ``kept`` is what a recurrent layer keeps of its gates and states beside.
    """

    weights: int = 0
    gradients: int = 0
    optimizer: int = 0
    activations: int = 0

    @property
    def total(self) -> int:
        return self.weights + self.gradients + self.optimizer + self.activations


class NodeReport(Plain):
    """One node. What cannot be known, because something before it is broken, is null or 0."""

    id: str
    type: str
    inputs: tuple[ToldShape | None, ...]
    shape: ToldShape | None
    time_first: bool = False
    """The output is a sequence (steps, features): its first axis is time, its second counts units."""
    parameters: tuple[Parameter, ...] = ()
    count: int = 0
    """Trainable values."""
    arithmetic: str = ""
    """How ``count`` comes about, for instance ``6×(5×5×1)+6 = 156``."""
    macs: int = 0
    """Multiply-accumulates of one sample's forward pass."""
    activations: int = 0
    """Values of one sample's output."""
    kept: int = 0
    """Values of one sample that are kept for the way back beside the output: gates and states."""
    memory: Memory = Memory()
    place: Place | None = None
    """What the layer's initialiser depends on: fan-in, fan-out, the activation that follows."""
    problems: tuple[Problem, ...] = ()


class Totals(Plain):
    """Sums over the network; memory is for one training step at the spec's batch size, float32.

    ``memory_bytes`` = ``fixed_bytes`` + batch·``sample_bytes``, so that the largest batch that fits into
    M bytes is ⌊(M − fixed_bytes) / sample_bytes⌋. What the framework itself takes is not counted.
    """

    parameters: int
    macs: int
    activations: int
    kept: int
    memory: Memory
    """The layers' memory by kind, the network's input included in ``activations``."""
    memory_bytes: int
    fixed_bytes: int
    """Weights, gradients and optimiser state: what no batch size changes."""
    sample_bytes: int
    """What every sample of a batch adds."""
    limit_bytes: int
    """What a step may take on any device of this server."""


class RatePlan(Plain):
    """The share of η over the training: ``factors[i]`` is in force for step ``steps[i]``, from 0."""

    steps: tuple[int, ...]
    factors: tuple[float, ...]
    total: int
    """Steps of the whole training."""
    watches: bool
    """The schedule follows the validation loss: what is shown holds while that falls."""


class Report(Plain):
    """The whole answer. ``order`` lists the nodes that can be reached, inputs first."""

    nodes: tuple[NodeReport, ...]
    order: tuple[str, ...]
    input_shape: Shape
    input_time_first: bool = False
    """The samples are sequences (steps, features)."""
    output_shape: Shape | None
    samples: tuple[int, int]
    """Training and validation samples of the data set with its options."""
    totals: Totals
    rates: RatePlan
    problems: tuple[Problem, ...]
    """Every problem, those of the nodes included."""

    @property
    def ok(self) -> bool:
        return not any(problem.severity == "error" for problem in self.problems)

    def node(self, name: str) -> NodeReport:
        return next(node for node in self.nodes if node.id == name)
