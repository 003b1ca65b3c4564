"""The microscope of a network that was changed by hand: silenced, frozen and written numbers say so."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest

from app.engine.tracing.tracer import Tracer
from app.protocol.tracing import Cell, ExplainWanted, Explanation, GradcheckWanted, Traced
from tests.engine.specs import ADAM, SGD, Driven, Layers, run_spec

UNIT = 1


def explain(tracer: Tracer, step: int | None = None, **cell: Any) -> Explanation:
    return tracer.explain(ExplainWanted(cell=Cell(**cell), step=step))


def adds_up(found: Explanation) -> bool:
    return abs(found.difference) <= 1e-9 * max(float(found.scale), 1e-12)


@pytest.fixture
def silenced() -> Driven:
    return Driven(run_spec()).to(3).do("silence", node="relu1", unit=UNIT)


def test_a_silenced_value_is_zero_and_says_why(silenced: Driven) -> None:
    tracer = Tracer(silenced.session)
    found = explain(tracer, role="activation", node="relu1", sample=0, index=(UNIT, 3, 3))
    assert (found.kind, found.value, found.formula_value) == ("silenced", 0.0, 0.0)
    assert "Silenced" in found.title.en
    other = explain(tracer, role="activation", node="relu1", sample=0, index=(0, 3, 3))
    assert other.kind == "pointwise"
    caption = tracer.operations(Traced()).operations[1].caption
    assert "Silenced units, whose output is 0: 1." in caption.en


def test_every_other_number_still_adds_up(silenced: Driven) -> None:
    tracer = Tracer(silenced.session)
    for unit, node in product((0, UNIT), ("conv1", "relu1", "pool1")):
        for role in ("activation", "sensitivity"):
            found = explain(tracer, role=role, node=node, sample=2, index=(unit, 2, 1))
            assert adds_up(found), (unit, node, role)
    for unit in (0, UNIT):
        cell: dict[str, Any] = {"node": "conv1", "tensor": "weight", "index": (unit, 0, 1, 1)}
        gradient = explain(tracer, role="gradient", **cell)
        assert adds_up(gradient)
        assert (float(gradient.value) == 0.0) == (unit == UNIT)
        assert adds_up(explain(tracer, role="update", **cell))
    through = explain(tracer, role="sensitivity", node="conv1", sample=2, index=(UNIT, 2, 1))
    assert float(through.value) == 0.0


def test_gradients_of_a_silenced_network_check(silenced: Driven) -> None:
    found = Tracer(silenced.session).gradcheck(GradcheckWanted(entries=20, batch=4))
    assert found.passed


@pytest.mark.parametrize("optimizer", [SGD, ADAM], ids=["sgd", "adam"])
@pytest.mark.parametrize("unit", [UNIT, None])
def test_the_update_of_a_frozen_weight_is_frozen(
    optimizer: dict[str, Any], unit: int | None
) -> None:
    driven = Driven(run_spec(optimizer={**optimizer, "weight_decay": 0.1}, clip_norm=0.1)).to(3)
    driven.do("freeze", node="conv1", unit=unit)
    tracer = Tracer(driven.session)
    cell: dict[str, Any] = {"node": "conv1", "tensor": "weight", "index": (UNIT, 0, 1, 1)}
    before = explain(tracer, role="parameter", **cell)
    found = explain(tracer, role="update", **cell)
    assert found.kind == "frozen"
    assert found.value == found.formula_value == pytest.approx(before.value, rel=1e-6)
    free = explain(tracer, role="update", node="fc1", tensor="weight", index=(0, 0))
    assert free.kind == "rule"
    assert adds_up(free)
    captions = [one.caption.en for one in tracer.operations(Traced()).operations]
    said = "conv1.weight is frozen" if unit is None else "frozen and stay: 1"
    assert any(said in caption for caption in captions)
    driven.do("step", unit="batch", count=1)
    name = "momentum_buffer" if optimizer is SGD else "exp_avg"
    kept = explain(tracer, role="state", state=name, **cell)
    assert kept.kind == "frozen"
    assert kept.difference == 0.0


def test_a_written_weight_says_so_and_leads_nowhere(tmp_path: Any) -> None:
    driven = Driven(run_spec(), tmp_path).to(4)
    cell: dict[str, Any] = {"node": "conv1", "tensor": "weight", "index": (2, 0, 1, 1)}
    driven.do("edit_weight", **{**cell, "index": [2, 0, 1, 1], "value": 0.75})
    tracer = Tracer(driven.session)
    found = explain(tracer, role="parameter", **cell)
    assert (found.kind, found.value, found.terms) == ("edited", 0.75, ())
    update = explain(tracer, role="update", **cell)
    assert adds_up(update)
    driven.to(6)
    assert explain(tracer, step=4, role="parameter", **cell).kind == "edited"
    after = explain(tracer, step=5, role="parameter", **cell)
    assert after.formula_value == update.value
    assert float(after.value) == pytest.approx(float(update.value), rel=1e-6)
    assert explain(tracer, step=3, role="parameter", **cell).kind == "rule"


def test_a_silenced_recurrent_layer_is_silent_in_the_microscope_too() -> None:
    """It is looked into in another form than it trains in; both are silenced."""
    layers: Layers = [
        {"type": "rows"},
        {"type": "gru", "units": 5},
        {"type": "last_step"},
        {"type": "dense", "units": 10},
    ]
    run = Driven(run_spec(layers))
    run.do("silence", node="gru1")
    tracer = Tracer(run.session)
    found = explain(tracer, role="activation", node="gru1", sample=1, index=(3, 2))
    assert float(found.value) == 0.0
    weight = explain(tracer, role="gradient", node="fc1", tensor="weight", index=(4, 2))
    assert float(weight.value) == 0.0
    assert tracer.gradcheck(GradcheckWanted(entries=5, batch=2)).passed
