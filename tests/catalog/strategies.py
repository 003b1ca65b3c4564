"""Hypothesis strategies over the registries: any valid part, any shape. Knows no single part."""

from __future__ import annotations

import json
import types
from math import prod
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import torch
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.errors import UnsatisfiedAssumption
from pydantic import ValidationError
from pydantic.fields import FieldInfo

from app.api.catalog import FAMILIES as NAMED
from app.catalog.family import Family, Part
from app.catalog.layers import Layer, ShapeMismatch
from app.core.shapes import Shape, Steps, Tokens, channels_first, laid_out_as
from tests.conftest import DEEP

FAMILIES: tuple[Family[Any], ...] = tuple(NAMED.values())
"""Every registry that the catalogue knows."""
PARTS: list[type[Part]] = [part for family in FAMILIES for part in family.parts.values()]
LARGEST = 9
"""Integers are kept this small, where their bounds allow it: modules are really built."""


def fewer(share: int) -> settings:
    """The profile's examples divided by ``share``: for a test that runs once for every part.

    Half of that every day: there are many parts.
    """
    examples = settings().max_examples // (share if DEEP else 2 * share)
    return settings(max_examples=max(1, examples))


def bounds(field: FieldInfo) -> dict[str, float]:
    """The limits of a field by name: ge, gt, le, lt, min_length, max_length."""
    names = ("ge", "gt", "le", "lt", "min_length", "max_length")
    return {
        name: value
        for rule in field.metadata
        for name in names
        if (value := getattr(rule, name, None)) is not None
    }


def _integers(limits: dict[str, float]) -> st.SearchStrategy[int]:
    low = int(limits.get("ge", limits.get("gt", -1) + 1))
    high = int(limits.get("le", limits.get("lt", LARGEST + 1) - 1))
    return st.integers(low, min(high, max(low, LARGEST)))


def _floats(limits: dict[str, float]) -> st.SearchStrategy[float]:
    return st.floats(
        limits.get("ge", limits.get("gt", -1e3)),
        limits.get("le", limits.get("lt", 1e3)),
        exclude_min="gt" in limits,
        exclude_max="lt" in limits,
        allow_nan=False,
    )


def _values(annotation: Any, field: FieldInfo) -> st.SearchStrategy[Any] | None:
    """Values of one annotation; None where only the default is known to fit."""
    simple = {bool: lambda _: st.booleans(), int: _integers, float: _floats}
    if annotation in simple:
        return simple[annotation](bounds(field))
    if isinstance(annotation, type) and issubclass(annotation, Part):
        return parts(annotation)
    return _composed(get_origin(annotation), get_args(annotation), annotation, field)


def _composed(
    origin: Any, inner: tuple[Any, ...], annotation: Any, field: FieldInfo
) -> st.SearchStrategy[Any] | None:
    if origin is Literal:
        return st.sampled_from(inner)
    if origin is Annotated:
        return _values(inner[0], FieldInfo.from_annotation(annotation))
    if origin is tuple and inner[1:] == (...,):
        return _lists(inner[0], field)
    if origin in (Union, types.UnionType):
        found = [s for a in inner if (s := _values(a, field)) is not None]
        return st.one_of([*found, st.none()] if type(None) in inner else found)
    return None


def _lists(annotation: Any, field: FieldInfo) -> st.SearchStrategy[Any] | None:
    items, limits = _values(annotation, field), bounds(field)
    if items is None:
        return None
    least = int(limits.get("min_length", 0))
    return st.lists(items, min_size=least, max_size=max(least, LARGEST)).map(tuple)


@st.composite
def parts(draw: st.DrawFn, part: type[Part]) -> Any:
    """A valid part with any values of its fields."""
    chosen: dict[str, Any] = {}
    for name, field in part.model_fields.items():
        values = _values(field.annotation, field)
        if values is not None and name != "type":
            chosen[name] = draw(values)
    try:
        return part(**chosen)
    except ValidationError:  # fields that do not go together
        return part()


vectors = st.tuples(st.integers(1, 40))
channels = st.sampled_from((1, 2, 3, 4, 6, 8))
sequences = st.tuples(channels, st.integers(1, 14))
steps: st.SearchStrategy[Shape] = st.builds(Steps, st.integers(1, 14), channels)
pictures = st.tuples(channels, st.integers(1, 14), st.integers(1, 14))
roomy = st.tuples(st.just(6), st.integers(9, 12), st.integers(9, 12))
"""Room for most kernels, and the six maps that the table of LeNet-5 connects."""
long: st.SearchStrategy[Shape] = st.one_of(
    st.tuples(st.just(6), st.integers(9, 12)), st.builds(Steps, st.integers(9, 12), st.just(6))
)
small_shapes: st.SearchStrategy[Shape] = st.one_of(
    st.tuples(channels, st.integers(1, 8), st.integers(1, 8)),
    st.tuples(channels, st.integers(1, 8)),
    st.builds(Steps, st.integers(1, 8), channels),
    st.tuples(st.integers(1, 9)),
)
any_shape: st.SearchStrategy[Shape] = st.one_of(pictures, sequences, steps, vectors)
tokens: st.SearchStrategy[Shape] = st.builds(Tokens, st.integers(1, 9), st.integers(2, 12))


def batch_of(shape: Shape, size: int, generator: torch.Generator) -> torch.Tensor:
    """Normal numbers, or ids of tokens, the padding among them."""
    if isinstance(shape, Tokens):
        return torch.randint(shape.vocabulary, (size, *shape), generator=generator).float()
    return torch.randn(size, *shape, generator=generator)


@st.composite
def inputs_of(
    draw: st.DrawFn, layer: type[Layer], shape: st.SearchStrategy[Shape] = any_shape
) -> tuple[Shape, ...]:
    """As many shapes as the layer takes: mostly alike, at times different in channels or at all."""
    low, high = layer.ARITY
    first = draw(tokens if layer.TOKENS and shape is not pictures else shape)
    others: list[Shape] = []
    for _ in range(draw(st.integers(low, min(high, 4))) - 1):
        way = draw(st.sampled_from(("same", "same", "channels", "any")))
        changed = laid_out_as(first, (draw(st.integers(1, 8)), *channels_first(first)[1:]))
        others.append({"same": first, "channels": changed}.get(way) or draw(shape))
    return (first, *others)


def fitting(
    data: st.DataObject, layer: type[Layer], shape: st.SearchStrategy[Shape] = any_shape
) -> tuple[Layer, tuple[Shape, ...], Shape]:
    """A layer, input shapes it takes and the output shape it predicts."""
    for attempt in range(10):
        made: Layer = data.draw(parts(layer))
        shapes = data.draw(
            inputs_of(
                layer, shape if attempt % 5 < 3 or shape is pictures else (roomy, long)[attempt % 2]
            )
        )
        if attempt > 7:  # a layer whose fields fix the number of its inputs
            numbers = [value for _, value in made if type(value) is int]
            shapes = ((prod(numbers),),) if numbers else shapes
        for _ in range(4):
            try:
                return made, shapes, made.output_shape(shapes)
            except ShapeMismatch as error:
                repairs = [fix for fix in error.fixes if fix.action == "set"]
                if not repairs:
                    break
                made = with_field(made, repairs[0].field, repairs[0].value)
    raise UnsatisfiedAssumption


def with_field(layer: Layer, field: str, value: Any) -> Layer:
    """The layer with another value of one field, read from JSON as a request would be."""
    data = {**json.loads(layer.model_dump_json()), field: value}
    return type(layer).model_validate_json(json.dumps(data))


def reseed(module: torch.nn.Module, seed: int) -> None:
    """Make the draws of a layer that has any start anew."""
    method = getattr(module, "reseed", None)
    if callable(method):
        method(seed)
