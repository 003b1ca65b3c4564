"""Rates of single layers and parameters: the optimiser's own rule, each with its own numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from app.catalog.optimizers import OPTIMIZERS
from app.core.errors import GlassnetError
from app.engine.held import Members
from app.engine.update import Update
from app.spec.groups import PLAIN, ParameterGroup, Rate, rate_of
from tests.catalog.test_textbook_optimizers import TEXTBOOK
from tests.engine.specs import Driven, Layers, command, digest, run_spec, trainer_of

RULES: dict[str, dict[str, Any]] = {
    "sgd": {"type": "sgd", "learning_rate": 0.1, "weight_decay": 0.02},
    "momentum": {"type": "sgd", "learning_rate": 0.05, "momentum": 0.9},
    "nesterov": {"type": "sgd", "learning_rate": 0.05, "momentum": 0.8, "nesterov": True},
    "adagrad": {"type": "adagrad", "learning_rate": 0.1, "weight_decay": 0.02},
    "rmsprop": {"type": "rmsprop", "learning_rate": 0.01},
    "adam": {"type": "adam", "learning_rate": 0.02, "weight_decay": 0.02},
    "adamw": {"type": "adamw", "learning_rate": 0.02, "weight_decay": 0.1},
}
each_rule = pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
FLAT: Layers = [
    {"type": "flatten"},
    {"type": "dense", "units": 12},
    {"type": "tanh"},
    {"type": "dense", "units": 10},
]
GROUPS: list[dict[str, Any]] = [
    {"of": "fc1", "learning_rate": 0.25, "weight_decay": 0.3},
    {"of": "fc1.bias", "learning_rate": 2.0},
    {"of": "fc2.weight", "weight_decay": 0.0},
]


@each_rule
def test_each_group_follows_the_textbooks_rule(rule: dict[str, Any]) -> None:
    """In float64, twelve steps, three groups of their own rate and decay."""
    part = OPTIMIZERS.parts[rule["type"]].model_validate(rule)
    random = np.random.RandomState(5)
    weights = [random.standard_normal((3, 2)) for _ in range(3)]
    gradients = [[random.standard_normal((3, 2)) for _ in range(12)] for _ in range(3)]
    rates = [Rate(), Rate(factor=0.1), Rate(factor=3.0, weight_decay=0.5)]
    parameters = [torch.nn.Parameter(torch.from_numpy(w.copy())) for w in weights]
    update = Update(part.build(parameters))
    members = [
        Members([p], rate.factor, rate.weight_decay)
        for p, rate in zip(parameters, rates, strict=True)
    ]
    update.arrange(part.options(), members)
    for step in range(12):
        for parameter, given in zip(parameters, gradients, strict=True):
            parameter.grad = torch.from_numpy(given[step].copy())
        update.step()
    for parameter, start, given, rate in zip(parameters, weights, gradients, rates, strict=True):
        decay = part.weight_decay if rate.weight_decay is None else rate.weight_decay  # type: ignore[attr-defined]
        eta = part.learning_rate * rate.factor
        numbers = part.model_copy(update={"learning_rate": eta, "weight_decay": decay})
        want = TEXTBOOK[part.kind()](numbers, start, given)[-1]
        np.testing.assert_allclose(parameter.detach().numpy(), want, rtol=1e-12, atol=1e-12)


@each_rule
def test_the_direct_step_with_groups_is_the_optimizers(rule: dict[str, Any]) -> None:
    ours, theirs = (
        trainer_of(run_spec(FLAT, optimizer=rule, groups=GROUPS, schedule={"type": "cosine"}))
        for _ in range(2)
    )
    assert theirs.optimizer is not None
    theirs.updater.step = theirs.optimizer.step  # type: ignore[union-attr, method-assign]
    for _ in range(12):
        ours.step()
        theirs.step()
    assert ours.updater is not None
    assert theirs.optimizer is not None
    assert len(theirs.optimizer.param_groups) == 4
    assert (ours.updater._kernel is None) == (rule["type"] in ("adagrad", "rmsprop"))
    for name, value in ours.state().items():
        assert torch.equal(value, theirs.state()[name]), name


def test_the_most_specific_entry_counts_number_by_number() -> None:
    groups = tuple(ParameterGroup(**one) for one in GROUPS)
    assert rate_of(groups, "fc1", "weight") == Rate(factor=0.25, weight_decay=0.3)
    assert rate_of(groups, "fc1", "bias") == Rate(factor=2.0, weight_decay=0.3)
    assert rate_of(groups, "fc2", "weight") == Rate(factor=1.0, weight_decay=0.0)
    assert rate_of(groups, "fc2", "bias") == PLAIN


@each_rule
def test_a_frozen_layer_stays_and_wakes(rule: dict[str, Any]) -> None:
    """Its weights and its state stay to the bit; unfrozen, it learns on."""
    frozen = {"of": "fc1", "learning_rate": 0.0}
    driven = Driven(run_spec(FLAT, optimizer=rule, groups=[frozen], epochs=9))
    trainer = driven.session.trainer

    def first() -> list[torch.Tensor]:
        return [p.detach().clone() for p in trainer.network.node("fc1").parameters()]

    start = first()
    driven.to(7)
    assert all(torch.equal(a, b) for a, b in zip(start, first(), strict=True))
    assert driven.of("metrics")[-1].gradient["fc1"] > 0
    driven.do("set_groups", groups=[]).to(14)
    moved = first()
    assert not any(torch.equal(a, b) for a, b in zip(start, moved, strict=True))
    held = {n: t.clone() for n, t in trainer.state().items() if n.startswith("optimizer.fc1")}
    driven.do("set_groups", groups=[frozen]).to(20)
    assert all(torch.equal(a, b) for a, b in zip(moved, first(), strict=True))
    assert all(torch.equal(trainer.state()[n], t) for n, t in held.items())


def test_a_network_that_is_frozen_altogether() -> None:
    groups = [{"of": "fc1", "learning_rate": 0.0}, {"of": "fc2", "learning_rate": 0.0}]
    driven = Driven(run_spec(FLAT, groups=groups))
    before = driven.digest
    assert driven.to(5).digest == before
    assert driven.do("set_groups", groups=[]).to(6).digest != before


def test_a_rate_of_one_changes_nothing() -> None:
    plain, said = trainer_of(run_spec(FLAT)), trainer_of(run_spec(FLAT))
    said.command(command("set_groups", groups=[{"of": "fc1", "learning_rate": 1.0}]))
    for _ in range(5):
        plain.step()
        said.step()
    assert digest(plain) == digest(said)


@pytest.mark.parametrize("name", ["fc9", "fc1.kernel", "tanh1", "flat1.weight"])
def test_an_entry_that_names_nothing_is_refused(name: str) -> None:
    driven = Driven(run_spec(FLAT))
    good = {"of": "fc1", "learning_rate": 0.5}
    with pytest.raises(GlassnetError) as refused:
        driven.do("set_groups", groups=[good, {"of": name, "learning_rate": 0.5}])
    assert refused.value.code == "rates_misfit"
    assert refused.value.pointer == "/groups/1/of"
    assert name.partition(".")[0] in refused.value.text.en
    assert name.partition(".")[0] in refused.value.text.zh
    assert driven.session.trainer.settings.groups == ()
