"""What every layer declares: shape, parameters, operations, module. No layer is known here."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict

from app.catalog.code import Code, of_module
from app.catalog.family import Part
from app.catalog.plot import Place
from app.core.errors import GlassnetError
from app.core.reach import ANY, Reach, hull
from app.core.shapes import (
    Shape,
    Steps,
    Tokens,
    channel_axis,
    channels_first,
    channels_of,
    same_layout,
    show,
)
from app.core.text import Text, text

if TYPE_CHECKING:
    import torch

CellKind = Literal["", "elman", "jordan", "lstm", "gru"]
"""Cells of recurrent layers that the page draws; none of other layers."""

INPUT = text("Input", "输入")
CONVOLUTION = text("Convolution", "卷积")
POOLING = text("Pooling", "池化")
RECURRENT = text("Recurrent", "循环")
DENSE = text("Dense and shape", "全连接与形状")
ACTIVATION = text("Activation", "激励函数")
REGULARISATION = text("Normalisation and regularisation", "归一化与正则化")


class Parameter(BaseModel):
    """A trainable tensor: its name in the module and its shape."""

    model_config = ConfigDict(frozen=True)

    name: str
    shape: Shape

    @property
    def count(self) -> int:
        return prod(self.shape)


class Window(BaseModel):
    """Which fields of a layer say the window that slides over its input; an empty name is no field."""

    model_config = ConfigDict(frozen=True)

    size: str
    """Field of the window's side."""
    stride: str = ""
    """Field of the cells between two windows; without it the sizes of input and output tell."""
    padding: str = ""
    """Field of the cells beyond the edge."""
    half_padding: str = ""
    """Field that lets windows reach half their side beyond the edge."""
    dilation: str = ""
    """Field of the distance between neighbouring cells of the window."""
    winner: bool = False
    """The largest value of each window is the output."""


@dataclass(frozen=True)
class Rows:
    """Some places along one axis of a tensor."""

    axis: int
    places: tuple[int, ...]


@dataclass(frozen=True)
class Fix:
    """How a misfit could be repaired, in the layer's own terms; the checker makes a patch of it.

    ``action``: ``set`` a field of this layer, ``insert`` a layer before it, ``remove`` this layer.
    """

    action: str
    field: str = ""
    value: Any = None
    said: Text | None = None
    """What it does in words, where field and value do not say it."""


class ShapeMismatch(GlassnetError):
    """A layer cannot take what arrives; ``expected`` is said in words, ``got`` is the shape."""

    code, status = "shape_mismatch", 422
    message = text(
        "{layer} expects {expected}, but gets {got}.",
        "{layer_zh}需要{expected_zh}，得到的却是 {got}。",
    )

    def __init__(self, layer: Layer, expected: Text, got: Shape, *fixes: Fix) -> None:
        self.fixes = fixes
        super().__init__(
            layer=layer.TITLE.en,
            layer_zh=layer.TITLE.zh,
            expected=expected.en,
            expected_zh=expected.zh,
            got=show(got),
        )


class Layer(Part):
    """One node of a network. ``inputs`` are always shapes without the batch axis.

    Images are (channels, height, width), vectors (features,). A sequence is (steps, features) where
    its shape says so, :class:`app.core.shapes.Steps`, and else (channels, length). What works on
    channels or slides along time asks the shape for them and takes both.
    """

    ID_PREFIX: ClassVar[str]
    """Start of the identifier that a new node of this kind gets, for instance ``conv``."""
    ARITY: ClassVar[tuple[int, int]] = (1, 1)
    """Fewest and most inputs."""
    POINTWISE: ClassVar[bool] = False
    """Works on every value alone: the page folds it into the card of the layer before it."""

    INNER: ClassVar[tuple[str, ...]] = ()
    """What it holds inside at every step of time, by name: its gates, which can be watched."""
    CELL: ClassVar[CellKind] = ""
    """Kind of the cell that runs at every step: the page draws it with its numbers."""
    TIME_FIRST: ClassVar[bool] = False
    """Every output is a sequence (steps, features), as recurrent layers have it."""
    REMEMBERS: ClassVar[bool] = False
    """It walks through time and hands a state on from step to step."""
    BY_STEP: ClassVar[bool] = False
    """At every step of time it gives what that step, and at most those before it, decide: a text can
    be continued token by token."""
    TOKENS: ClassVar[bool] = False
    """Takes token ids."""
    MASKED: ClassVar[bool] = False
    """Over a sequence (steps, features) its module takes the lengths of the sequences (N,) after the
    inputs: what comes behind the end of one is without effect."""

    FLATTENS: ClassVar[bool] = False
    """Lays out in a row what arrives: what follows can be shown as the picture that came before."""
    TOKEN_VECTORS: ClassVar[str] = ""
    """Name of the parameter (tokens, size) that holds a vector for every token; none of other layers."""
    WINDOW: ClassVar[Window | None] = None
    """The window that slides over a picture or a sequence, every output cell from its cells alone."""
    PICTURE: ClassVar[str] = "maps"
    """How the page draws it when it is looked into: a file of ``static/src/parts/pictures``."""

    PASSES: ClassVar[bool] = False
    """Every value of the output is one of the inputs, or a mean of some of them."""

    @classmethod
    def facts(cls) -> dict[str, Any]:
        return {
            "id_prefix": cls.ID_PREFIX,
            "arity": list(cls.ARITY),
            "pointwise": cls.POINTWISE,
            "time_first": cls.TIME_FIRST,
            "remembers": cls.REMEMBERS,
            "inner": list(cls.INNER),
            "cell": cls.CELL,
            "flattens": cls.FLATTENS,
            "token_vectors": cls.TOKEN_VECTORS,
            "window": cls.WINDOW.model_dump() if cls.WINDOW else None,
            "picture": cls.PICTURE,
        }

    def output_shape(self, inputs: tuple[Shape, ...]) -> Shape:
        """Shape of the output; raises :class:`ShapeMismatch`."""
        raise TypeError(f"{type(self).__name__} declares no output_shape")

    def spans(self, inputs: tuple[Shape, ...], reaches: tuple[Reach, ...]) -> Reach:
        """Which values the output may take in evaluation, given those of every input."""
        return hull(reaches) if self.PASSES else ANY

    def averaged(self, inputs: tuple[Shape, ...], batch: int) -> int:
        """Values that one mean and variance are taken over in a training step with a batch of that
        size; 0 where it takes none. One value has no spread."""
        return 0

    def copies(self, inputs: tuple[Shape, ...]) -> int:
        """Units that read the same inputs: with equal weights they are copies of one another."""
        output = self.output_shape(inputs)
        return channels_of(output) if "init" in type(self).model_fields else 1

    def parameters(self, inputs: tuple[Shape, ...]) -> tuple[Parameter, ...]:
        """Trainable tensors, in the module's order."""
        return ()

    def arithmetic(self, inputs: tuple[Shape, ...]) -> str:
        """How the number of parameters comes about, for instance ``6×(5×5×1)+6 = 156``."""
        return ""

    def macs(self, inputs: tuple[Shape, ...]) -> int:
        """Multiply-accumulates of one sample's forward pass: of the sums of weight × input.

        Work a cell alone needs (an activation, a norm's scale) is not counted, as is customary.
        """
        return 0

    def kept(self, inputs: tuple[Shape, ...]) -> int:
        """Values of one sample that PyTorch keeps for the way back beside the output: gates and
        states of recurrent layers. About, as its kernels differ."""
        return 0

    def build(self, inputs: tuple[Shape, ...]) -> torch.nn.Module:
        """The PyTorch module, parameters not yet initialised."""
        raise TypeError(f"{type(self).__name__} declares no build")

    def initialize(
        self, module: torch.nn.Module, generator: torch.Generator, gain: float = 1.0
    ) -> None:
        """Fill the module's parameters from ``generator`` alone.

        ``gain`` is that of the activation that follows, for initialisers that ask for it.
        """

    def gain(self) -> float | None:
        """What weights before this layer are multiplied by; None where it passes signals on.

        A layer with weights of its own is linear: 1. Activations know their number.
        """
        return 1.0 if "init" in type(self).model_fields else None

    def place(self, inputs: tuple[Shape, ...], gain: float) -> Place | None:
        """What the layer's initialiser depends on; None where nothing is initialised."""
        if "init" not in type(self).model_fields:
            return None
        units, channels, *kernel = self.parameters(inputs)[0].shape
        field = prod(kernel)
        return Place(fan_in=channels * field, fan_out=units * field, units=units, gain=gain)

    def rows(self, unit: int, inputs: tuple[Shape, ...]) -> dict[str, Rows]:
        """The part of each parameter that belongs to one map or unit of the output alone.

        The default takes the first axis of every parameter that counts the output's maps or units;
        all steps of a sequence share those.
        """
        output = self.output_shape(inputs)
        count = output[channel_axis(output)]
        own = [p.name for p in self.parameters(inputs) if p.shape and p.shape[0] == count]
        return {name: Rows(0, (unit,)) for name in own}

    def buffers(self, inputs: tuple[Shape, ...]) -> tuple[Parameter, ...]:
        """Tensors that are kept with the weights but not trained, in the module's order."""
        return ()

    def code(self, inputs: tuple[Shape, ...]) -> Code:
        """Python that makes the module of :meth:`build`, for exported code.

        The default reads it off the module; a layer whose module cannot be read says it itself.
        """
        return of_module(self.build(inputs))


def fitted(layer: Layer, inputs: tuple[Shape, ...]) -> Shape:
    """The output's shape; raises :class:`ShapeMismatch`, also for token ids that a layer would take
    for quantities."""
    tokens = next((shape for shape in inputs if isinstance(shape, Tokens)), None)
    if tokens is not None and not layer.TOKENS:
        expected = text("numbers, not the ids of tokens", "数值，而非词元编号")
        raise ShapeMismatch(layer, expected, tokens, Fix("insert", value="embedding"))
    shape = layer.output_shape(inputs)
    return Steps(*shape) if layer.TIME_FIRST and len(shape) == 2 else shape


def count(layer: Layer, inputs: tuple[Shape, ...]) -> int:
    """Number of trainable values."""
    return sum(p.count for p in layer.parameters(inputs))


def alike_in_layout(layer: Layer, inputs: tuple[Shape, ...]) -> None:
    """Refuses a join of (steps, features) with (channels, length): an axis of one is no axis of the other."""
    for shape in inputs[1:]:
        if len(shape) == len(inputs[0]) and not same_layout(shape, inputs[0]):
            expected = text(
                "sequences of one layout, all steps × features or all channels × length",
                "布局相同的序列：全为时刻 × 特征，或全为通道 × 长度",
            )
            raise ShapeMismatch(layer, expected, shape, Fix("remove"))


def map_input(layer: Layer, inputs: tuple[Shape, ...]) -> Shape:
    """The one input as (channels, length) or (channels, height, width), or a clear refusal."""
    shape = inputs[0]
    if len(shape) < 2:
        expected = text(
            "a picture or a sequence (channels × height × width, or channels × length)",
            "图像或序列（通道 × 高 × 宽，或通道 × 长度）",
        )
        raise ShapeMismatch(layer, expected, shape, Fix("remove"))
    return channels_first(shape)


def sequence_input(layer: Layer, inputs: tuple[Shape, ...]) -> tuple[int, int]:
    """The one input as (channels, length), or a clear refusal; of (steps, features) the features
    are the channels."""
    shape = inputs[0]
    if len(shape) != 2:
        expected = text("a sequence (channels × length)", "序列（通道 × 长度）")
        raise ShapeMismatch(layer, expected, shape, Fix("remove"))
    channels, length = channels_first(shape)
    return channels, length


def time_input(layer: Layer, inputs: tuple[Shape, ...]) -> tuple[int, int]:
    """The one input as (steps, features), or a clear refusal, also of (channels, length): its
    channels are no steps."""
    shape = inputs[0]
    if isinstance(shape, Steps):
        return shape[0], shape[1]
    expected = text("a sequence (steps × features)", "序列（时刻 × 特征）")
    if len(shape) == 2:
        expected = text(
            "a sequence (steps × features), not channels × length",
            "序列（时刻 × 特征），而非通道 × 长度",
        )
    raise ShapeMismatch(layer, expected, shape, Fix("insert", value="rows"), Fix("remove"))


def image_input(layer: Layer, inputs: tuple[Shape, ...]) -> tuple[int, int, int]:
    """The one input as (channels, height, width), or a clear refusal."""
    shape = inputs[0]
    if len(shape) != 3:
        expected = text("a picture (channels × height × width)", "图像（通道 × 高 × 宽）")
        raise ShapeMismatch(layer, expected, shape, Fix("remove"))
    return shape[0], shape[1], shape[2]
