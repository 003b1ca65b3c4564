"""A small run for every part, found by its closed forms: what the reference pages open by one click.

Knows roles (layer, data set, loss, …) and shapes, no single part.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from typing import Any

from app.catalog.augmentations import Augmentation
from app.catalog.baselines import Baseline
from app.catalog.datasets import DATASETS, Dataset
from app.catalog.family import Part
from app.catalog.initializers import Initializer
from app.catalog.layers import Layer
from app.catalog.losses import Loss
from app.core.text import Text
from app.spec.base import Strict
from app.spec.check import check
from app.spec.run import RunSpec
from app.spec.training import SupervisedPhase

Json = dict[str, Any]
FLATTEN: Json = {"type": "flatten"}
RELU: Json = {"type": "relu"}
TANH: Json = {"type": "tanh"}
SGD: Json = {"type": "sgd", "learning_rate": 0.05, "momentum": 0.9}
SLOW: Json = {"type": "sgd", "learning_rate": 0.03}
ADAM: Json = {"type": "adam", "learning_rate": 0.005}
LSTM: Json = {"type": "lstm", "units": 64}
TEXT: Json = {"type": "shakespeare"}
PICTURES: Json = {"type": "digits8"}
PLANE: Json = {"type": "points_circle"}
ROWS: Json = {"type": "rows"}
SEQUENCE: Json = {"type": "reshape1d", "channels": 8, "length": 8}


class Example(Strict):
    """A run that shows one part, and what to call it."""

    title: Text
    spec: RunSpec


def example(part: type[Part]) -> Example | None:
    """The first network of the candidates that fits together; None where there is none."""
    return _found(part)


@cache
def _found(part: type[Part]) -> Example | None:
    for candidate in _candidates(part):
        spec = RunSpec.model_validate_json(json.dumps(candidate), strict=True)
        if check(spec.model, spec.training).ok:
            return Example(title=part.TITLE, spec=spec)
    return None


def _candidates(part: type[Part]) -> Iterator[Json]:
    shown = dict(part.EXAMPLES[0]) if part.EXAMPLES else {"type": part.kind()}
    if issubclass(part, Layer):
        yield from _of_layer(part, shown)
    elif issubclass(part, Dataset):
        yield from _of_dataset(part(), shown)
    elif issubclass(part, Loss):
        yield from _of_loss(part, shown)
    elif issubclass(part, Augmentation):
        yield from _of_augmentation(shown)
    elif issubclass(part, Baseline):
        yield from _beside(part)
    elif issubclass(part, Initializer):
        yield _run(_perceptron(shown), PICTURES)
    else:
        yield from _of_phase(part, shown)


def _dense(units: int, **fields: Any) -> Json:
    return {"type": "dense", "units": units, **fields}


def _conv(filters: int) -> Json:
    return {"type": "conv2d", "filters": filters, "kernel": 3, "padding": 1}


def _perceptron(init: Json) -> list[Json]:
    return [
        FLATTEN,
        _dense(32, init=init),
        RELU,
        _dense(32, init=init),
        RELU,
        _dense(10, init=init),
    ]


def _run(model: list[Json] | Json, dataset: Json, **phase: Any) -> Json:
    phases = [{"optimizer": SGD, "batch_size": 32, "epochs": 20, **phase}]
    return {"model": model, "training": {"dataset": dataset, "phases": phases}}


def _of_layer(part: type[Layer], layer: Json) -> Iterator[Json]:
    weighted = "init" in part.model_fields
    if part.TOKENS:
        yield _run([layer, LSTM, {"type": "dense_steps", "units": 67}], TEXT, optimizer=ADAM)
    if part.ARITY[0] > 1:
        yield _run(_joined(layer), PICTURES)
    if part.plot is not Part.plot:
        hidden = [_dense(8), layer, _dense(8), layer, _dense(2)]
        yield _run(hidden, PLANE, batch_size=10, optimizer=SLOW, epochs=200)
    heads: list[list[Json]] = [
        [_conv(8), RELU],
        [_conv(6), RELU],
        [SEQUENCE, {"type": "conv1d", "filters": 8, "kernel": 3, "padding": 1}, RELU],
        [FLATTEN, _dense(64), RELU],
    ]
    heads = [[], [SEQUENCE], [FLATTEN], *heads] if weighted else [*heads, []]
    after = [RELU] if weighted else []
    for head in heads:
        for tail in ([_dense(10)], [FLATTEN, _dense(10)]):
            yield _run([*head, layer, *after, *tail], PICTURES)
    steps = [ROWS] if part.REMEMBERS else [ROWS, LSTM]
    for tail in ([_dense(10)], [{"type": "last_step"}, _dense(10)]):
        yield _run([*steps, layer, *after, *tail], PICTURES)


def _joined(layer: Json) -> Json:
    """Two branches from one convolution that the layer brings together again."""
    nodes = [
        ("conv1", _conv(8), ["input"]),
        ("relu1", RELU, ["conv1"]),
        ("conv2", _conv(8), ["relu1"]),
        ("join", layer, ["relu1", "conv2"]),
        ("relu2", RELU, ["join"]),
        ("flat1", FLATTEN, ["relu2"]),
        ("fc1", _dense(10), ["flat1"]),
    ]
    return {
        "nodes": [{"id": name, "layer": one, "inputs": inputs} for name, one, inputs in nodes],
        "outputs": ["fc1"],
    }


def _of_dataset(dataset: Dataset, value: Json) -> Iterator[Json]:
    loss = "cross_entropy" if dataset.TASK == "classification" else "squared_error"
    settings: Json = {"loss": {"type": loss}}
    last = _dense(max(1, dataset.targets))
    if dataset.KIND == "text":
        head = [{"type": "embedding", "size": 32}, LSTM]
        steps = {"type": "dense_steps", "units": max(1, dataset.targets)}
        yield _run([*head, steps], value, optimizer=ADAM)
        yield _run([*head, {"type": "last_step"}, last], value, optimizer=ADAM)
    if len(dataset.input_shape) == 1:
        if dataset.input_shape == (2,):
            settings |= {"batch_size": 10, "optimizer": SLOW, "epochs": 200}
        yield _run([_dense(8), TANH, _dense(8), TANH, last], value, **settings)
    yield _run([_conv(8), RELU, {"type": "max_pool2d"}, FLATTEN, last], value, **settings)
    yield _run([FLATTEN, _dense(32), RELU, last], value, **settings)


def _of_loss(part: type[Loss], loss: Json) -> Iterator[Json]:
    """Points where it suits classes, else whatever set it suits."""
    for dataset in (PLANE, *({"type": kind} for kind in DATASETS.parts)):
        made = DATASETS.parts[dataset["type"]]()
        for size in part().output_sizes(made.TASK, made.targets) if made.TASK in part.TASKS else ():
            hidden = [_dense(8), TANH, _dense(8), TANH, _dense(max(1, size))]
            yield _run(hidden, dataset, loss=loss, batch_size=10, optimizer=SLOW, epochs=200)


def _beside(part: type[Baseline]) -> Iterator[Json]:
    """A small network on data that the baseline suits, to be compared with it."""
    kind = "digits8" if "classification" in part.TASKS else "diabetes"
    yield from _of_dataset(DATASETS.parts[kind](), {"type": kind})


def _of_augmentation(value: Json) -> Iterator[Json]:
    run = _run([_conv(8), RELU, {"type": "max_pool2d"}, FLATTEN, _dense(10)], PICTURES)
    yield {**run, "training": {**run["training"], "augmentations": [value]}}


def _of_phase(part: type[Part], value: Json) -> Iterator[Json]:
    """A choice of the training's phase: the field that takes it is told by trying."""
    for field in SupervisedPhase.model_fields:
        try:
            SupervisedPhase.model_validate_json(json.dumps({field: value}))
        except ValueError:
            continue
        yield _run(_perceptron({"type": "he"}), PICTURES, **{field: value})
