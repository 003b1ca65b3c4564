"""Attributions against their definitions written out with plain torch; the samples that excite a map."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load

from app.catalog.attributions import ATTRIBUTIONS
from app.core.errors import GlassnetError
from app.engine.attribution import Question, attribute, subject_of
from app.engine.trainer import Trainer
from app.features.top_activations.engine import exciting, receptive_patch
from app.features.top_activations.schema import ExcitingWanted
from app.protocol.frames import metadata
from app.protocol.taps import StoredSample
from tests.engine.specs import Driven, Layers, run_spec, trainer_of

NET: Layers = [
    {"type": "conv2d", "filters": 4, "kernel": 3, "padding": 1},
    {"type": "tanh"},
    {"type": "mean_pool2d"},
    {"type": "conv2d", "filters": 5, "kernel": 3},
    {"type": "sigmoid"},
    {"type": "flatten"},
    {"type": "dense", "units": 10},
]
SAMPLE = StoredSample(split="val", index=3)


@pytest.fixture(scope="module")
def trained() -> Driven:
    return Driven(run_spec(NET)).to(12)


def asked(
    trainer: Trainer, method: dict[str, Any], target: int | None = 7, **more: Any
) -> tuple[dict[str, torch.Tensor], dict[str, str]]:
    part = ATTRIBUTIONS.parts[method["type"]].model_validate(method)
    question = Question(
        spec=trainer.spec, step=trainer.cursor.step, branch=0, method=part, target=target, **more
    )
    blob = attribute(question, subject_of(trainer, SAMPLE))
    return load(blob), metadata(blob)


def plain(trainer: Trainer) -> tuple[Any, torch.Tensor]:
    """The network as a function of its input in float64, one layer after the other; and the input."""
    copy = trainer_of(trainer.spec).network
    copy.load_state_dict(trainer.network.state_dict())
    copy.double().eval()
    x = trainer.data.sample(SAMPLE).double()
    return copy, x


def test_every_method_is_tested_here() -> None:
    assert set(ATTRIBUTIONS.parts) == {"saliency", "integrated_gradients", "grad_cam", "occlusion"}


@pytest.mark.parametrize("signed", [False, True])
def test_saliency_is_the_gradient(trained: Driven, signed: bool) -> None:
    network, x = plain(trained.session.trainer)
    x.requires_grad_()
    (gradient,) = torch.autograd.grad(network(x)[0, 7], x)
    found, facts = asked(trained.session.trainer, {"type": "saliency", "signed": signed})
    expected = gradient[0] if signed else gradient[0].abs()
    torch.testing.assert_close(found["attribution"].double(), expected, rtol=1e-6, atol=1e-9)
    score = float(network(x)[0, 7].detach())
    assert float(facts["score"]) == pytest.approx(score, rel=1e-12)


def test_integrated_gradients_are_the_integral_and_complete(trained: Driven) -> None:
    network, x = plain(trained.session.trainer)
    nodes, weights = np.polynomial.legendre.leggauss(64)
    total = torch.zeros_like(x)
    for node, weight in zip((nodes + 1) / 2, weights / 2, strict=True):
        at = (x * node).requires_grad_()
        total += weight * torch.autograd.grad(network(at)[0, 7], at)[0]
    found, facts = asked(trained.session.trainer, {"type": "integrated_gradients"})
    torch.testing.assert_close(found["attribution"].double(), (x * total)[0], rtol=1e-5, atol=1e-8)
    with torch.no_grad():
        empty = float(network(x * 0)[0, 7].detach())
        difference = float(network(x)[0, 7].detach()) - empty
    assert float(found["attribution"].double().sum()) == pytest.approx(difference, abs=1e-5)
    assert abs(float(facts["completeness_delta"])) < 1e-9
    assert float(facts["baseline_score"]) == pytest.approx(empty, rel=1e-12)


@pytest.mark.parametrize("layer", [None, "tanh1"])
def test_grad_cam_weighs_maps_by_their_mean_gradient(trained: Driven, layer: str | None) -> None:
    network, x = plain(trained.session.trainer)
    values = {"input": x}
    for name in network.order:
        values[name] = network.node(name)(*(values[s] for s in network.sources[name]))
    name = layer or "conv2"
    (gradient,) = torch.autograd.grad(values[network.output][0, 7], values[name])
    weights = gradient.mean((2, 3), keepdim=True)
    expected = (weights * values[name]).sum(1)[0].clamp_min(0)
    found, facts = asked(trained.session.trainer, {"type": "grad_cam", "layer": layer})
    assert facts["layer"] == name
    torch.testing.assert_close(found["coarse"].double(), expected.detach(), rtol=1e-6, atol=1e-9)
    assert found["attribution"].shape == x.shape[1:]


def test_occlusion_is_what_the_answer_loses(trained: Driven) -> None:
    network, x = plain(trained.session.trainer)
    whole = float(network(x)[0, 7].detach())
    losses = torch.zeros(8, 8, dtype=torch.float64)
    covers = torch.zeros(8, 8, dtype=torch.float64)
    for row in range(0, 8 - 3 + 2, 2):
        for column in range(0, 8 - 3 + 2, 2):
            covered = x.clone()
            covered[..., row : row + 3, column : column + 3] = 0.25
            losses[row : row + 3, column : column + 3] += whole - float(
                network(covered)[0, 7].detach()
            )
            covers[row : row + 3, column : column + 3] += 1
    found, _ = asked(
        trained.session.trainer, {"type": "occlusion", "window": 3, "stride": 2, "value": 0.25}
    )
    torch.testing.assert_close(
        found["attribution"][0].double(), losses / covers, rtol=1e-5, atol=1e-7
    )


def test_the_target_is_what_the_network_decides_for(trained: Driven) -> None:
    found, facts = asked(trained.session.trainer, {"type": "saliency"}, target=None)
    assert int(facts["target"]) == int(found["outputs"].argmax())


def test_points_and_single_outputs() -> None:
    layers: Layers = [
        {"type": "dense", "units": 6},
        {"type": "tanh"},
        {"type": "dense", "units": 1},
    ]
    spec = run_spec(
        layers, dataset={"type": "points_circle"}, loss={"type": "binary_cross_entropy"}
    )
    trainer = trainer_of(spec)
    no, _ = asked(trainer, {"type": "saliency", "signed": True}, target=0)
    yes, _ = asked(trainer, {"type": "saliency", "signed": True}, target=1)
    assert torch.equal(no["attribution"], -yes["attribution"])
    assert asked(trainer, {"type": "occlusion"}, target=1)[0]["attribution"].shape == (2,)
    with pytest.raises(GlassnetError) as caught:
        asked(trainer, {"type": "grad_cam"}, target=1)
    problem = caught.value.problem()
    assert problem.code == "does_not_apply"
    assert "saliency" in problem.message.en
    assert "显著性" in problem.message.zh


@pytest.mark.parametrize(
    ("method", "target", "code"),
    [
        ({"type": "grad_cam", "layer": "fc1"}, 0, "does_not_apply"),
        ({"type": "grad_cam", "layer": "nothing"}, 0, "does_not_apply"),
        ({"type": "saliency"}, 10, "no_such_target"),
    ],
)
def test_what_is_not_there_is_refused(
    trained: Driven, method: dict[str, Any], target: int, code: str
) -> None:
    with pytest.raises(GlassnetError) as caught:
        asked(trained.session.trainer, method, target)
    assert caught.value.problem().code == code


@pytest.mark.parametrize("by", ["maximum", "mean"])
def test_the_samples_that_excite_a_map_most(trained: Driven, by: str) -> None:
    trainer = trained.session.trainer
    before = trained.digest
    wanted = ExcitingWanted(node="sigm1", unit=2, by=by, count=5)  # type: ignore[arg-type]
    found = exciting(trainer, 0, wanted)
    split = trainer.data.train
    trainer.network.mode(training=False)
    with torch.no_grad():
        maps = trainer.network.forward_all(split.inputs(split.rows))["sigm1"][:, 2]
    trainer.network.mode(training=True)
    flat = maps.flatten(1)
    strength = flat.max(1).values if by == "maximum" else flat.mean(1)
    best = strength.topk(5)
    assert [float(one.value) for one in found.samples] == pytest.approx(best.values.tolist())
    for one in found.samples:
        here = maps[one.sample.index]
        assert float(here[one.place]) == float(here.max())
        assert one.label == int(trainer.data.arrays.train_y[one.sample.index])
    assert trained.digest == before


def test_the_receptive_patch_is_that_of_the_geometry(trained: Driven) -> None:
    """conv 3×3 padded, mean pool 2, conv 3×3: rows 2i−1 … 2i+6 of the input, cut at its edges."""
    network = trained.session.trainer.network
    for i, j in ((0, 0), (1, 0), (1, 1)):
        found = receptive_patch(network, "sigm1", (i, j))
        assert found is not None
        rows = (max(0, 2 * i - 1), min(8, 2 * i + 7))
        columns = (max(0, 2 * j - 1), min(8, 2 * j + 7))
        assert ((found.top, found.bottom), (found.left, found.right)) == (rows, columns)
