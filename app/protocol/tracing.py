"""The microscope's questions and answers: a trace of one step, one cell explained, gradients checked.

A *step* is named by the number of steps made before it: step 0 starts from the initial weights. All
of it is about that step's own batch and random draws in training mode, unless samples are given.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from app.core.numbers import Number
from app.core.text import Text
from app.protocol.taps import GivenSample, StoredSample, TextSample
from app.spec.base import Strict

LOSS_NODE = "@loss"
"""The loss as a node; no layer can have that name."""
MOST_SAMPLES = 256
TRACE_ROLES = (
    "activation",
    "sensitivity",
    "derivative",
    "inside",
    "parameter",
    "gradient",
    "update",
    "state",
)
TraceRole = Literal[
    "activation",
    "sensitivity",
    "derivative",
    "inside",
    "parameter",
    "gradient",
    "update",
    "state",
]
CellRole = Literal[
    "activation",
    "net_input",
    "sensitivity",
    "parameter",
    "gradient",
    "update",
    "state",
    "loss",
    "target",
    "constant",
]
Precision = Literal["float32", "float64"]
Form = Literal["mean", "sum"]
Kind = Literal[
    "linear",
    "pointwise",
    "selection",
    "statistic",
    "function",
    "move",
    "rule",
    "given",
    "silenced",
    "frozen",
    "edited",
]
Node = Annotated[str, Field(min_length=1, max_length=64)]


class Drawn(GivenSample):
    """Values of one sample, and what the network should say of them (a class)."""

    label: int | None = Field(None, ge=0, le=100_000)


class Read(TextSample):
    """A text, and the class that the network should see in it. Where the network foretells the next
    token, the text itself is the target, and no class is needed."""

    label: int | None = Field(None, ge=0, le=100_000)


TracedSample = Annotated[StoredSample | Drawn | Read, Field(discriminator="kind")]


class Traced(Strict):
    """Which pass is looked at. ``step`` null is the step that comes next; ``samples`` null the
    step's own batch. Given samples replace the batch: draws and weights stay those of the step."""

    step: int | None = Field(None, ge=0, le=2**53)
    samples: tuple[TracedSample, ...] | None = Field(None, min_length=1, max_length=MOST_SAMPLES)
    precision: Precision = "float64"


class TraceWanted(Traced):
    """``roles`` and ``nodes`` null are all of them. ``derivative`` is φ′(u), of nodes that work cell
    by cell; ``inside`` what layers draw, mask or measure (``drop1.mask.inside``, ``bn1.mean.inside``).
    With ``sample``, a position in the batch, what every sample has of its own is that of this sample
    alone; parameters and gradients are the whole batch's all the same."""

    roles: tuple[TraceRole, ...] | None = Field(None, min_length=1, max_length=8)
    nodes: tuple[Node, ...] | None = Field(None, min_length=1, max_length=256)
    sample: int | None = Field(None, ge=0)


class Cell(Strict):
    """One number of a pass. What a term's ``place`` holds can be asked for as it is.

    ``activation`` a node's output, ``net_input`` what an activation function takes (u),
    ``sensitivity`` ∂E/∂(that output), ``parameter`` a weight, ``gradient`` ∂E/∂(that weight),
    ``update`` its next value, ``state`` what the optimiser remembers of it, ``loss`` E itself.
    ``node`` may be ``input`` or ``@loss``. ``sample`` is a position in the batch. ``operation`` names
    an elementary operation inside the node and then ``index`` covers all axes of its result. A
    ``constant`` is named by its operation, or by its ``tensor``: a buffer's name. A field that does not
    apply to the role is refused.
    """

    role: CellRole
    node: Node | None = None
    tensor: str | None = Field(None, max_length=96)
    state: str | None = Field(None, max_length=32)
    sample: int | None = Field(None, ge=0)
    index: tuple[int, ...] = Field((), max_length=8)
    operation: int | None = Field(None, ge=0)
    doing: str | None = Field(None, max_length=64)
    """What that operation is, as ATen calls it: said in answers, not looked at in questions."""
    result: int = Field(0, ge=0, le=16)
    step: int | None = Field(None, ge=0, le=2**53)
    """Of a term of the optimiser's state: the earlier step where it was made."""
    time: int | None = Field(None, ge=0, le=100_000)
    """Inside a recurrent layer: the step of time. ``state`` names the number there (``h``, ``c``, the
    gates; ``u_i`` is the net input of ``i``), ``index`` its unit; a ``sensitivity`` is then ∂E/∂(that
    number) with all that flows back from later steps."""
    layer: int | None = Field(None, ge=0, le=16)
    """With ``time``, of stacked layers: counted from 0; null is the top one."""
    reverse: bool = False
    """With ``time``, of a bidirectional layer: the half that reads backwards."""


class ExplainWanted(Traced):
    """``form`` ``sum`` gives the loss, sensitivities and gradients as the chapter has them, summed over
    the batch instead of averaged. ``depth``: a ``state`` is written out as what each of that many earlier
    steps gave to it, and what was left before them; every term names its step."""

    cell: Cell
    form: Form = "mean"
    depth: int = Field(1, ge=1, le=20)


class GradcheckWanted(Traced):
    """Central differences against autograd for one node or all, on at most ``entries`` entries of
    every tensor and the first ``batch`` samples, in float64."""

    node: Node | None = None
    entries: int = Field(200, ge=1, le=1000)
    batch: int = Field(8, ge=1, le=MOST_SAMPLES)


class Answer(BaseModel):
    """Frozen output; numbers that are not finite become strings in JSON."""

    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_inf_nan="strings")


class Factor(Answer):
    """One factor of a term. ``meaning``: the ``value`` at ``place``, a ``sensitivity`` there, a
    ``derivative`` taken there, the ``reciprocal`` of the value there, its ``deviation`` from the mean of
    all terms, an ``argument`` of a function, a plain ``coefficient``, or a ``setting`` of the optimiser; ``symbol`` is LaTeX."""

    value: Number
    meaning: Literal[
        "value",
        "sensitivity",
        "derivative",
        "reciprocal",
        "deviation",
        "argument",
        "coefficient",
        "setting",
    ]
    place: Cell | None = None
    symbol: str | None = None


class Term(Answer):
    """A summand: the product of its factors, unless they are arguments of a function."""

    value: Number
    factors: tuple[Factor, ...]
    symbol: str | None = None


class Rest(Answer):
    """The smaller terms that are not listed, as one sum."""

    count: int
    value: Number


class Loser(Answer):
    """A cell that a selection passed over."""

    value: Number
    place: Cell | None


class WrittenFormula(Answer):
    """LaTeX: the part's own textbook formula, this operation's, and the same with numbers."""

    part: str
    symbols: str
    numbers: str


class Explanation(Answer):
    """A cell as a sum. ``value`` is PyTorch's, ``formula_value`` the sum of the terms in float64;
    ``scale`` is Σ|terms|. No ``difference`` is larger than ``allowed``, which is rounding: an
    explanation that does not sum is refused. Only where a number is ``stored`` may it be: such a value
    is the run's own, made in float32, and its terms are those of the step made again, which rounds
    otherwise."""

    cell: Cell
    step: int
    branch: int
    precision: Precision
    form: Form
    samples: int
    quantity: Text
    kind: Kind
    operation: str
    title: Text
    value: Number
    formula_value: Number
    difference: Number
    scale: Number
    allowed: Number
    stored: bool = False
    formula: WrittenFormula
    terms: tuple[Term, ...]
    rest: Rest
    losers: tuple[Loser, ...] = ()


class Entry(Answer):
    """One weight whose two derivatives were compared. ``error`` is their raw difference, ``floor``
    what rounding alone may make of it; both relative to the tensor's ``scale``. ``width`` is the h of
    the difference."""

    index: tuple[int, ...]
    autograd: Number
    numeric: Number
    error: Number
    floor: Number
    width: float


class TensorCheck(Answer):
    """One tensor of a gradient check. ``worst`` is the entry that is furthest off, ``error`` and
    ``floor`` are the largest of all entries that count. ``scale`` is the tensor's largest gradient;
    where it ``cancels``, all gradients being sums that are nought but for rounding, it is the size of
    the terms, Σ|terms|.

    Two kinds do not count and are listed apart, the first 20 of each: ``unresolved`` entries, whose
    floor is above the tolerance and whose error is within it, so that nothing can be said; ``kinks``,
    where the loss bends within the difference, so that no derivative exists."""

    node: str
    tensor: str
    entries: int
    checked: int
    largest: Number
    scale: Number
    cancels: bool
    error: Number
    floor: Number
    worst: Entry | None
    kinks: tuple[Entry, ...]
    kink_count: int
    unresolved: tuple[Entry, ...]
    unresolved_count: int


class Gradcheck(Answer):
    """``passed``: the error of every entry that counts is at most ``tolerance``. ``complete`` is
    false where time ran out; ``unresolved`` and ``kinks`` count what could not be compared."""

    step: int
    branch: int
    samples: int
    tolerance: float
    passed: bool
    complete: bool
    error: Number
    floor: Number
    checked: int
    unresolved: int
    kinks: int
    tensors: tuple[TensorCheck, ...]


class OperationStep(Answer):
    """One operation of a pass, in order; ``caption`` says in words what happens."""

    number: int
    phase: Literal["forward", "loss", "backward", "update"]
    node: str
    tensor: str | None = None
    role: CellRole
    shape: tuple[int, ...]
    caption: Text
    formula: str
    inside: tuple[str, ...] = ()
    """ATen's elementary operations of a forward step, in order; ``Cell.operation`` counts them. Left
    out of long walks through time, which have tens of thousands."""


class Operations(Answer):
    """The ordered operations of one step."""

    step: int
    branch: int
    samples: int
    batch: tuple[int, ...] | None
    """Which training samples make the batch; null for given samples."""
    operations: tuple[OperationStep, ...]


EXPLAIN_WANTED: TypeAdapter[ExplainWanted] = TypeAdapter(ExplainWanted)
TRACED: TypeAdapter[Traced] = TypeAdapter(Traced)
