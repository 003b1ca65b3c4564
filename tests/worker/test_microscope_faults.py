"""What the worker's microscope does with faults of its own: sums that do not fit, errors that nobody meant."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
import torch

from app.engine.tracing import explain, forward, updates
from app.engine.tracing.adjoint import backward
from app.engine.tracing.capture import capture
from app.engine.tracing.cells import Cell, source
from app.engine.tracing.rules import explain_rule
from app.engine.tracing.sums import Found
from app.protocol.refusals import DoesNotSum, LookFailed
from app.worker import failure
from app.worker.asking import Asking
from tests.engine.specs import Driven, asking, run_spec

CELL: dict[str, Any] = {"role": "activation", "node": "conv1", "sample": 0, "index": [1, 2, 3]}
WEIGHT: dict[str, Any] = {"node": "fc1", "tensor": "weight", "index": [1, 2]}
CELLS: tuple[dict[str, Any], ...] = (
    CELL,
    {"role": "loss"},
    {"role": "sensitivity", "node": "fc1", "sample": 0, "index": [1]},
    {"role": "gradient", **WEIGHT},
)


def ask(microscope: Asking, cell: dict[str, Any], **wanted: Any) -> bytes:
    return microscope.answer("explain", json.dumps({"cell": cell, **wanted}).encode())


@pytest.fixture
def microscope() -> Asking:
    return asking(Driven(run_spec()).to(2).session)


@pytest.mark.parametrize("precision", ["float64", "float32"])
@pytest.mark.parametrize("cell", CELLS, ids=lambda cell: str(cell["role"]))
def test_an_explanation_whose_terms_do_not_sum_is_refused(
    monkeypatch: pytest.MonkeyPatch, microscope: Asking, cell: dict[str, Any], precision: str
) -> None:
    """Every term is a thousandth too large: small enough that nobody would see it."""
    assert ask(microscope, cell, precision=precision)

    def less(*args: Any) -> Found:
        found = forward.forward(*args)
        for block in found.blocks:
            block.values = block.values * 1.001
        return found

    def fewer(*args: Any) -> Any:
        blocks = backward(*args)
        for block in blocks:
            block.values = block.values * 1.001
        return blocks

    monkeypatch.setattr(explain, "forward", less)
    monkeypatch.setattr(explain, "backward", fewer)
    with pytest.raises(DoesNotSum) as refused:
        ask(microscope, cell, precision=precision)
    said = refused.value
    assert str(cell["role"]) in said.text.en
    assert said.text.en != said.text.zh
    assert said.status == 500
    assert float(said.params["off"]) == pytest.approx(
        float(said.params["total"]) - float(said.params["value"]), rel=0.05
    )


def test_an_update_that_does_not_sum_is_refused(
    monkeypatch: pytest.MonkeyPatch, microscope: Asking
) -> None:
    monkeypatch.setattr(
        updates, "explain_rule", lambda *args, **form: explain_rule(*args, **form)[:1]
    )
    for role in ("update", "parameter"):
        with pytest.raises(DoesNotSum):
            ask(microscope, {"role": role, **WEIGHT})
    with pytest.raises(DoesNotSum):
        ask(microscope, {"role": "state", "state": "momentum_buffer", **WEIGHT})


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_numbers_that_are_not_finite_are_explained_all_the_same(number: float) -> None:
    driven = Driven(run_spec()).to(1)
    driven.session.trainer.network.node("fc1").get_parameter("weight").data[1, 2] = number
    microscope = asking(driven.session)
    for cell in (
        {"role": "activation", "node": "fc1", "sample": 0, "index": [1]},
        {"role": "loss"},
        {"role": "sensitivity", "node": "pool1", "sample": 0, "index": [0, 0, 0]},
        {"role": "gradient", **WEIGHT},
        {"role": "update", **WEIGHT},
    ):
        assert b'"terms":[{' in ask(microscope, cell)


def test_an_error_that_nobody_meant_is_told_without_its_words_and_kept_for_the_log(
    monkeypatch: pytest.MonkeyPatch, microscope: Asking
) -> None:
    def broken(*_: Any) -> Any:
        raise AttributeError("The underlying op of 'aten.secret' has no overload name 'default'")

    monkeypatch.setattr(explain, "forward", broken)
    with pytest.raises(LookFailed) as refused:
        ask(microscope, CELL)
    told = failure.problem(refused.value)
    detail = told.pop("detail")
    assert "aten.secret" in detail
    assert "broken" in detail, "where it was"
    assert "aten" not in str(told)
    assert "AttributeError" not in str(told)
    monkeypatch.undo()
    assert ask(microscope, CELL), "the next look is answered"


def test_memory_that_is_missing_is_still_said(
    monkeypatch: pytest.MonkeyPatch, microscope: Asking
) -> None:
    def hungry(*_: Any) -> Any:
        raise torch.OutOfMemoryError

    monkeypatch.setattr(explain, "forward", hungry)
    with pytest.raises(Exception, match="not enough memory"):
        ask(microscope, CELL)


def test_a_way_of_drawing_that_has_no_other_form_is_made_again_on_a_copy() -> None:
    """``normal_`` and ``bernoulli_`` have no form of the same name that writes nothing."""

    def module(x: torch.Tensor) -> torch.Tensor:
        x = x.clone().normal_(0.0, 2.0) + x.clone().bernoulli_(0.4) * x
        return x + torch.rand_like(x) + torch.randperm(x.shape[1])

    x = torch.randn(2, 5, dtype=torch.float64)
    graph = capture(module, [x])
    seen = 0
    for operation in graph.operations:
        for result in operation.results:
            if result is None or not operation.drawn:
                continue
            seen += 1
            before = result.tensor.clone()
            found = forward.forward(graph, source(graph, Cell(result, 1)))
            assert found.kind == "given"
            operation.run([value.tensor for value in operation.slots])
            assert result.tensor.equal(before), "looked at, not drawn again"
    assert seen == 4
