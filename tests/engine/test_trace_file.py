"""The file of a trace: one sample of the batch on its own, and φ′(u) of what works cell by cell."""

from __future__ import annotations

import gc
import weakref

import numpy as np
import pytest
import torch

from app.engine.tracing.listing import tensors
from app.engine.tracing.step import Trace
from app.engine.tracing.tracer import Tracer
from app.protocol.refusals import NoSuchCell
from app.protocol.tracing import TraceWanted
from app.worker.microscope import Microscope
from tests.engine.specs import Driven, Layers, run_spec


def test_one_sample_of_the_batch_is_a_part_of_the_whole() -> None:
    tracer = Tracer(Driven(run_spec()).session)
    whole = tensors(tracer.trace(TraceWanted()), TraceWanted())
    wanted = TraceWanted(sample=3)
    one = tensors(tracer.trace(wanted), wanted)
    assert set(one) == set(whole)
    for name, value in one.items():
        role = name.rpartition(".")[2]
        kept = whole[name]
        if role in ("activation", "sensitivity", "derivative"):
            kept = kept[3:4]
        assert torch.equal(value, kept), name


def test_a_sample_that_the_batch_has_not_is_refused() -> None:
    wanted = TraceWanted(sample=200)
    trace = Tracer(Driven(run_spec()).session).trace(wanted)
    with pytest.raises(NoSuchCell, match="samples"):
        tensors(trace, wanted)


def test_the_derivative_is_the_functions_own() -> None:
    """tanh′(u) = 1 − tanh²(u), dropout keeps or not; δ below is φ′(u) times δ above."""
    layers: Layers = [
        {"type": "flatten"},
        {"type": "dense", "units": 12},
        {"type": "tanh"},
        {"type": "dropout", "rate": 0.3},
        {"type": "dense", "units": 10},
    ]
    wanted = TraceWanted()
    trace = Tracer(Driven(run_spec(layers)).session).trace(wanted)
    found = {name: value.numpy() for name, value in tensors(trace, wanted).items()}
    held = sorted(name for name in found if name.endswith(".derivative"))
    assert held == ["drop1.derivative", "tanh1.derivative"]
    slope = 1 - np.tanh(found["fc1.activation"]) ** 2
    assert np.allclose(found["tanh1.derivative"], slope, rtol=1e-12, atol=1e-15)
    kept = found["drop1.activation"] != 0
    assert np.allclose(found["drop1.derivative"], kept / 0.7)
    for node, source in (("tanh1", "fc1"), ("drop1", "tanh1")):
        below = found[f"{node}.derivative"] * found[f"{node}.sensitivity"]
        assert np.allclose(found[f"{source}.sensitivity"], below, rtol=1e-12, atol=1e-18)


def test_a_trace_is_freed_when_the_run_moves_on_and_when_a_setting_changes() -> None:
    run = Driven(run_spec())
    microscope = Microscope(run.session)

    def looked_at() -> list[weakref.ref[Trace]]:
        microscope.answer("trace", {"wanted": {}})
        microscope.let_go()
        found = [weakref.ref(one) for one in gc.get_objects() if type(one) is Trace]
        assert found, "it stays while the run rests"
        return found

    for change in ("step", "setting"):
        seen = looked_at()
        if change == "step":
            run.to(1)
        else:
            run.do("set_batch_size", batch_size=16)
        microscope.let_go()
        gc.collect()
        assert [one for one in seen if one() is not None] == [], change
