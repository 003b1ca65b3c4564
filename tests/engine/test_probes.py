"""Frames of a watched sample: what they hold, and that watching changes no number."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from safetensors.numpy import load

from app.core.errors import GlassnetError
from app.engine.predict import predict
from app.engine.probes import GRID, Moment, Prober, plane
from app.engine.trainer import Trainer
from app.protocol.frames import metadata
from app.protocol.taps import TAP, GivenSample, StoredSample, Tap
from tests.engine.specs import CPU, digest, run_spec, trainer_of

MOMENT = Moment("r", 2)
POINTS = {"type": "points_circle"}
MLP: list[dict[str, Any]] = [
    {"type": "dense", "units": 4},
    {"type": "tanh"},
    {"type": "dense", "units": 1},
]


def tap(**fields: Any) -> Tap:
    return TAP.validate_json(json.dumps(fields))


def values(tensors: dict[str, NDArray[Any]], name: str) -> NDArray[np.float64]:
    """A quantised tensor as numbers again."""
    codes = tensors[name].astype(np.float64)
    shape = (-1,) + (1,) * (codes.ndim - 1)
    scale = tensors[f"{name}.scale"].astype(np.float64).reshape(shape)
    return (codes - 2) * scale + tensors[f"{name}.zero"].astype(np.float64).reshape(shape)


def expected(trainer: Trainer, x: torch.Tensor) -> dict[str, NDArray[np.float32]]:
    """Every node's output, module by module."""
    found = {"input": x[0].numpy()}
    trainer.network.eval()
    with torch.no_grad():
        for name in trainer.network.order:
            x = trainer.network.node(name)(x)
            found[name] = x[0].numpy()
    trainer.network.train()
    return found


def test_activations_of_every_node() -> None:
    trainer = trainer_of(run_spec())
    frame = Prober(trainer).frame(tap(sample={"kind": "stored", "index": 5}), MOMENT)
    tensors = load(frame)
    real = expected(trainer, trainer.data.val.inputs(trainer.data.val.rows[5:6]))
    for name, array in real.items():
        seen = values(tensors, f"{name}.activation")
        assert seen.shape == array.shape
        step = tensors[f"{name}.activation.scale"].max()
        np.testing.assert_allclose(seen, array, atol=0.51 * step + 1e-6)
    output = np.exp(real["fc1"] - real["fc1"].max())
    np.testing.assert_allclose(tensors["output.probabilities"], output / output.sum(), rtol=1e-5)
    about = metadata(frame)
    assert (about["run"], about["branch"], about["step"]) == ("r", "2", "0")
    assert json.loads(about["sample"]) == {"kind": "stored", "split": "val", "index": 5}
    assert int(about["label"]) == int(trainer.data.arrays.val_y[5])


def test_kernels_have_a_range_for_each_output_map() -> None:
    trainer = trainer_of(run_spec())
    tensors = load(Prober(trainer).frame(tap(roles=["kernel"]), MOMENT))
    weight = trainer.network.node("conv1").get_parameter("weight").detach().numpy()
    assert tensors["conv1.kernel.scale"].shape == (4,)
    np.testing.assert_allclose(values(tensors, "conv1.kernel"), weight, atol=2e-3)
    assert tensors["conv1.bias.scale"].shape == (1,)
    assert "output.probabilities" in tensors
    assert "conv1.activation" not in tensors


def test_only_the_named_nodes() -> None:
    prober = Prober(trainer_of(run_spec()))
    tensors = load(prober.frame(tap(roles=["activation", "kernel"], nodes=["conv1"]), MOMENT))
    heads = {name.split(".")[0] for name in tensors}
    assert heads == {"conv1", "output"}


def test_decision_maps() -> None:
    trainer = trainer_of(run_spec(MLP, dataset=POINTS, loss={"type": "squared_error"}))
    tensors = load(Prober(trainer).frame(tap(roles=["decision"]), MOMENT))
    assert tensors["fc1.decision"].shape == (4, GRID, GRID)
    weight, bias = (trainer.network.node("fc1").get_parameter(p) for p in ("weight", "bias"))
    axis = -6 + 12 * (np.arange(GRID) + 0.5) / GRID
    x, y = np.meshgrid(axis, axis[::-1])
    for unit in range(4):
        w, b = weight[unit].tolist(), bias[unit].item()
        np.testing.assert_allclose(
            values(tensors, "fc1.decision")[unit], w[0] * x + w[1] * y + b, atol=0.04
        )


def test_plane_begins_at_the_top_left() -> None:
    points = plane(CPU)
    assert points.shape == (GRID * GRID, 2)
    assert points[0].tolist() == pytest.approx([-5.875, 5.875])
    assert points[1].tolist() == pytest.approx([-5.625, 5.875])
    assert points[-1].tolist() == pytest.approx([5.875, -5.875])


def test_pictures_have_no_decision_maps() -> None:
    tensors = load(Prober(trainer_of(run_spec())).frame(tap(roles=["decision"]), MOMENT))
    assert set(tensors) == {"output.probabilities"}


def test_given_sample_is_read_in_the_inputs_order() -> None:
    trainer = trainer_of(run_spec())
    stored = trainer.data.arrays.val_x[3]
    given = GivenSample(values=tuple(float(v) for v in stored.reshape(-1)))
    prober = Prober(trainer)
    one, one_frame = predict(trainer, prober, given, MOMENT)
    other, other_frame = predict(trainer, prober, StoredSample(index=3), MOMENT)
    assert one["outputs"] == other["outputs"]
    assert one["label"] == other["label"] == int(np.argmax(one["outputs"]))
    assert sum(one["probabilities"]) == pytest.approx(1)
    assert one["target"] is None
    assert other["target"] == int(trainer.data.arrays.val_y[3])
    a, b = load(one_frame), load(other_frame)
    for name, array in a.items():
        np.testing.assert_array_equal(array, b[name])
        assert array.dtype == np.float32
    np.testing.assert_array_equal(a["input.activation"], stored)


def test_single_output_decides_by_its_sign() -> None:
    trainer = trainer_of(run_spec(MLP, dataset=POINTS, loss={"type": "squared_error"}))
    prediction, _ = predict(trainer, Prober(trainer), GivenSample(values=(1.0, 2.0)), MOMENT)
    assert prediction["probabilities"] is None
    assert prediction["readout"] == "raw"
    assert prediction["label"] == int(prediction["outputs"][0] > 0)


@pytest.mark.parametrize(
    "sample",
    [GivenSample(values=(1.0,)), StoredSample(index=10_000), StoredSample(index=9_000_000)],
)
def test_samples_that_do_not_fit(sample: GivenSample | StoredSample) -> None:
    trainer = trainer_of(run_spec())
    with pytest.raises(GlassnetError) as refused:
        predict(trainer, Prober(trainer), sample, MOMENT)
    assert refused.value.code == "sample_misfit"
    assert trainer.network.training


def test_numbers_that_are_not_finite_stay_visible() -> None:
    trainer = trainer_of(run_spec())
    with torch.no_grad():
        trainer.network.node("fc1").get_parameter("bias")[2] = float("nan")
        trainer.network.node("fc1").get_parameter("bias")[4] = float("inf")
    prober = Prober(trainer)
    tensors = load(prober.frame(tap(), MOMENT))
    assert tensors["fc1.activation"][[2, 4]].tolist() == [0, 255]
    assert tensors["fc1.activation"][[0, 1, 3]].min() >= 2
    prediction, _ = predict(trainer, prober, StoredSample(), MOMENT)
    assert prediction["outputs"][2] == "NaN"
    assert prediction["outputs"][4] == "Infinity"
    json.dumps(prediction, allow_nan=False)


def test_watching_changes_no_number() -> None:
    watched, alone = trainer_of(run_spec()), trainer_of(run_spec())
    prober = Prober(watched)
    for _ in range(20):
        watched.step()
        prober.frame(tap(roles=["activation", "kernel"]), MOMENT)
        watched.evaluate()
        alone.step()
    assert digest(watched) == digest(alone)


def test_gates_of_a_recurrent_layer_are_sent_on_demand() -> None:
    model: list[dict[str, Any]] = [
        {"type": "rows"},
        {"type": "lstm", "units": 5},
        {"type": "last_step"},
        {"type": "dense", "units": 10},
    ]
    trainer = trainer_of(run_spec(model, dataset={"type": "digits8"}))
    wanted = tap(roles=["gate"], nodes=["lstm1"], sample={"kind": "stored", "index": 3})
    tensors = load(Prober(trainer).frame(wanted, MOMENT))
    names = [n for n in tensors if n.startswith("lstm1.") and n.count(".") == 1]
    assert set(names) == {f"lstm1.gate_{gate}" for gate in "ifgoc"}
    x = trainer.network.node("rows1")(trainer.data.val.inputs(trainer.data.val.rows[3:4]))
    real = trainer.network.node("lstm1").gates(x)  # type: ignore[operator]
    for gate in "ifgoc":
        found = values(tensors, f"lstm1.gate_{gate}")
        assert found.shape == (8, 5)
        np.testing.assert_allclose(found, real[gate][0].detach().numpy(), atol=0.02)


def test_taps_of_one_look_share_a_pass_until_it_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    layers: list[dict[str, Any]] = [
        {"type": "lstm", "units": 3},
        {"type": "last_step"},
        {"type": "dense", "units": 1},
    ]
    adding = {"type": "adding", "length": 6, "samples": 100}
    trainer = trainer_of(run_spec(layers, dataset=adding, loss={"type": "squared_error"}))
    prober, passes = Prober(trainer), [0]
    real = trainer.network.forward_all

    def counted(x: torch.Tensor) -> dict[str, torch.Tensor]:
        passes[0] += 1
        return real(x)

    monkeypatch.setattr(trainer.network, "forward_all", counted)
    for role in ("activation", "gate"):
        frame = load(prober.frame(tap(roles=[role]), MOMENT, (0, 0, 0)))
    assert passes == [1]
    alone = load(Prober(trainer).frame(tap(roles=["gate"]), MOMENT))
    for name, value in alone.items():
        np.testing.assert_array_equal(frame[name], value)
    passes[0] = 0
    prober.let_go()
    prober.frame(tap(), MOMENT, (0, 0, 0))
    prober.frame(tap(sample={"kind": "stored", "index": 1}), MOMENT, (0, 0, 0))
    assert passes == [2]
