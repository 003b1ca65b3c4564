"""Autoencoders: training on the inputs themselves, against a plain PyTorch loop and bit for bit."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.numpy import load
from torch import nn

from app.engine.data import epoch_order
from app.engine.predict import predict
from app.engine.probes import Moment, Prober
from app.engine.snapshots import file_name
from app.engine.trainer import Trainer
from app.protocol.frames import metadata
from app.protocol.taps import SAMPLE, TAP, AnySample, StoredSample
from app.spec.run import RunSpec
from tests.engine.specs import ADAM, SGD, Driven, Layers, run_spec, trainer_of

DENSE: Layers = [
    {"type": "flatten"},
    {"type": "dense", "units": 12},
    {"type": "tanh"},
    {"type": "dense", "units": 64},
    {"type": "sigmoid"},
    {"type": "reshape", "channels": 1, "height": 8, "width": 8},
]
CONVOLUTIONAL: Layers = [
    {"type": "conv2d", "filters": 4, "kernel": 3, "padding": 1},
    {"type": "relu"},
    {"type": "max_pool2d"},
    {"type": "transposed_conv2d", "filters": 4, "kernel": 2, "stride": 2},
    {"type": "relu"},
    {"type": "conv2d", "filters": 1, "kernel": 3, "padding": 1},
]
POINTS: Layers = [{"type": "dense", "units": 1}, {"type": "tanh"}, {"type": "dense", "units": 2}]
CASES = {
    "dense": (DENSE, {"type": "digits8"}),
    "convolutional": (CONVOLUTIONAL, {"type": "digits8"}),
    "points": (POINTS, {"type": "points_gauss"}),
}
each_case = pytest.mark.parametrize("case", CASES)
MOMENT = Moment("r", 0)


def autoencoder(case: str, **changes: Any) -> RunSpec:
    layers, dataset = CASES[case]
    given: dict[str, Any] = {"optimizer": ADAM, "loss": {"type": "squared_error"}, **changes}
    return run_spec(layers, dataset=dataset, target="input", **given)


def plain(case: str) -> nn.Sequential:
    """The network as a user of PyTorch writes it."""
    if case == "dense":
        decode = (nn.Linear(12, 64), nn.Sigmoid(), nn.Unflatten(1, (1, 8, 8)))
        return nn.Sequential(nn.Flatten(), nn.Linear(64, 12), nn.Tanh(), *decode)
    if case == "points":
        return nn.Sequential(nn.Linear(2, 1), nn.Tanh(), nn.Linear(1, 2))
    return nn.Sequential(
        nn.Conv2d(1, 4, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.ConvTranspose2d(4, 4, 2, stride=2),
        nn.ReLU(),
        nn.Conv2d(4, 1, 3, padding=1),
    )


def same_weights(trainer: Trainer, network: nn.Sequential) -> None:
    ours = (p.detach().clone() for p in trainer.network.parameters())
    with torch.no_grad():
        for theirs, value in zip(network.parameters(), ours, strict=True):
            theirs.copy_(value)


@each_case
def test_training_is_a_plain_loop_on_the_inputs(case: str) -> None:
    trainer = trainer_of(autoencoder(case, batch_size=32))
    network = plain(case)
    same_weights(trainer, network)
    x = torch.from_numpy(trainer.data.arrays.train_x.copy())
    optimizer = torch.optim.Adam(network.parameters(), lr=0.01)
    losses = []
    order = epoch_order(3, 0, len(x))
    for start in range(0, min(len(x), 20 * 32), 32):
        index = order[start : start + 32]
        optimizer.zero_grad()
        loss = nn.functional.mse_loss(network(x[index]), x[index])
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        losses.append(loss.item())
        trainer.step()
    made = [point.loss for point in trainer.read_metrics()]
    np.testing.assert_allclose(made, losses[: len(made)], rtol=1e-5)
    for ours, theirs in zip(trainer.network.parameters(), network.parameters(), strict=True):
        np.testing.assert_allclose(ours.detach(), theirs.detach(), atol=1e-5)


@each_case
def test_evaluation_is_the_mean_over_the_validation_set(case: str) -> None:
    trainer = trainer_of(autoencoder(case, batch_size=37))
    x = torch.from_numpy(trainer.data.arrays.val_x.copy())
    with torch.no_grad():
        want = nn.functional.mse_loss(trainer.network(x), x).item()
    loss, accuracy = trainer.evaluate()
    assert loss == pytest.approx(want, rel=1e-5)
    assert accuracy is None


def test_the_data_are_not_held_twice() -> None:
    data = trainer_of(autoencoder("dense")).data
    inputs, targets, labels = data.train.batch(torch.arange(5))
    assert targets is inputs
    assert labels is None
    assert data.train.targets is None
    assert data.val.wanted(3, 2).data_ptr() == data.val.rows[3:].data_ptr()


@pytest.mark.parametrize("optimizer", [SGD, ADAM], ids=["sgd", "adam"])
@each_case
def test_resumed_and_rewound_bit_for_bit(
    case: str, optimizer: dict[str, Any], tmp_path: Path
) -> None:
    spec = autoencoder(case, optimizer=optimizer, epochs=9)
    driven = Driven(spec, tmp_path)
    at_9, at_21 = driven.to(9).digest, driven.to(21).digest
    assert driven.do("rewind", step=9).digest == at_9
    assert driven.to(21).digest == at_21
    resumed = Driven(spec, tmp_path, snapshot=file_name(0, 9), replay_to=15)
    assert resumed.to(21).digest == at_21


def test_the_loss_falls_and_nothing_is_said_of_accuracy(tmp_path: Path) -> None:
    driven = Driven(autoencoder("convolutional", epochs=3), tmp_path)
    driven.do("play")
    checks = driven.of("validation")
    assert [event.accuracy for event in checks] == [None] * 4
    assert checks[-1].train_accuracy is None
    assert checks[-1].loss < 0.5 * checks[0].loss
    assert all(event.accuracy is None for event in driven.of("metrics"))


def sample(**fields: Any) -> AnySample:
    return SAMPLE.validate_json(json.dumps(fields))


@each_case
def test_a_frame_has_the_reconstruction_and_its_loss(case: str) -> None:
    trainer = trainer_of(autoencoder(case))
    tap = TAP.validate_json(json.dumps({"roles": ["activation", "decision"]}))
    frame = Prober(trainer).frame(tap, MOMENT)
    tensors, facts = load(frame), metadata(frame)
    x = trainer.data.sample(StoredSample())
    with torch.no_grad():
        output = trainer.network(x)
    node = trainer.network.output
    assert tensors[f"{node}.activation"].shape == tuple(x.shape[1:])
    assert float(facts["loss"]) == pytest.approx(float(((output - x) ** 2).mean()), rel=1e-4)
    assert "label" not in facts
    assert "output.probabilities" not in tensors
    assert (f"{node}.decision" in tensors) == (case == "points")
    nothing = TAP.validate_json(json.dumps({"roles": ["activation"], "nodes": []}))
    assert load(Prober(trainer).frame(nothing, MOMENT)) == {}


@each_case
def test_a_prediction_is_the_reconstruction(case: str) -> None:
    trainer = trainer_of(autoencoder(case))
    x = trainer.data.sample(StoredSample())
    drawn = sample(kind="given", values=x.flatten().tolist())
    said, frame = predict(trainer, Prober(trainer), drawn, MOMENT)
    stored, _ = predict(trainer, Prober(trainer), StoredSample(), MOMENT)
    assert stored == said
    assert (said["label"], said["target"], said["probabilities"]) == (None, None, None)
    with torch.no_grad():
        output = trainer.network(x)
    np.testing.assert_allclose(said["outputs"], output.flatten(), atol=1e-6)
    assert said["loss"] == pytest.approx(float(((output - x) ** 2).mean()), rel=1e-4)
    node = trainer.network.output
    np.testing.assert_allclose(load(frame)[f"{node}.activation"], output[0], atol=1e-6)
