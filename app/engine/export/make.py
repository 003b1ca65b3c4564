"""An order for an export and its execution: data in, a file's bytes out."""

from __future__ import annotations

from pathlib import Path

import torch
from pydantic import BaseModel, ConfigDict

from app.core.text import Language
from app.engine.compile import Network
from app.engine.export.package import code_zip, notebook_zip
from app.engine.settings import in_force
from app.engine.trainer import Trainer
from app.engine.weights import parse_weights, put_weights
from app.protocol.commands import LoggedCommand, is_setting
from app.protocol.exports import Made
from app.protocol.refusals import CodeRestarts, OnnxMissing
from app.spec.run import RunSpec

LAST = 2**62
"""No step comes after it."""
INSTALL = "pip install 'glassnet[onnx]'"


class Order(BaseModel):
    """What is wanted of which run. Code begins at the first step; ONNX holds the given weights."""

    model_config = ConfigDict(frozen=True)

    kind: Made
    spec: RunSpec
    log: tuple[LoggedCommand, ...] = ()
    data_root: Path
    weights: Path | None = None
    language: Language = "en"


def make(order: Order, present: bytes) -> bytes:
    """The file; ``present`` are the run's present weights as safetensors. Raises GlassnetError."""
    if order.kind == "onnx":
        return _onnx(order, present)
    trainer = Trainer(order.spec, order.data_root, torch.device("cpu"), order.weights)
    if trainer.carries:
        raise CodeRestarts
    log = [entry for entry in order.log if is_setting(entry.command)]
    write = code_zip if order.kind == "code" else notebook_zip
    return write(trainer, log, order.language)


def _onnx(order: Order, present: bytes) -> bytes:
    try:
        import onnx  # noqa: F401
        import onnxscript  # noqa: F401
    except ImportError:
        raise OnnxMissing(command=INSTALL) from None
    from app.engine.export.onnx import onnx_file

    network = Network(order.spec)
    put_weights(network, parse_weights(present))
    network.silence(in_force(order.spec, order.log, LAST).silenced)
    return onnx_file(network)
