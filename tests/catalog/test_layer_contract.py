"""What every layer promises about shapes, parameters and cost, against the module it builds."""

from __future__ import annotations

import re

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.utils.flop_counter import FlopCounterMode

from app.catalog.layers import LAYERS, Fix, Layer, ShapeMismatch, count
from app.core.shapes import Shape
from app.nn.feedback import Banded
from app.nn.table_conv import TableConv2d
from tests.catalog.strategies import (
    batch_of,
    fewer,
    fitting,
    inputs_of,
    parts,
    pictures,
    reseed,
    with_field,
)

each_layer = pytest.mark.parametrize(
    "layer", LAYERS.parts.values(), ids=lambda layer: str(layer.kind())
)


def takes_pictures(layer: type[Layer]) -> bool:
    try:
        return bool(layer().output_shape(((4, 16, 16),) * layer.ARITY[0]))
    except ShapeMismatch:
        return False


def batch(shapes: tuple[Shape, ...], size: int = 2) -> list[torch.Tensor]:
    generator = torch.Generator().manual_seed(5)
    return [batch_of(shape, size, generator) for shape in shapes]


def values_of(arithmetic: str) -> tuple[int, int]:
    """Both sides of ``6×(5×5×1)+6 = 156``."""
    sum_, _, total = arithmetic.rpartition(" = ")
    assert re.fullmatch(r"[0-9×+−()]+", sum_), arithmetic
    return eval(sum_.replace("×", "*").replace("−", "-"), {}), int(total)


@each_layer
@fewer(8)
@given(data=st.data())
def test_output_shape_is_torchs(layer: type[Layer], data: st.DataObject) -> None:
    made, shapes, predicted = fitting(data, layer)
    assert all(side >= 1 for side in predicted)
    module = made.build(shapes)
    with torch.no_grad():
        for training in (True, False):
            output = module.train(training)(*batch(shapes))
            assert tuple(output.shape) == (2, *predicted)
            assert output.dtype == torch.float32


@each_layer
@fewer(8)
@given(data=st.data())
def test_parameters_are_torchs(layer: type[Layer], data: st.DataObject) -> None:
    made, shapes, _ = fitting(data, layer)
    module = made.build(shapes)
    predicted = [(p.name, p.shape) for p in made.parameters(shapes)]
    assert predicted == [(n, tuple(p.shape)) for n, p in module.named_parameters()]
    total = count(made, shapes)
    assert total == sum(p.numel() for p in module.parameters())
    arithmetic = made.arithmetic(shapes)
    if arithmetic or total:
        assert values_of(arithmetic) == (total, total)


@each_layer
@fewer(8)
@given(data=st.data())
def test_macs_are_half_of_torchs_operations(layer: type[Layer], data: st.DataObject) -> None:
    """PyTorch counts a multiplication and an addition for every weight that meets a value."""
    made, shapes, _ = fitting(data, layer)
    module = made.build(shapes).eval()
    run = getattr(module, "stepwise", module)  # PyTorch does not look into its kernel of the LSTM
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        run(*batch(shapes, 1))
    done = counter.get_total_flops()
    if isinstance(module, TableConv2d):  # torch multiplies the zeros of the table, too
        done = done * module.weight.numel() // module.full_weight().numel()
    if isinstance(module, Banded):  # and those beside the band, at every step
        done -= 2 * shapes[0][0] * (module.full_weight().numel() - module.band.numel())
    assert 2 * made.macs(shapes) == done


@each_layer
@fewer(20)
@given(data=st.data())
def test_initial_weights_come_from_the_generator_alone(
    layer: type[Layer], data: st.DataObject
) -> None:
    made, shapes, _ = fitting(data, layer)
    weights = []
    for global_seed in (1, 2):
        torch.manual_seed(global_seed)
        module = made.build(shapes)
        before = torch.get_rng_state()
        made.initialize(module, torch.Generator().manual_seed(7))
        assert torch.equal(torch.get_rng_state(), before)
        weights.append(module.state_dict())
    assert weights[0].keys() == weights[1].keys()
    for name, value in weights[0].items():
        assert torch.equal(value, weights[1][name])
        assert value.isfinite().all()


@each_layer
@fewer(8)
@given(data=st.data())
def test_a_batch_is_its_samples(layer: type[Layer], data: st.DataObject) -> None:
    """In evaluation mode a sample's output depends on no other sample: the probe relies on it."""
    made, shapes, _ = fitting(data, layer)
    module = made.build(shapes).eval()
    made.initialize(module, torch.Generator().manual_seed(1))
    inputs = batch(shapes, 3)
    with torch.no_grad():
        alone = torch.cat([module(*(x[n : n + 1] for x in inputs)) for n in range(3)])
        torch.testing.assert_close(module(*inputs), alone, rtol=1e-4, atol=1e-5)


def repaired(
    layer: Layer, shapes: tuple[Shape, ...], fix: Fix
) -> tuple[Layer, tuple[Shape, ...]] | None:
    """Layer and inputs after the repair; None where the layer is taken out."""
    if fix.action == "set":
        return with_field(layer, fix.field, fix.value), shapes
    if fix.action == "insert":
        between = LAYERS.parts[fix.value]().output_shape((shapes[0],))
        return layer, (between, *shapes[1:])
    assert fix.action == "remove"
    return None


def misfit(layer: Layer, shapes: tuple[Shape, ...]) -> ShapeMismatch | None:
    try:
        assert all(side >= 1 for side in layer.output_shape(shapes))
    except ShapeMismatch as error:
        return error
    return None


@each_layer
@fewer(4)
@given(data=st.data())
def test_a_misfit_is_explained_and_its_repairs_work(
    layer: type[Layer], data: st.DataObject
) -> None:
    """A repair removes the misfit; a second one behind it has its own, and so on to the end."""
    made: Layer = data.draw(parts(layer))
    shapes = data.draw(inputs_of(layer))
    first = misfit(made, shapes)
    for start in first.fixes if first else ():
        error, fix, state = first, start, (made, shapes)
        for _ in range(4):
            assert error is not None
            assert error.text.en != error.text.zh
            assert fix.said is None or fix.said.en != fix.said.zh
            after = repaired(*state, fix)
            follower = misfit(*after) if after else None
            if after is None or follower is None:
                break
            assert follower.text != error.text
            error, fix, state = follower, follower.fixes[0], after
        else:
            pytest.fail(f"the repairs of {made} for {shapes} lead to no end")
    assert first is None or first.fixes


@each_layer
def test_live_fields_are_attributes_of_the_module(layer: type[Layer]) -> None:
    """A command during a run writes them there."""
    if layer.LIVE:
        module = layer().build(((4, 6, 6),) * layer.ARITY[0])
        assert all(hasattr(module, field) for field in layer.LIVE)


@pytest.mark.parametrize(
    "layer",
    [layer for layer in LAYERS.parts.values() if takes_pictures(layer)],
    ids=lambda layer: str(layer.kind()),
)
@fewer(20)
@given(data=st.data())
def test_channels_last_changes_nothing(layer: type[Layer], data: st.DataObject) -> None:
    made, shapes, _ = fitting(data, layer, pictures)
    module = made.build(shapes)
    made.initialize(module, torch.Generator().manual_seed(1))
    outputs = []
    for form in (torch.contiguous_format, torch.channels_last):
        reseed(module, 3)
        inputs = [x.to(memory_format=form) for x in batch(shapes)]
        with torch.no_grad():
            outputs.append(module.train()(*inputs))
    torch.testing.assert_close(*outputs, rtol=1e-4, atol=1e-5)
