"""Records what a module does, as elementary ATen operations on values; knows no layer.

Composite operations (a batch norm, a softmax) are taken apart by PyTorch's own decompositions, so
that what is recorded is small enough to be explained one by one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import torch
from torch import nn
from torch._decomp import decomposition_table
from torch.utils._pytree import tree_flatten, tree_unflatten

from app.engine.lean import PlainMode
from app.engine.tracing.strands import Strand, names_of, strands_of

aten = torch.ops.aten

POINTWISE = frozenset({"_prelu_kernel", "where"})
"""Cell by cell, though PyTorch does not tag them so."""
WHOLE = POINTWISE | frozenset(
    {
        "convolution", "addmm", "mm", "bmm", "baddbmm", "dot", "mv", "avg_pool1d", "avg_pool2d",
        "avg_pool3d", "_adaptive_avg_pool2d", "max_pool2d_with_indices", "max_pool3d_with_indices",
        "adaptive_max_pool2d", "amax", "amin", "max", "min", "mean", "sum", "var", "var_mean",
        "cumsum", "_prelu_kernel", "scatter", "scatter_add", "gather", "masked_fill",
    }
)  # fmt: skip
"""Operations that explain themselves as they are, though PyTorch could take them apart."""
MOVES = frozenset(
    {
        "clone", "cat", "stack", "_to_copy", "index_select", "index", "gather", "index_copy",
        "constant_pad_nd", "flip", "roll", "repeat", "_unsafe_view", "copy", "lift_fresh",
        "reflection_pad2d", "replication_pad2d", "contiguous", "to", "atleast_1d", "atleast_2d",
    }
)  # fmt: skip
"""Operations beside views whose every result is a copy of one cell, or a constant."""

Origin = Literal["input", "parameter", "buffer", "constant", "operation"]


@dataclass(eq=False)
class Value:
    """A tensor of the pass. ``depends``: a change of an input or a parameter may change it."""

    number: int
    tensor: torch.Tensor
    origin: Origin
    name: str = ""
    """Of a parameter or buffer; the place of an input."""
    depends: bool = False


@dataclass(eq=False)
class Operation:
    """One elementary step: ``function`` of the ``slots`` (and fixed arguments) gives ``results``."""

    number: int
    function: Any
    leaves: list[Any]
    spec: Any
    slots: list[Value]
    places: list[int]
    """Where the slots are among the leaves."""
    results: list[Value | None] = field(default_factory=list)
    moved: tuple[list[torch.Tensor], list[int]] | None = None
    """Of a move: which cell each cell of every result copies (see ``cells``)."""

    @property
    def name(self) -> str:
        """ATen's name without the overload, and without the mark of writing in place."""
        name = str(self.function._schema.name).removeprefix("aten::").removeprefix("prims::")
        return name[:-1] if name.endswith("_") and not name.endswith("__") else name

    @property
    def depends(self) -> bool:
        return any(result is not None and result.depends for result in self.results)

    @property
    def moves(self) -> bool:
        """Whether it only puts cells elsewhere, or a 0 in their place."""
        return self.name in MOVES or _is_view(self.function) or self._silences

    @property
    def drawn(self) -> bool:
        """Whether its results are random: no change of what it takes explains them."""
        return torch.Tag.nondeterministic_seeded in self.function.tags

    @property
    def empty(self) -> bool:
        """Whether it only takes memory, which holds anything until it is written to."""
        return self.name.removeprefix("new_").startswith("empty")

    @property
    def _silences(self) -> bool:
        return self.name == "masked_fill" and self.argument(2) == 0

    @property
    def pointwise(self) -> bool:
        if self.moves:
            return False
        return torch.Tag.pointwise in self.function.tags or self.name in POINTWISE

    def argument(self, position: int, default: Any = None) -> Any:
        """A fixed argument by its position in the schema, however it was given."""
        args, kwargs = tree_unflatten(self.leaves, self.spec)
        name = self.function._schema.arguments[position].name
        if position < len(args):
            return args[position]
        return kwargs.get(name, default)

    def run(self, tensors: Sequence[torch.Tensor]) -> tuple[torch.Tensor, ...]:
        """All results for other tensors; nothing is written in place."""
        leaves = list(self.leaves)
        for place, tensor in zip(self.places, tensors, strict=True):
            leaves[place] = tensor
        args, kwargs = tree_unflatten(leaves, self.spec)
        made = _pure(self.function)(*args, **kwargs)
        return tuple(made) if isinstance(made, tuple | list) else (made,)


@dataclass
class Graph:
    """The operations of one module's pass in order, from its inputs to its output."""

    values: list[Value]
    operations: list[Operation]
    inputs: list[Value]
    parameters: dict[str, Value]
    output: Value
    makers: dict[int, tuple[Operation, int]] = field(default_factory=dict)
    """Operation and result that a value came from, by the value's number."""
    users: dict[int, list[tuple[Operation, int]]] = field(default_factory=dict)
    """Operations and slots that take a value."""
    moments: dict[tuple[int, bool, str], list[Value]] = field(default_factory=dict)
    """Of a recurrent module, by layer, whether it reads backwards, and name of the state: its value
    at every step of the walk."""
    strands: dict[tuple[int, bool], Strand] = field(default_factory=dict)
    given: dict[str, Value] = field(default_factory=dict)
    """Buffers by name, and numbered, tensors that the module had beforehand without one."""

    def __post_init__(self) -> None:
        for operation in self.operations:
            for place, result in enumerate(operation.results):
                if result is not None:
                    self.makers[result.number] = (operation, place)
            if operation.depends:
                for slot, value in enumerate(operation.slots):
                    self.users.setdefault(value.number, []).append((operation, slot))
        constants = [value for value in self.values if value.origin == "constant"]
        self.given = {value.name: value for value in self.values if value.origin == "buffer"}
        self.given |= {f"constant {k}": value for k, value in enumerate(constants)}

    def name_of(self, given: Value) -> str:
        """What a buffer or constant is called."""
        return next(name for name, value in self.given.items() if value is given)


def _is_view(function: Any) -> bool:
    returns = function._schema.returns
    return bool(returns) and all(
        one.alias_info is not None and not one.alias_info.is_write for one in returns
    )


def _writes(function: Any) -> bool:
    return any(
        a.alias_info is not None and a.alias_info.is_write for a in function._schema.arguments
    )


def _pure(function: Any) -> Callable[..., Any]:
    """The form of an operation that writes nothing in place; one that has none writes to a copy."""
    if not _writes(function):
        return function  # type: ignore[no-any-return]
    name = str(function._schema.name).removeprefix("aten::").rstrip("_")
    packet = getattr(aten, name, None)
    if packet is not None and function._overloadname in packet.overloads():
        return getattr(packet, function._overloadname)  # type: ignore[no-any-return]
    return lambda first, *args, **kwargs: function(first.clone(), *args, **kwargs)


def _decomposition(function: Any) -> Callable[..., Any] | None:
    name = str(function._schema.name).removeprefix("aten::")
    elementary = (
        name in WHOLE
        or name in MOVES
        or _is_view(function)
        or _writes(function)
        or torch.Tag.pointwise in function.tags
        or torch.Tag.nondeterministic_seeded in function.tags
    )
    return None if elementary else decomposition_table.get(function)


def _differentiable(function: Any, args: tuple[Any, ...]) -> tuple[Any, tuple[Any, ...]]:
    """PyTorch's decompositions end in prims at times, which have no derivative: their ATen twin has."""
    if function.namespace != "prims":
        return function, args
    name = str(function._schema.name).removeprefix("prims::")
    twin = getattr(aten, name, None)
    if (
        twin is not None
        and "default" in twin.overloads()
        and torch.Tag.pointwise in twin.default.tags
    ):
        return twin.default, args
    return function, args


class _Recorder(PlainMode):
    """Notes every elementary operation and the values it takes and gives."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.values: list[Value] = []
        self.operations: list[Operation] = []
        self._known: dict[int, Value] = {}
        self._kept: list[torch.Tensor] = []  # so that no id is used twice
        self._sharing: dict[int, list[Value]] = {}
        """Values by the memory they lie in: views of one tensor are overwritten together."""

    def enter(
        self, tensor: torch.Tensor, origin: Origin, name: str = "", *, depends: bool = False
    ) -> Value:
        """Make a tensor known; a later operation on it finds this value."""
        value = Value(len(self.values), tensor.detach(), origin, name, depends)
        self.values.append(value)
        self._known[id(tensor)] = value
        self._sharing.setdefault(tensor.untyped_storage().data_ptr(), []).append(value)
        self._kept.append(tensor)
        return value

    def find(self, tensor: torch.Tensor) -> Value:
        return self._known.get(id(tensor)) or self.enter(tensor, "constant")

    def __torch_dispatch__(
        self,
        func: Any,
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        given = dict(kwargs or {})
        func, args = _differentiable(func, args)
        apart = _decomposition(func)
        if apart is not None:
            with self:
                made = apart(*args, **given)
            if made is not NotImplemented:
                return made
        leaves, spec = tree_flatten((args, given))
        places = [i for i, leaf in enumerate(leaves) if isinstance(leaf, torch.Tensor)]
        slots = [self.find(leaves[i]) for i in places]
        if _writes(func) and slots:
            self.keep_old(leaves[places[0]])
        made = func(*args, **given)
        fixed = [None if isinstance(leaf, torch.Tensor) else leaf for leaf in leaves]
        operation = Operation(len(self.operations), func, fixed, spec, slots, places)
        self.operations.append(operation)
        depends = any(value.depends for value in slots) and func is not aten.detach.default
        depends = depends and not operation.drawn
        for tensor in made if isinstance(made, tuple | list) else (made,):
            operation.results.append(self._result(tensor, depends))
        return made

    def _result(self, tensor: Any, depends: bool) -> Value | None:
        if not isinstance(tensor, torch.Tensor):
            return None
        depends = depends and tensor.is_floating_point()
        return self.enter(tensor, "operation", depends=depends)

    def keep_old(self, written: torch.Tensor) -> None:
        """What is about to be overwritten was an argument or a result of earlier operations."""
        for value in self._sharing.pop(written.untyped_storage().data_ptr(), ()):
            value.tensor = value.tensor.clone()


def elementary(module: Callable[..., torch.Tensor]) -> Callable[..., torch.Tensor]:
    """The form to look into: a module that trains by a fused kernel has one, ``stepwise``."""
    if not isinstance(module, nn.Module) or not hasattr(module, "stepwise"):
        return module

    def run(*inputs: torch.Tensor) -> torch.Tensor:
        # Called as the module: the hooks that silence its units belong to it.
        module.__dict__["forward"] = module.stepwise
        try:
            found: torch.Tensor = module(*inputs)
        finally:
            del module.__dict__["forward"]
        return found

    return run


@torch.no_grad()
def capture(module: Callable[..., torch.Tensor], inputs: Sequence[torch.Tensor]) -> Graph:
    """Run ``module`` on ``inputs`` and record it. Inputs that are not floating are constants."""
    recorder = _Recorder()
    parameters: dict[str, Value] = {}
    if isinstance(module, nn.Module):
        for name, parameter in module.named_parameters():
            parameters[name] = recorder.enter(parameter, "parameter", name, depends=True)
        for name, buffer in module.named_buffers():
            recorder.enter(buffer, "buffer", name)
    # Aliases, so that an input that occurs twice is two values.
    given = [x.detach() for x in inputs]
    entered = [
        recorder.enter(x, "input", str(k), depends=x.is_floating_point())
        for k, x in enumerate(given)
    ]
    run = elementary(module)
    lengths = next((x for x in given if not x.is_floating_point()), None)
    with strands_of(module, lengths) as strands, recorder:
        output = run(*given)
    if isinstance(module, nn.Module):
        for buffer in module.buffers():  # which whoever looks puts back to what it was
            recorder.keep_old(buffer)
    moments = {
        (strand.layer, strand.reverse, name): [recorder.find(state[k]) for state in strand.states]
        for strand in strands
        for k, name in enumerate(names_of(module))
    }
    end = recorder.find(output)
    graph = Graph(recorder.values, recorder.operations, entered, parameters, end, moments=moments)
    graph.strands = {(strand.layer, strand.reverse): strand for strand in strands}
    return graph
