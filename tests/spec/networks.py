"""Hypothesis strategies for whole networks: chains, graphs, broken wiring, any training."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from app.catalog.augmentations import AUGMENTATIONS
from app.catalog.datasets import DATASETS
from app.catalog.layers import LAYERS, Layer, ShapeMismatch, fitted
from app.catalog.losses import LOSSES
from app.catalog.optimizers import OPTIMIZERS
from app.catalog.schedules import SCHEDULES
from app.core.shapes import Tokens
from app.spec.groups import ParameterGroup
from app.spec.model import INPUT, ModelSpec, Node, chain
from app.spec.training import SupervisedPhase, TrainingSpec
from tests.catalog.strategies import parts

any_layer: st.SearchStrategy[Layer] = st.sampled_from(sorted(LAYERS.parts)).flatmap(
    lambda kind: parts(LAYERS.parts[kind])
)


def any_part(family: Any) -> st.SearchStrategy[Any]:
    return st.sampled_from(sorted(family.parts)).flatmap(lambda kind: parts(family.parts[kind]))


rates = st.builds(
    ParameterGroup,
    of=st.sampled_from(("a", "n0", "n1", "n1.weight", "n2.bias", "nowhere")),
    learning_rate=st.sampled_from((None, 0.0, 0.5)),
)
"""Rates of layers that random graphs may have, or have not."""


@st.composite
def trainings(draw: st.DrawFn) -> TrainingSpec:
    phase = SupervisedPhase(
        target=draw(st.sampled_from(("label", "label", "input"))),
        loss=draw(any_part(LOSSES)),
        optimizer=draw(any_part(OPTIMIZERS)),
        schedule=draw(any_part(SCHEDULES)),
        batch_size=draw(st.integers(1, 512)),
        epochs=draw(st.integers(1, 9)),
        groups=tuple(draw(st.lists(rates, max_size=3))),
    )
    # own data that are not there have a report of their own: test_own_data_that_are_not_there
    dataset = draw(any_part(DATASETS).filter(lambda one: not one.faults()))
    moved = draw(st.lists(any_part(AUGMENTATIONS), max_size=2))
    return TrainingSpec(dataset=dataset, augmentations=tuple(moved), phases=(phase,))


@st.composite
def chains(draw: st.DrawFn) -> ModelSpec:
    """One layer after the other; they seldom fit at once, which is the point."""
    return chain(tuple(draw(st.lists(any_layer, min_size=1, max_size=8))))


@st.composite
def fitting_chains(draw: st.DrawFn, training: TrainingSpec) -> ModelSpec:
    """A chain without misfits: a layer that does not fit is left out."""
    shape, layers = training.dataset.input_shape, []
    for layer in draw(st.lists(any_layer, min_size=1, max_size=8)):
        if layer.ARITY[0] > 1:
            continue
        try:
            after = fitted(layer, (shape,))
        except ShapeMismatch:
            continue
        if max(after) <= 4096 and (len(after) < 3 or after[0] * after[1] * after[2] <= 50_000):
            shape = after
            layers.append(layer)
    alone = "embedding" if isinstance(training.dataset.input_shape, Tokens) else "identity"
    return chain(tuple(layers) or (LAYERS.parts[alone](),))


names = st.sampled_from(("a", "b", "c", "d", "e", "f", INPUT, "train", "nowhere"))


@st.composite
def graphs(draw: st.DrawFn) -> ModelSpec:
    """Any wiring: branches, joins, loops, twice the same name, inputs that do not exist."""
    nodes = [
        Node(
            id=draw(names),
            layer=draw(any_layer),
            inputs=tuple(draw(st.lists(names, max_size=3))),
        )
        for _ in range(draw(st.integers(0, 6)))
    ]
    return ModelSpec(nodes=tuple(nodes), outputs=(draw(names),))


@st.composite
def wired(draw: st.DrawFn, training: TrainingSpec) -> ModelSpec:
    """A graph without misfits: every node reads earlier ones that fit it, many branch and join."""
    shapes, nodes = {INPUT: training.dataset.input_shape}, []
    for number in range(draw(st.integers(1, 8))):
        layer = draw(any_layer)
        sources = tuple(
            draw(st.sampled_from(sorted(shapes)))
            for _ in range(draw(st.integers(layer.ARITY[0], min(3, layer.ARITY[1]))))
        )
        try:
            shape = fitted(layer, tuple(shapes[source] for source in sources))
        except ShapeMismatch:
            continue
        if len(shape) == 3 and shape[0] * shape[1] * shape[2] > 50_000:
            continue
        shapes[f"n{number}"] = shape
        nodes.append(Node(id=f"n{number}", layer=layer, inputs=sources))
    last = nodes[-1].id if nodes else INPUT
    order = draw(st.permutations(nodes))  # a spec lists its nodes in any order
    return ModelSpec(nodes=tuple(order), outputs=(last,))


@st.composite
def miswired(draw: st.DrawFn, training: TrainingSpec) -> ModelSpec:
    """A sound graph with one or two slips of the hand: wires cut, turned, doubled; names; another end."""
    model = draw(wired(training))
    nodes, output = list(model.nodes), model.outputs[0]
    for _ in range(draw(st.integers(1, 2))):
        if not nodes:
            break
        place = draw(st.integers(0, len(nodes) - 1))
        ids = st.sampled_from([INPUT, "gone", *(node.id for node in nodes)])
        node, inputs = nodes[place], list(nodes[place].inputs)
        match draw(st.sampled_from(("cut", "turn", "add", "name", "drop", "layer", "end"))):
            case "cut":
                inputs = inputs[1:]
            case "turn":
                inputs = [draw(ids), *inputs[1:]]
            case "add":
                inputs = [*inputs, draw(ids)]
            case "name":
                node = node.model_copy(update={"id": draw(ids)})
            case "drop":
                del nodes[place]
                continue
            case "layer":
                node = node.model_copy(update={"layer": draw(any_layer)})
            case _:
                output = draw(ids)
        nodes[place] = node.model_copy(update={"inputs": tuple(inputs[:16])})
    return ModelSpec(nodes=tuple(nodes), outputs=(output,))


@st.composite
def any_network(draw: st.DrawFn, training: TrainingSpec) -> ModelSpec:
    """Sound and broken ones, chains and graphs."""
    kinds = (chains(), graphs(), wired(training), miswired(training), miswired(training))
    return draw(st.one_of(*kinds))


@st.composite
def wide_networks(draw: st.DrawFn) -> ModelSpec:
    """Networks over a picture near or beyond what one may cost: wide convolutions and dense layers."""
    layers: list[dict[str, Any]] = []
    for _ in range(draw(st.integers(0, 4))):
        filters, kernel = draw(st.integers(1, 512)), draw(st.sampled_from((1, 5, 11, 31)))
        layers.append({"type": "conv2d", "filters": filters, "kernel": kernel, "padding": 15})
    layers.append({"type": draw(st.sampled_from(("flatten", "global_mean_pool")))})
    layers += [
        {"type": "dense", "units": draw(st.integers(1, 8192))}
        for _ in range(draw(st.integers(0, 3)))
    ]
    return chain(
        tuple(
            LAYERS.parts[str(one["type"])].model_validate(one)
            for one in (*layers, {"type": "dense", "units": 10})
        )
    )
