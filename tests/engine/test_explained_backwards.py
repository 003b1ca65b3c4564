"""Explanations of layers that read a sequence from its end: the terms are those of the step that is
asked for, where sequences end early and where they do not."""

from __future__ import annotations

import json
from typing import Any

import pytest
import torch
from torch import nn

from app.engine.tracing.adjoint import backward, sensitivities
from app.engine.tracing.capture import capture
from app.engine.tracing.cells import Cell as GraphCell
from app.engine.tracing.cells import source
from app.engine.tracing.forward import forward
from app.engine.tracing.tracer import Tracer
from app.protocol.refusals import NoDerivative
from app.protocol.tracing import Cell, ExplainWanted, Traced
from app.spec.run import RunSpec
from tests.engine.explained import Walk
from tests.engine.specs import Driven

KINDS = ("gru", "lstm", "rnn")
WORDS: dict[str, Any] = {"type": "names"}
PICTURE: dict[str, Any] = {"type": "digits8"}


def driven(
    kind: str, dataset: dict[str, Any], layers: int = 1, units: int = 2, batch: int = 3
) -> Driven:
    """A bidirectional layer over names of different lengths, or over the rows of a picture."""
    first = {"type": "embedding", "size": 3} if dataset == WORDS else {"type": "rows"}
    recurrent = {"type": kind, "units": units, "bidirectional": True, "layers": layers}
    classes = {"type": "dense", "units": 10 if dataset == PICTURE else 3}
    found = {
        "model": [first, recurrent, {"type": "max_over_time"}, classes],
        "training": {"dataset": dataset, "phases": [{"batch_size": batch}]},
    }
    return Driven(RunSpec.model_validate_json(json.dumps(found)))


def recurrent_of(tracer: Tracer) -> str:
    return tracer.trace(Traced()).trainer.network.order[1]


def textbook_states(module: nn.RNNBase, x_TF: torch.Tensor) -> torch.Tensor:
    """(T, 2H) of PyTorch's own kernel over one sequence as long as it is."""
    with torch.no_grad():
        names = {"LSTM": nn.LSTM, "GRU": nn.GRU, "RNN_TANH": nn.RNN}
        kernel = names[module.mode](
            module.input_size,
            module.hidden_size,
            module.num_layers,
            batch_first=True,
            bidirectional=True,
        ).double()
        kernel.load_state_dict(module.state_dict())
        found: torch.Tensor = kernel(x_TF[None])[0][0]
        return found


@pytest.mark.parametrize("dataset", [WORDS, PICTURE], ids=["padded", "whole"])
@pytest.mark.parametrize("layers", [1, 3])
@pytest.mark.parametrize("kind", KINDS)
def test_every_cell_of_both_halves_is_made_of_its_own_step(
    kind: str, layers: int, dataset: dict[str, Any]
) -> None:
    """The sum of the terms is what PyTorch makes of each sequence by itself, cut at its end."""
    tracer = Tracer(driven(kind, dataset, layers).session)
    node, trace = recurrent_of(tracer), tracer.trace(Traced())
    network = trace.trainer.network
    source = network.sources[node][0]
    ids = trace.values["input"]
    for sample in range(trace.count):
        steps = trace.values[node].shape[1]
        end = int(ids[sample].ne(0).nonzero().max()) + 1 if dataset == WORDS else steps
        right = textbook_states(network.node(node), trace.values[source][sample, :end])  # type: ignore[arg-type]
        for time in range(0, steps, 1 if layers == 1 else 3):
            for unit in range(4):
                found = tracer.explain(
                    ExplainWanted(
                        cell=Cell(role="activation", node=node, sample=sample, index=(time, unit))
                    )
                )
                wanted = float(right[time, unit]) if time < end else 0.0
                assert float(found.value) == pytest.approx(wanted, abs=1e-12)
                assert float(found.formula_value) == pytest.approx(wanted, abs=1e-12)


@pytest.mark.parametrize("dataset", [WORDS, PICTURE], ids=["padded", "whole"])
@pytest.mark.parametrize("kind", KINDS)
def test_every_state_that_reads_backwards_has_the_sensitivity_that_its_terms_sum_to(
    kind: str, dataset: dict[str, Any]
) -> None:
    tracer = Tracer(driven(kind, dataset, 2).session)
    node, trace = recurrent_of(tracer), tracer.trace(Traced())
    checked = 0
    for layer, reverse, state in trace.open(node).graph.moments:
        for time in range(trace.values[node].shape[1]):
            for role in ("activation", "sensitivity"):
                cell = Cell(
                    role=role,
                    node=node,
                    state=state,
                    layer=layer,
                    reverse=reverse,
                    sample=1,
                    index=(1,),
                    time=time,
                )
                try:
                    found = tracer.explain(ExplainWanted(cell=cell))
                except NoDerivative:
                    continue
                checked += 1
                assert abs(found.difference) <= 1e-9 * found.scale + 1e-300, cell
    assert checked > 60


def read_by(tracer: Tracer, node: str, source: str, cell: Cell) -> set[int]:
    """The steps of what the layer reads that a cell's places lead to, followed to the last one."""
    steps: set[int] = set()
    left, seen = [cell], set()
    while left:
        found = tracer.explain(ExplainWanted(cell=left.pop()))
        for factor in (factor for term in found.terms for factor in term.factors):
            place = factor.place
            if place is None or place in seen:
                continue
            seen.add(place)
            if place.node == source:
                steps.add(place.index[0])
            elif place.node == node and place.role == "activation":
                left.append(place)
    return steps


def test_places_lead_to_the_steps_that_a_half_has_read() -> None:
    """At t the way back has read what stands from t to the end, the way ahead all up to t."""
    tracer = Tracer(driven("gru", WORDS).session)
    node, trace = recurrent_of(tracer), tracer.trace(Traced())
    source = trace.trainer.network.sources[node][0]
    for sample in range(2):
        end = int(trace.values["input"][sample].ne(0).nonzero().max()) + 1
        for time in (0, 1, end - 1):
            for unit, right in ((0, range(time + 1)), (2, range(time, end))):
                cell = Cell(role="activation", node=node, sample=sample, index=(time, unit))
                assert read_by(tracer, node, source, cell) == set(right)


@pytest.mark.parametrize("kind", KINDS)
def test_texts_of_a_single_token_are_read_both_ways(kind: str) -> None:
    """Where a text is one token long, both halves read that token and nothing else."""
    one = driven(kind, WORDS, batch=2)
    tracer = Tracer(one.session)
    samples = [{"kind": "text", "text": text, "label": 0} for text in ("a", "abc")]
    wanted: dict[str, Any] = {"samples": samples}
    trace = tracer.trace(Traced.model_validate_json(json.dumps(wanted)))
    node = recurrent_of(tracer)
    module = trace.trainer.network.node(node)
    source = trace.trainer.network.sources[node][0]
    right = textbook_states(module, trace.values[source][0, :1])  # type: ignore[arg-type]
    for unit in range(4):
        for time in (0, 1):
            cell = Cell(role="activation", node=node, sample=0, index=(time, unit))
            question = {**wanted, "cell": cell.model_dump(mode="json")}
            found = tracer.explain(ExplainWanted.model_validate_json(json.dumps(question)))
            value = float(right[0, unit]) if time == 0 else 0.0
            assert float(found.formula_value) == pytest.approx(value, abs=1e-12)


@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("kind", KINDS)
def test_cells_drawn_at_random_sum_and_lead_where_they_say(kind: str, layers: int) -> None:
    walk = Walk(driven(kind, WORDS, layers), seed=layers).run(120)
    assert walk.faults == []


def test_a_move_with_several_results_is_followed_to_each_of_them() -> None:
    """``unbind``, ``chunk`` and ``split`` in a layer that nobody has heard of; a border that is not 0."""

    def module(x: torch.Tensor) -> torch.Tensor:
        first, second, third = x.unbind(1)
        left, right = (first * second).chunk(2, 1)
        some, more = torch.split(third, [1, 3], 1)
        padded = nn.functional.pad(torch.cat([more, left, right, some], 1), (1, 1), value=1.0)
        return padded * 2.0

    x = torch.randn(2, 3, 4, dtype=torch.float64, requires_grad=True)
    made = module(x)
    upstream = torch.randn_like(made)
    (gradient,) = torch.autograd.grad(made, x, upstream)
    graph = capture(module, [x.detach()])
    deltas = sensitivities(graph, upstream)
    for flat in range(made.numel()):
        found = forward(graph, source(graph, GraphCell(graph.output, flat)))
        assert found.total == pytest.approx(float(made.detach().reshape(-1)[flat]), rel=1e-12)
    for flat in range(x.numel()):
        blocks = backward(graph, graph.inputs[0], flat, deltas)
        total = sum(float(block.values.sum()) for block in blocks)
        assert total == pytest.approx(float(gradient.reshape(-1)[flat]), rel=1e-12)
