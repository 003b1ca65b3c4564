"""The Python that a part says of itself does what the part does: same weights, same outputs."""

from __future__ import annotations

import sys
from dataclasses import replace
from types import ModuleType
from typing import Any

import pytest
import torch
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from app.catalog.augmentations import AUGMENTATIONS, Augmentation
from app.catalog.code import Code, NestedModule, of_function, of_module
from app.catalog.layers import LAYERS, Layer
from app.catalog.losses import LOSSES, Loss
from app.catalog.optimizers import OPTIMIZERS, Optimizer
from app.catalog.schedules import SCHEDULES, Memory, Place, Schedule
from app.engine.export.bundle import Bundle, header
from tests.catalog.strategies import batch_of, fitting, parts

SEED = 11
quick = settings(max_examples=8, phases=(Phase.explicit, Phase.generate))
"""What fails is not made smaller: the code that is printed says enough."""


def parametrized(family: Any, name: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize(name, family.parts.values(), ids=lambda part: str(part.kind()))


def written(code: Code, body: str) -> dict[str, Any]:
    """The names of a file that holds what ``code`` needs and then ``body``."""
    bundle = Bundle()
    bundle.expression(body)
    for use in code.uses:
        bundle.add(use)
    source = f"{header({*bundle.imports, 'import torch'})}\n{bundle.text}\n{body}\n"
    assert "import app" not in source
    assert "from app" not in source
    module = sys.modules["written"] = ModuleType("written")  # dataclasses look for it there
    exec(compile(source, "written.py", "exec", dont_inherit=True), vars(module))
    return vars(module)


def output(module: Any, inputs: list[torch.Tensor]) -> torch.Tensor:
    if hasattr(module, "reseed"):
        module.reseed(SEED)
    result: torch.Tensor = module(*inputs)
    return result


def assert_same(one: torch.Tensor, other: torch.Tensor) -> None:
    """Bit for bit; what is not a number is so on both sides."""
    torch.testing.assert_close(one, other, rtol=0, atol=0, equal_nan=True)


@parametrized(LAYERS, "layer")
@quick
@given(data=st.data())
def test_layer(layer: type[Layer], data: st.DataObject) -> None:
    made, shapes, _ = fitting(data, layer)
    module = made.build(shapes)
    made.initialize(module, torch.Generator().manual_seed(SEED))
    predicted = [(buffer.name, buffer.shape) for buffer in made.buffers(shapes)]
    assert predicted == [(name, tuple(buffer.shape)) for name, buffer in module.named_buffers()]
    generator = torch.Generator().manual_seed(5)
    inputs = [batch_of(shape, 3, generator) for shape in shapes]
    code = made.code(shapes)
    if code.forward:
        names = [f"x{place}" for place in range(len(shapes))]
        value = code.forward.format(*names)
        found = written(code, f"def call({', '.join(names)}):\n    return {value}")
        assert torch.equal(found["call"](*inputs), output(module, inputs))
        return
    other = written(code, f"layer = {code.expression}")["layer"]
    other.load_state_dict(module.state_dict())
    for training in (True, False):
        expected = output(module.train(training), inputs)
        assert_same(output(other.train(training), inputs), expected)
    for mine, its in zip(module.buffers(), other.buffers(), strict=True):
        assert_same(mine, its)


@parametrized(LOSSES, "loss")
@quick
@given(data=st.data())
def test_loss(loss: type[Loss], data: st.DataObject) -> None:
    made = data.draw(parts(loss))
    outputs = made.output_sizes("classification", 3)[-1]
    generator = torch.Generator().manual_seed(5)
    output = torch.randn(4, outputs, generator=generator)
    target = made.encode(torch.tensor([0, 2, 1, 1]), outputs, 3)
    code = made.code()
    function = written(code, f"loss_function = {code.expression}")["loss_function"]
    assert_same(function(output, target), made.build()(output, target))


@parametrized(OPTIMIZERS, "optimizer")
@quick
@given(data=st.data())
def test_optimizer(optimizer: type[Optimizer], data: st.DataObject) -> None:
    made = data.draw(parts(optimizer))
    code = made.code("weights")
    ours, theirs = torch.nn.Parameter(torch.ones(3)), torch.nn.Parameter(torch.ones(3))
    body = f"def make(weights):\n    return {code.expression}"
    rules = made.build([ours]), written(code, body)["make"]([theirs])
    for step in range(3):
        for rule, weight in zip(rules, (ours, theirs), strict=True):
            weight.grad = torch.tensor([1.0, -0.5, 0.25 * step])
            rule.step()
    assert_same(ours.detach(), theirs.detach())


def test_what_has_no_source_of_its_own_is_refused() -> None:
    with pytest.raises(TypeError, match="declare its code"):
        of_function(lambda output, target: (output - target).sum())


def test_a_module_that_forgets_its_arguments_is_refused() -> None:
    class Forgetful(torch.nn.Module):
        def __init__(self, size: int) -> None:
            super().__init__()

    with pytest.raises(TypeError, match="does not keep its argument size"):
        of_module(Forgetful(3))


def test_a_module_nested_in_a_function_is_refused_with_the_repair() -> None:
    class Nested(torch.nn.Module):
        pass

    with pytest.raises(NestedModule) as refused:
        of_module(torch.nn.Sequential(Nested()))
    said = refused.value.text
    assert "Nested" in said.en
    assert "import it in build()" in said.en
    assert "Nested" in said.zh
    assert "build()" in said.zh


@parametrized(SCHEDULES, "schedule")
@quick
@given(data=st.data())
def test_schedule(schedule: type[Schedule], data: st.DataObject) -> None:
    made = data.draw(parts(schedule))
    code = made.code()
    names = written(replace(code, uses=(*code.uses, Place, Memory)), f"rule = {code.expression}")
    rule, place, memory = names["rule"], names["Place"], names["Memory"]
    ours, theirs = Memory(), memory()
    for step in (0, 1, 4, 5, 9, 17):
        where: dict[str, Any] = {"step": float(step), "steps": 20, "per_epoch": 5}
        assert rule.factor(place(**where), theirs) == made.factor(Place(**where), ours)
        if made.watches:
            ours = made.after(ours, Place(**where), 1.0)
            theirs = rule.after(theirs, place(**where), 1.0)


@parametrized(AUGMENTATIONS, "augmentation")
@quick
@given(data=st.data())
def test_augmentation(augmentation: type[Augmentation], data: st.DataObject) -> None:
    made = data.draw(parts(augmentation))
    code = made.code()
    change = written(code, f"change = {code.expression}")["change"]
    x = torch.randn(4, 2, 8, 6, generator=torch.Generator().manual_seed(5))
    results = [one.apply(x, torch.Generator().manual_seed(SEED)) for one in (made, change)]
    assert_same(*results)
