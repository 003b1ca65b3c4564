"""Which activation follows a layer: what initialisers make up for that are set to ``auto``."""

from __future__ import annotations

from app.catalog.layers import Layer
from app.spec.model import ModelSpec

LINEAR = 1.0


def gains(model: ModelSpec) -> dict[str, float]:
    """For every node the gain of the first activation behind it; 1 where there is none.

    Layers that pass signals on (norms, pools, joins, dropout) are looked through; one with weights
    of its own is linear. Of several readers the first that has an answer gives it.
    """
    layers: dict[str, Layer] = {node.id: node.layer for node in model.nodes}
    readers: dict[str, list[str]] = {}
    for node in model.nodes:
        for source in node.inputs:
            readers.setdefault(source, []).append(node.id)
    found: dict[str, float | None] = {}

    def behind(name: str) -> float | None:
        if name not in found:
            found[name] = None  # a loop of wires leads to no activation
            answers = (_or(layers[reader].gain(), reader) for reader in readers.get(name, ()))
            found[name] = next((gain for gain in answers if gain is not None), None)
        return found[name]

    def _or(gain: float | None, reader: str) -> float | None:
        return behind(reader) if gain is None else gain

    return {name: behind(name) or LINEAR for name in layers}
