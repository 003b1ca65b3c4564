"""Why an answer is what it is: a copy of the run's network, in float64, asked by one method.

Runs in a process of its own: no run waits, and none carries Captum's memory.
"""

from __future__ import annotations

import json

import torch
from pydantic import BaseModel, ConfigDict
from safetensors.torch import load

from app.catalog.attributions import AnyAttribution, Subject
from app.catalog.layers._base import CONVOLUTION
from app.core.text import text
from app.engine.compile import Network, needed
from app.engine.settings import in_force
from app.engine.snapshots import serialise
from app.engine.trainer import Trainer
from app.engine.weights import put_weights
from app.protocol.attribution import NoSuchTarget, NothingDecidedHere
from app.protocol.commands import LoggedCommand
from app.protocol.refusals import NothingDecided, TokensOnly
from app.protocol.taps import AnySample
from app.spec.run import RunSpec

INPUT_TENSOR = "@input"
_FAILED = text("it could not be computed ({reason}).", "无法计算（{reason}）。")


class Question(BaseModel):
    """What the job is asked; weights and the input come beside it."""

    model_config = ConfigDict(frozen=True)

    spec: RunSpec
    log: tuple[LoggedCommand, ...] = ()
    step: int
    branch: int
    method: AnyAttribution
    target: int | None = None


class _Outputs(torch.nn.Module):
    """The network's outputs; of a single output for two classes both sides of it."""

    def __init__(self, network: Network, *, two: bool) -> None:
        super().__init__()
        self.network = network
        self.two = two

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        made = self.network(x)
        return torch.cat([-made, made], 1) if self.two else made


def subject_of(trainer: Trainer, sample: AnySample) -> bytes:
    """Present weights and one input as a file: all that the job needs of the run."""
    if trainer.reconstructs:
        raise NothingDecided
    if trainer.data.tokens is not None:
        raise TokensOnly
    x = trainer.data.sample(sample)
    tensors = {**trainer.network.state_dict(), INPUT_TENSOR: x.contiguous()}
    return b"".join(serialise(tensors, {}))


def attribute(question: Question, payload: bytes) -> bytes:
    """A safetensors file: ``attribution`` and ``input`` (*shape), ``outputs`` (K,); the facts of the
    method are in its metadata. Raises NoSuchTarget, NothingDecidedHere,
    DoesNotApply."""
    network, x = _prepared(question, payload)
    loss = question.spec.training.phase.loss
    function = _Outputs(
        network, two=loss.READOUT == "sigmoid" and network.shapes[network.output] == (1,)
    )
    with torch.no_grad():
        outputs = function(x)[0]
    if question.target is None and bool(outputs.isnan().any()):
        raise NothingDecidedHere(pointer="/target")
    target = int(outputs.argmax()) if question.target is None else question.target
    if target >= len(outputs):
        raise NoSuchTarget(pointer="/target", count=len(outputs), target=target)
    names = needed(network.output, network.sources)
    subject = Subject(
        function=function,
        x=x,
        target=target,
        nodes={name: network.node(name) for name in names},
        shapes=network.shapes,
        convolutions=tuple(
            name
            for name in names
            if network.layers[name].GROUP == CONVOLUTION and len(network.shapes[name]) == 3
        ),
    )
    found = question.method.attribute(subject)
    tensors = {
        "attribution": found.values.float(),
        "input": x[0].float(),
        "outputs": outputs.float(),
    }
    if found.coarse is not None:
        tensors["coarse"] = found.coarse.float()
    facts = {
        "method": question.method.model_dump_json(),
        "target": str(target),
        "score": repr(float(outputs[target])),
        "signed": json.dumps(found.signed),
        "step": str(question.step),
        "branch": str(question.branch),
        **{name: str(value) for name, value in found.facts.items()},
    }
    return b"".join(serialise(tensors, facts))


def _prepared(question: Question, payload: bytes) -> tuple[Network, torch.Tensor]:
    """The network as it stands, silenced units included, and the input; both in float64."""
    tensors = load(payload)
    x = tensors.pop(INPUT_TENSOR)
    network = Network(question.spec)
    put_weights(network, tensors)
    network.silence(in_force(question.spec, question.log, question.step).silenced)
    network.double().mode(training=False)
    for parameter in network.parameters():
        parameter.requires_grad_(False)
    return network, x.double().requires_grad_()
