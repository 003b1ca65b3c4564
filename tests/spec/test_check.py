"""The checker says what torch would do: shapes, counts, problems in place, repairs that repair."""

from __future__ import annotations

import json
import time
from statistics import median
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from app.catalog.datasets import DATASETS
from app.core.errors import Problem, SpecError
from app.core.shapes import Steps
from app.spec.check import check, require
from app.spec.model import INPUT, ModelSpec, parse_model
from app.spec.presets import presets
from app.spec.report import Report
from app.spec.sequences import sample_shape
from app.spec.training import TrainingSpec
from tests.catalog.strategies import batch_of
from tests.spec.networks import chains, fitting_chains, graphs, trainings, wired
from tests.spec.patching import apply

CIRCLE = next(one for one in presets() if one.id == "points_circle").spec.training
any_model = st.one_of(chains(), chains(), graphs())


def errors(report: Report) -> list[Problem]:
    return [problem for problem in report.problems if problem.severity == "error"]


def body(model: ModelSpec, training: TrainingSpec) -> dict[str, Any]:
    """What the request holds, and what pointers and patches speak of."""
    dumped = {"model": model.model_dump_json(), "training": training.model_dump_json()}
    return {name: json.loads(text) for name, text in dumped.items()}


def parsed(document: dict[str, Any]) -> tuple[ModelSpec, TrainingSpec]:
    training = TrainingSpec.model_validate_json(json.dumps(document["training"]), strict=True)
    return parse_model(json.dumps(document["model"])), training


def at(document: Any, pointer: str) -> Any:
    """What a JSON pointer points at; raises LookupError."""
    for step in pointer.split("/")[1:]:
        document = document[int(step)] if isinstance(document, list) else document[step]
    return document


@given(model=any_model, training=trainings())
def test_any_network_is_answered(model: ModelSpec, training: TrainingSpec) -> None:
    """Never an exception; every problem has a code, a place and both languages."""
    report = check(model, training)
    document = body(model, training)
    assert [node.id for node in report.nodes] == [node.id for node in model.nodes]
    assert len(set(report.order)) == len(report.order)
    for problem in report.problems:
        assert problem.code.isidentifier()
        assert problem.message.en != problem.message.zh
        assert problem.pointer.startswith(("/model", "/training"))
        at(document, problem.pointer)
        if problem.node is not None:
            assert at(document, problem.pointer)["id"] == problem.node
        for repair in problem.repairs:
            assert repair.text.en != repair.text.zh
            assert repair.patch
    assert Report.model_validate_json(report.model_dump_json()) == report
    own = [problem for node in report.nodes for problem in node.problems]
    assert all(problem in report.problems for problem in own)
    if report.ok:
        assert report.output_shape is not None


@settings(max_examples=settings().max_examples // 8)
@given(model=any_model, training=trainings())
def test_require_raises_what_check_says(model: ModelSpec, training: TrainingSpec) -> None:
    report = check(model, training)
    if report.ok:
        assert require(model, training) == report
        return
    with pytest.raises(SpecError) as caught:
        require(model, training)
    assert list(caught.value.problems) == errors(report)
    assert caught.value.text.zh


def compare_with_torch(model: ModelSpec, training: TrainingSpec) -> None:
    """Build every node that the report calls sound, and run one batch through them."""
    report = check(model, training)
    layers = {node.id: node.layer for node in model.nodes}
    sources = {node.id: node.inputs for node in model.nodes}
    shapes = {INPUT: sample_shape(training.dataset)}
    values = {INPUT: batch_of(shapes[INPUT], 2, torch.Generator().manual_seed(1))}
    for name in report.order:
        node = report.node(name)
        assert node.shape is not None
        shapes[name] = Steps(*node.shape) if node.time_first else node.shape
        module = layers[name].build(tuple(shapes[source] for source in sources[name])).eval()
        with torch.no_grad():
            values[name] = module(*(values[source] for source in sources[name]))
        assert tuple(values[name].shape) == (2, *node.shape)
        assert node.count == sum(p.numel() for p in module.parameters())
        assert [(p.name, p.shape) for p in node.parameters] == [
            (key, tuple(value.shape)) for key, value in module.named_parameters()
        ]
        assert node.activations == values[name].numel() // 2
    assert len(report.order) == len(model.nodes)
    assert report.totals.parameters == sum(node.count for node in report.nodes)
    assert report.totals.activations == sum(v.numel() // 2 for v in values.values())


@given(data=st.data(), training=trainings())
def test_chain_is_torchs(data: st.DataObject, training: TrainingSpec) -> None:
    compare_with_torch(data.draw(fitting_chains(training)), training)


@given(data=st.data(), training=trainings())
def test_graph_is_torchs(data: st.DataObject, training: TrainingSpec) -> None:
    compare_with_torch(data.draw(wired(training)), training)


def lenet(**changes: Any) -> Report:
    """The default preset with fields of nodes changed: ``conv2__kernel=9``."""
    spec = presets()[0].spec
    document = body(spec.model, spec.training)
    for place, value in changes.items():
        node, field = place.split("__")
        entry = next(entry for entry in document["model"]["nodes"] if entry["id"] == node)
        entry["layer"][field] = value
    return check(*parsed(document))


def test_the_good_part_of_a_broken_network_is_shown() -> None:
    report = lenet(conv2__kernel=20)
    assert not report.ok
    assert report.node("pool1").shape == (6, 14, 14)
    assert report.node("conv2").shape is None
    assert report.node("fc3").shape is None
    (problem,) = report.node("conv2").problems
    assert (problem.code, problem.pointer) == ("shape_mismatch", "/model/nodes/3")
    assert "20×20" in problem.message.en
    assert "6×14×14" in problem.message.zh


def test_a_wrong_output_is_repaired_in_the_last_dense_layer() -> None:
    (problem,) = lenet(fc3__units=9).problems
    assert problem.code == "output_size"
    assert problem.repairs[0].patch == (
        {"op": "add", "path": "/model/nodes/11/layer/units", "value": 10},
    )


def test_a_network_too_large_is_refused_before_anything_is_allocated() -> None:
    wide = [{"type": "flatten"}, {"type": "dense", "units": 8192}, {"type": "dense", "units": 8192}]
    model = parse_model(json.dumps([*wide, {"type": "dense", "units": 10}]))
    report = check(model, presets()[0].spec.training)
    assert [problem.code for problem in errors(report)] == ["too_many_parameters"]
    assert report.totals.parameters > 70_000_000


def test_only_what_lies_on_a_loop_is_accused_of_it() -> None:
    tanh = {"type": "tanh"}
    wires = {"a": "c", "b": "a", "c": "b", "behind": "c", "last": "behind", "before": "input"}
    nodes = [{"id": name, "layer": tanh, "inputs": [source]} for name, source in wires.items()]
    model = parse_model(json.dumps({"nodes": nodes, "outputs": ["last"]}))
    report = check(model, CIRCLE)
    assert {p.node for p in report.problems if p.code == "cycle"} == {"a", "b", "c"}
    assert report.order == ("before",)
    assert not report.node("last").problems
    assert report.node("last").shape is None


def test_taking_a_layer_out_joins_its_followers() -> None:
    """The repair of a picture layer behind flatten: what read it reads what it read."""
    spec = presets()[0].spec
    document = body(spec.model, spec.training)
    late = {"id": "late", "layer": {"type": "max_pool2d"}, "inputs": ["flat1"]}
    document["model"]["nodes"].append(late)
    first = next(node for node in document["model"]["nodes"] if node["id"] == "fc1")
    first["inputs"] = ["late"]
    (problem,) = errors(check(*parsed(document)))
    assert (problem.code, problem.node) == ("shape_mismatch", "late")
    remove = next(one for one in problem.repairs if one.text.en == "Remove late")
    assert parsed(apply(document, remove.patch))[0] == spec.model


def test_a_layer_called_input_is_no_end() -> None:
    """``input`` is the source's name; a layer that took it must be renamed, not ended with."""
    relu = {"type": "relu"}
    nodes = [{"id": name, "layer": relu, "inputs": ["input"]} for name in ("a", "input")]
    model = parse_model(json.dumps({"nodes": nodes, "outputs": ["gone"]}))
    found = {p.code: p for p in errors(check(model, presets()[0].spec.training))}
    ends = [one.patch[0]["value"] for one in found["unknown_output"].repairs]
    assert "a" in ends
    assert "input" not in ends
    assert found["duplicate_id"].repairs


def test_a_full_network_is_offered_no_further_layer() -> None:
    training = presets()[0].spec.training
    for last in ({"type": "dense", "units": 10}, {"type": "relu"}):
        model = parse_model(json.dumps([{"type": "relu"}] * 255 + [last]))
        (problem,) = errors(check(model, training))
        for repair in problem.repairs:
            assert not any(one["path"].startswith("/model/nodes/-") for one in repair.patch)


@pytest.mark.parametrize("count", [100, 256])
def test_a_hundred_layers_are_checked_in_a_moment(count: int) -> None:
    layers = [
        {"type": "conv2d", "filters": 16, "kernel": 3, "padding": 1},
        {"type": "relu"},
    ] * ((count - 2) // 2)
    chain = [*layers, {"type": "flatten"}, {"type": "dense", "units": 10}]
    model = parse_model(json.dumps(chain))
    training = TrainingSpec(dataset=DATASETS.parts["digits28"]())
    times = []
    for _ in range(21):
        start = time.perf_counter()
        report = check(model, training)
        times.append(time.perf_counter() - start)
    assert report.ok
    assert len(report.order) == count
    # The bar is 50 ms for 100 layers; ten times that would be another algorithm, not a busy machine.
    assert median(times) <= 0.5 * count / 100


def test_own_data_that_are_not_there() -> None:
    for kind in ("uploaded_table", "uploaded_pictures"):
        own: Any = DATASETS.parts[kind]
        training = TrainingSpec(dataset=own(digest="0" * 64))
        report = check(parse_model("[]"), training)
        assert not report.ok
        assert report.problems[0].code == "data_missing"
        assert report.problems[0].pointer == "/training/dataset/digest"
        assert (report.input_shape, report.samples) == ((), (0, 0))
