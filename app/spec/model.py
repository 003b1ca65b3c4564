"""ModelSpec: a network as a graph of layers. Says nothing of data or training."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import AfterValidator, Discriminator, Field, StringConstraints, Tag, TypeAdapter
from pydantic.json_schema import SkipJsonSchema
from pydantic_core import PydanticCustomError

from app.catalog.layers import AnyLayer
from app.spec.base import Strict

INPUT = "input"
"""Name of the source that every network has."""

MOST_NODES = 256
"""Layers a network may hold."""

NodeId = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,31}$")]


class Node(Strict):
    """One layer of the graph and where its inputs come from (``input`` or other nodes).

    Without inputs it is a part that is not wired yet, which a check names.
    """

    id: NodeId
    layer: AnyLayer
    inputs: tuple[NodeId, ...] = Field(max_length=16)


class ModelSpec(Strict):
    """A network: its nodes in any order and the one whose output counts."""

    version: Literal[1] = 1
    nodes: tuple[Node, ...] = Field(max_length=MOST_NODES)
    outputs: tuple[NodeId, ...] = Field(min_length=1, max_length=1)


def chain(layers: tuple[AnyLayer, ...]) -> ModelSpec:
    """A list of layers as the graph of a chain: ``conv1``, ``tanh1``, ``pool1``, …"""
    counts: Counter[str] = Counter()
    nodes: list[Node] = []
    previous = INPUT
    for layer in layers:
        counts[layer.ID_PREFIX] += 1
        name = f"{layer.ID_PREFIX}{counts[layer.ID_PREFIX]}"
        nodes.append(Node(id=name, layer=layer, inputs=(previous,)))
        previous = name
    return ModelSpec(nodes=tuple(nodes), outputs=(previous,))


def _form(value: Any) -> str:
    """Which of the two forms it is; what is far too long is not looked at, layer by layer, at all."""
    layers = value.get("nodes") if isinstance(value, dict) else value
    if isinstance(layers, list | tuple) and len(layers) > MOST_NODES:
        return "long"
    return "chain" if isinstance(value, list | tuple) else "graph"


def _too_long(value: Any) -> ModelSpec:
    raise PydanticCustomError(
        "too_many_layers",
        "A network may hold at most {limit} layers",
        {"limit": MOST_NODES, "zh": f"网络最多可有 {MOST_NODES} 层。"},
    )


def _as_graph(value: Any) -> ModelSpec:
    return value if isinstance(value, ModelSpec) else chain(value)


if TYPE_CHECKING:
    AnyModel = ModelSpec
else:
    AnyModel = Annotated[
        Annotated[ModelSpec, Tag("graph")]
        | Annotated[tuple[AnyLayer, ...], Field(max_length=MOST_NODES), Tag("chain")]
        | Annotated[SkipJsonSchema[Any], AfterValidator(_too_long), Tag("long")],
        Discriminator(_form),
        AfterValidator(_as_graph),
    ]
"""A field's type: a graph, or a plain list of layers that becomes one."""

_MODEL: TypeAdapter[ModelSpec] = TypeAdapter(AnyModel)


def parse_model(text: str | bytes) -> ModelSpec:
    """A spec from JSON; raises pydantic's ValidationError."""
    return _MODEL.validate_json(text, strict=True)
