"""Weights that were brought along: read from a verified file, put into a network in place of drawn ones."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors.torch import load, load_file

from app.core.errors import NotFound
from app.core.text import text

Weights = Mapping[str, torch.Tensor]


def read_weights(path: Path) -> Weights:
    """The tensors of a stored file; raises NotFound."""
    try:
        return load_file(path)
    except FileNotFoundError:
        raise NotFound(kind=text("file of weights", "权值文件"), name=path.stem) from None


def parse_weights(blob: bytes) -> Weights:
    """The tensors of a safetensors file in memory."""
    return load(blob)


def put_weights(network: torch.nn.Module, weights: Weights | None) -> None:
    """Copy what is given over what the network holds; names and shapes are known to fit."""
    if weights is None:
        return
    with torch.no_grad():
        for name, value in network.state_dict().items():
            if name in weights:
                value.copy_(weights[name])
