"""What recurrent layers are said to keep for the way back, beside what PyTorch really saves."""

from __future__ import annotations

import json
from typing import Any

import pytest
import torch

from app.spec.check import check
from app.spec.run import RunSpec

BATCH, STEPS = 16, 20


def saved(module: torch.nn.Module, x: torch.Tensor) -> int:
    """Bytes of the storages that autograd keeps, the weights' own left out."""
    own = {p.untyped_storage().data_ptr() for p in module.parameters()}
    seen: dict[int, int] = {}

    def pack(tensor: torch.Tensor) -> torch.Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in own:
            seen[storage.data_ptr()] = storage.nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        output = module(x)
    seen[output.untyped_storage().data_ptr()] = output.untyped_storage().nbytes()
    return sum(seen.values())


@pytest.mark.parametrize(
    "layer",
    [
        {"type": "rnn"},
        {"type": "rnn", "layers": 3},
        {"type": "lstm"},
        {"type": "lstm", "layers": 2},
        {"type": "lstm", "bidirectional": True},
        {"type": "gru"},
        {"type": "gru", "layers": 2},
        {"type": "jordan", "outputs": 7},
        {"type": "banded_rnn", "reach": 2},
    ],
    ids=str,
)
def test_kept_values_are_about_what_autograd_saves(layer: dict[str, Any]) -> None:
    made = {
        "model": [{**layer, "units": 32}, {"type": "last_step"}, {"type": "dense", "units": 1}],
        "training": {
            "dataset": {"type": "adding", "length": STEPS},
            "phases": [{"loss": {"type": "squared_error"}, "batch_size": BATCH}],
        },
    }
    spec = RunSpec.model_validate_json(json.dumps(made))
    report = check(spec.model, spec.training)
    node = report.nodes[0]
    x = torch.randn(BATCH, STEPS, 2, requires_grad=True)
    real = saved(spec.model.nodes[0].layer.build(((STEPS, 2),)), x) - x.nbytes
    assert 0.75 < 4 * BATCH * (node.activations + node.kept) / real < 1.35
    assert node.memory.activations == 4 * BATCH * (2 * node.activations + node.kept)
    assert report.totals.kept == node.kept
    assert report.totals.sample_bytes == 4 * (2 * report.totals.activations + node.kept)
