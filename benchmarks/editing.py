"""How long a check of a network takes: in the process, over HTTP, and with everything in it broken."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from statistics import median
from typing import Any

from app.catalog.datasets import DATASETS
from app.spec.check import check
from app.spec.model import parse_model
from app.spec.training import TrainingSpec
from benchmarks._report import at_most, plain, show
from benchmarks._serve import server

LAYERS = 100
ROUNDS = 41
CONV: dict[str, Any] = {"type": "conv2d", "filters": 16, "kernel": 3, "padding": 1}


def chain(layers: int) -> dict[str, Any]:
    """Convolutions and ReLUs, then a dense layer."""
    body = [CONV, {"type": "relu"}] * ((layers - 2) // 2)
    return named([*body, {"type": "flatten"}, {"type": "dense", "units": 10}])


def named(layers: list[dict[str, Any]]) -> dict[str, Any]:
    nodes = [
        {"id": f"n{i}", "layer": layer, "inputs": [f"n{i - 1}" if i else "input"]}
        for i, layer in enumerate(layers)
    ]
    return {"nodes": nodes, "outputs": [f"n{len(nodes) - 1}"]}


def residual(layers: int) -> dict[str, Any]:
    """Every third layer adds what three layers before it gave."""
    model = named([CONV] * layers)
    for i in range(3, layers, 3):
        model["nodes"][i].update(layer={"type": "add"}, inputs=[f"n{i - 1}", f"n{i - 3}"])
    return model


def broken(layers: int) -> dict[str, Any]:
    """Every tenth layer reads from one that is not there."""
    model = chain(layers)
    for node in model["nodes"][::10]:
        node["inputs"] = ["gone"]
    return model


def milliseconds(action: Callable[[], Any]) -> float:
    times = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        action()
        times.append(1000 * (time.perf_counter() - began))
    return median(times)


def main() -> None:
    """Run it."""
    training = TrainingSpec(dataset=DATASETS.parts["digits28"]())
    rows = []
    for name, model in (
        ("chain", chain(LAYERS)),
        ("residual network", residual(LAYERS)),
        ("ten broken wires", broken(LAYERS)),
    ):
        parsed = parse_model(json.dumps(model))
        took = milliseconds(lambda parsed=parsed: check(parsed, training))  # type: ignore[misc]
        rows.append(at_most(f"check of {LAYERS} layers, {name}", took, 50, "ms", 1))
    with server() as to:
        body = {"model": chain(LAYERS), "training": {"dataset": {"type": "digits28"}}}
        took = milliseconds(lambda: to.call("POST", "/models:check", body))
        rows.append(at_most(f"the same over HTTP, {LAYERS} layers, chain", took, 50, "ms", 1))
        body = {"model": chain(256), "training": {"dataset": {"type": "digits28"}}}
        took = milliseconds(lambda: to.call("POST", "/models:check", body))
        rows.append(plain("… 256 layers, the most there may be", took, "ms", 1))
    show(f"checks of networks while they are edited, median of {ROUNDS}", rows)


if __name__ == "__main__":
    main()
