"""Random networks, sound and broken: exact figures where they are sound, repairs that repair where not."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from app.core.errors import Problem
from app.engine.compile import Network
from app.spec.check import check
from app.spec.model import INPUT, ModelSpec, parse_model
from app.spec.report import Report
from app.spec.run import RunSpec
from app.spec.training import TrainingSpec
from tests.spec.networks import any_network, trainings, wide_networks
from tests.spec.patching import apply

NO_REPAIR = "Glassnet has no one-click repair"
HARD = {"shape_mismatch", "output_size", "too_many_parameters", "too_many_macs", "too_much_memory"}
"""Wiring can always be mended; a size may be beyond any repair of one step, and then it is said so."""
LARGE = 2_000_000


def document(model: ModelSpec, training: TrainingSpec) -> dict[str, Any]:
    dumped = {"model": model.model_dump_json(), "training": training.model_dump_json()}
    return {name: json.loads(text) for name, text in dumped.items()}


def parsed(body: dict[str, Any]) -> tuple[ModelSpec, TrainingSpec]:
    training = TrainingSpec.model_validate_json(json.dumps(body["training"]), strict=True)
    return parse_model(json.dumps(body["model"])), training


def faults(report: Report) -> Counter[tuple[str, str | None]]:
    return Counter((problem.code, problem.node) for problem in report.problems)


def is_as_torch_has_it(model: ModelSpec, training: TrainingSpec, report: Report) -> None:
    """Shapes, counts and memory of the compiled network, one batch through it."""
    network = Network(RunSpec(model=model, training=training)).eval()
    values = {INPUT: torch.randn(2, *training.dataset.input_shape)}
    batch, kept = training.phase.batch_size, training.phase.optimizer.STATE_TENSORS
    with torch.no_grad():
        for name in report.order:
            module = network.get_submodule(name)
            values[name] = module(*(values[source] for source in network.sources[name]))
            node, count = report.node(name), sum(p.numel() for p in module.parameters())
            assert tuple(values[name].shape) == (2, *(node.shape or ()))
            assert node.count == count
            assert node.memory.weights == node.memory.gradients == 4 * count
            assert node.memory.optimizer == 4 * count * kept
            assert node.memory.activations == 4 * batch * (2 * values[name][0].numel() + node.kept)
    totals = report.totals
    assert totals.parameters == sum(p.numel() for p in network.parameters())
    assert totals.memory_bytes == totals.fixed_bytes + batch * totals.sample_bytes
    every = sum(sum(node.memory.model_dump().values()) for node in report.nodes)
    own = 2 * 4 * batch * values[INPUT][0].numel()
    assert totals.memory_bytes == every + own


def is_named(problem: Problem, body: dict[str, Any]) -> None:
    """A code, a place that exists, both languages."""
    assert problem.code.isidentifier()
    assert problem.message.en != problem.message.zh
    place: Any = body
    for step in problem.pointer.split("/")[1:]:
        place = place[int(step)] if isinstance(place, list) else place[step]
    if problem.node is not None and problem.pointer.startswith("/model/nodes/"):
        assert place["id"] == problem.node


def repairs_repair(model: ModelSpec, training: TrainingSpec, report: Report) -> None:
    """Each removes its problem where it stood and puts none of its kind there instead."""
    body, before = document(model, training), faults(report)
    for problem in report.problems:
        is_named(problem, body)
        fault = (problem.code, problem.node)
        assert problem.code in HARD or problem.repairs, problem
        assert problem.repairs or NO_REPAIR in problem.message.en
        for repair in problem.repairs:
            assert repair.text.en != repair.text.zh
            after = check(*parsed(apply(body, repair.patch)))
            assert faults(after)[fault] < before[fault], (problem, repair)


def holds(model: ModelSpec, training: TrainingSpec) -> None:
    report = check(model, training)
    repairs_repair(model, training, report)
    if report.ok and report.totals.parameters < LARGE:
        is_as_torch_has_it(model, training, report)


@pytest.mark.timeout(600)
@settings(max_examples=200)
@given(data=st.data(), training=trainings())
def test_random_graph(data: st.DataObject, training: TrainingSpec) -> None:
    holds(data.draw(any_network(training)), training)


@pytest.mark.deep
@pytest.mark.timeout(3600)
@settings(max_examples=10_000)
@given(data=st.data(), training=trainings())
def test_ten_thousand_random_graphs(data: st.DataObject, training: TrainingSpec) -> None:
    holds(data.draw(any_network(training)), training)


@given(data=st.data(), training=trainings())
def test_following_the_first_repairs_comes_to_an_end(
    data: st.DataObject, training: TrainingSpec
) -> None:
    """Until the network is sound, or what is left has no repair: never in a circle."""
    model = data.draw(any_network(training))
    found: list[Problem] = []
    rates = sum(len(phase.groups) for phase in training.phases)
    for _ in range(4 * len(model.nodes) + rates + 8):
        report = check(model, training)
        found = [problem for problem in report.problems if problem.severity == "error"]
        repairs = [problem.repairs[0] for problem in found if problem.repairs]
        if not repairs:
            return
        model, training = parsed(apply(document(model, training), repairs[0].patch))
    pytest.fail(f"repairs go in a circle: {[problem.code for problem in found]}")


@settings(max_examples=min(60, settings().max_examples))
@given(model=wide_networks(), batch=st.integers(1, 4096))
def test_what_costs_too_much_has_repairs_that_make_it_fit(model: ModelSpec, batch: int) -> None:
    """Or says in words that no change of one step would do."""
    body = {"dataset": {"type": "digits28"}, "phases": [{"batch_size": batch}]}
    training = TrainingSpec.model_validate_json(json.dumps(body), strict=True)
    repairs_repair(model, training, check(model, training))


def test_the_words_where_nothing_helps() -> None:
    """Ten dense layers of the largest width: narrowing one of them leaves nine."""
    layers = [{"type": "flatten"}, *[{"type": "dense", "units": 8192}] * 10]
    body = {"model": [*layers, {"type": "dense", "units": 10}]}
    training = TrainingSpec.model_validate_json('{"dataset": {"type": "digits28"}}', strict=True)
    found = check(parse_model(json.dumps(body["model"])), training).problems
    assert found[0].code == "too_many_parameters"
    assert not found[0].repairs
    assert NO_REPAIR in found[0].message.en
    assert "没有可一键应用的修复" in found[0].message.zh


def test_a_second_output_of_one_name_is_no_crash() -> None:
    """Found by ten thousand graphs: the second had no inputs, and its output was looked for behind it."""
    nodes: list[dict[str, Any]] = [
        {"id": "a", "layer": {"type": "global_mean_pool"}, "inputs": []},
        {"id": "a", "layer": {"type": "add"}, "inputs": []},
    ]
    training = {"dataset": {"type": "breast_cancer"}, "phases": [{"target": "input"}]}
    repairs_repair(
        *(both := parsed({"model": {"nodes": nodes, "outputs": ["a"]}, "training": training})),
        check(*both),
    )
