"""Every layer, loss and optimiser of the registries under the microscope: terms sum to PyTorch's value."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from hypothesis import assume, given
from hypothesis import strategies as st

from app.catalog.layers import LAYERS, Layer
from app.catalog.losses import LOSSES, Loss
from app.core.shapes import size
from app.engine.tracing.adjoint import backward, sensitivities
from app.engine.tracing.capture import Graph, Value, capture, elementary
from app.engine.tracing.cells import Cell, source
from app.engine.tracing.forward import forward
from app.engine.tracing.local import derivatives
from app.engine.tracing.places import Context, largest
from tests.catalog.strategies import batch_of, fewer, fitting, parts, reseed, small_shapes

TOLERANCES = {torch.float64: 1e-9, torch.float32: 1e-5}
BATCH = 3


def close(total: float, value: float, scale: float, dtype: torch.dtype) -> bool:
    return abs(total - value) <= TOLERANCES[dtype] * scale + torch.finfo(dtype).tiny


def check_forward(graph: Graph, value: float, flat: int, dtype: torch.dtype) -> None:
    """A cell of the output: a copy of something given, or a sum that gives PyTorch's value."""
    at = source(graph, Cell(graph.output, flat))
    found = forward(graph, at)
    if found.kind == "given":
        assert close(at.number, value, abs(value), dtype)
        return
    assert close(found.total, value, found.scale, dtype), (found.through, found.total, value)
    context = Context("node", ("a", "b", "c", "d", "e", "f", "g", "h"), graph)
    terms, rest = largest([(context, block) for block in found.blocks])
    listed = sum(float(term.value) for term in terms) + float(rest.value)
    assert close(listed, value, found.scale, dtype)
    for term in terms:
        if term.factors and term.factors[0].meaning == "argument":
            continue
        product = 1.0
        for factor in term.factors:
            product *= float(factor.value)
        assert product == pytest.approx(float(term.value), rel=1e-9, abs=1e-300)


def check_backward(
    graph: Graph, value: Value, gradient: torch.Tensor, flat: int, upstream: dict[int, torch.Tensor]
) -> None:
    """A cell of an argument: upstream sensitivities times derivatives give autograd's value."""
    blocks = backward(graph, value, flat, upstream)
    total = sum(float(block.values.sum()) for block in blocks)
    scale = sum(float(block.values.abs().sum()) for block in blocks)
    wanted = float(gradient.reshape(-1)[flat])
    assert close(total, wanted, scale, gradient.dtype), (value.origin, value.name, total, wanted)


def spread_of_one(graph: Graph) -> bool:
    """Whether a variance is taken over single cells: x − μ is then nothing but rounding, which
    PyTorch's fused kernel and its own decomposition round differently, magnified by 1/√ε = 316."""
    return any(
        op.name in ("var", "var_mean")
        and op.slots[0].tensor.numel() == op.results[0].tensor.numel()
        for op in graph.operations
        if op.results[0] is not None
    )


def open_layer(
    data: st.DataObject, kind: str, dtype: torch.dtype
) -> tuple[Graph, torch.Tensor, dict[Value, torch.Tensor], dict[int, torch.Tensor]]:
    """A layer's graph, output, ∂E/∂(every input and parameter) by PyTorch, and all sensitivities."""
    layer: Layer
    layer, shapes, _ = fitting(data, LAYERS.parts[kind], small_shapes)
    generator = torch.Generator().manual_seed(data.draw(st.integers(0, 2**31)))
    module = layer.build(shapes)
    layer.initialize(module, generator)
    module = module.to(dtype)
    inputs = [batch_of(shape, BATCH, generator).to(dtype).requires_grad_() for shape in shapes]
    reseed(module, 7)
    output = elementary(module)(*inputs)
    delta = torch.randn(output.shape, generator=generator).to(dtype)
    parameters = dict(module.named_parameters())
    found = derivatives(output, [*inputs, *parameters.values()], delta)
    reseed(module, 7)
    graph = capture(module, [x.detach() for x in inputs])
    assume(not spread_of_one(graph))
    values = [*graph.inputs, *(graph.parameters[name] for name in parameters)]
    gradients = {
        value: torch.zeros_like(value.tensor) if g is None else g
        for value, g in zip(values, found, strict=True)
    }
    return graph, output.detach(), gradients, sensitivities(graph, delta)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32], ids=["float64", "float32"])
@pytest.mark.parametrize("kind", sorted(LAYERS.parts))
@given(data=st.data())
@fewer(50)
def test_every_cell_of_a_layer_is_explained(
    kind: str, dtype: torch.dtype, data: st.DataObject
) -> None:
    graph, output, gradients, upstream = open_layer(data, kind, dtype)
    flat = data.draw(st.integers(0, output.numel() - 1))
    check_forward(graph, float(output.reshape(-1)[flat]), flat, dtype)
    for value, gradient in gradients.items():
        at = data.draw(st.integers(0, gradient.numel() - 1))
        check_backward(graph, value, gradient, at, upstream)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32], ids=["float64", "float32"])
@pytest.mark.parametrize("kind", sorted(LOSSES.parts))
@given(data=st.data())
@fewer(20)
def test_every_loss_is_explained(kind: str, dtype: torch.dtype, data: st.DataObject) -> None:
    loss: Loss = data.draw(parts(LOSSES.parts[kind]))
    generator = torch.Generator().manual_seed(data.draw(st.integers(0, 2**31)))
    classes = 4
    if "classification" in loss.TASKS:
        raw = torch.randint(0, classes, (BATCH,), generator=generator)
    else:
        raw = torch.randn((BATCH, classes), generator=generator)
    target = loss.encode(raw, classes, classes)
    target = target.to(dtype) if target.is_floating_point() else target
    output = torch.randn((BATCH, classes), generator=generator).to(dtype).requires_grad_()
    function = loss.build()
    made = function(output, target)
    (gradient,) = torch.autograd.grad(made, output)
    graph = capture(function, [output.detach(), target])
    check_forward(graph, float(made.detach()), 0, dtype)
    upstream = sensitivities(graph, torch.ones_like(made))
    flat = data.draw(st.integers(0, output.numel() - 1))
    check_backward(graph, graph.inputs[0], gradient, flat, upstream)


def _opened(module: Callable[..., torch.Tensor], *inputs: torch.Tensor) -> Graph:
    return capture(module, inputs)


def test_a_layer_nobody_has_heard_of_is_opened_without_code_of_its_own() -> None:
    class Odd(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.scale = torch.nn.Parameter(torch.tensor([0.5, -2.0, 1.5], dtype=torch.float64))

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            wave = torch.sin(x.cumsum(1)) * self.scale
            return torch.logsumexp(wave, 1, keepdim=True) + x.flip(1)

    module = Odd()
    x = torch.randn(BATCH, 3, dtype=torch.float64, requires_grad=True)
    output = module(x)
    delta = torch.randn_like(output)
    found = torch.autograd.grad(output, [x, module.scale], delta)
    graph = _opened(module, x.detach())
    upstream = sensitivities(graph, delta)
    for flat in range(output.numel()):
        check_forward(graph, float(output.detach().reshape(-1)[flat]), flat, torch.float64)
        check_backward(graph, graph.inputs[0], found[0], flat, upstream)
    for flat in range(3):
        check_backward(graph, graph.parameters["scale"], found[1], flat, upstream)


def test_factors_name_the_cells_they_come_from() -> None:
    module = torch.nn.Conv2d(2, 3, 3, padding=1, stride=2).double()
    x = torch.randn(2, 2, 6, 6, dtype=torch.float64)
    graph = _opened(module, x)
    context = Context("conv", ("before",), graph)
    found = forward(graph, Cell(graph.output, graph.output.tensor.numel() - 1))
    terms, _ = largest([(context, block) for block in found.blocks])
    assert len(terms) == size((2, 3, 3)) + 1
    for term in terms:
        for factor in term.factors:
            if factor.place is None:
                assert factor.value == 1.0  # of the bias
            elif factor.place.role == "parameter":
                tensor = getattr(module, str(factor.place.tensor)).detach()
                assert float(tensor[factor.place.index]) == factor.value
            else:
                assert factor.place.node == "before"
                assert float(x[(factor.place.sample or 0, *factor.place.index)]) == factor.value


def drawn(kind: str, x: torch.Tensor, **fields: object) -> tuple[Graph, torch.Tensor]:
    """A layer with draws of its own, in training, and what it made of ``x``."""
    layer = LAYERS.parts[kind].model_validate({"type": kind, **fields})
    module = layer.build((tuple(x.shape[1:]),)).double().train()
    reseed(module, 3)
    output = module(x).detach()
    reseed(module, 3)
    return capture(module, [x]), output


def factors(graph: Graph, flat: int) -> list[list[tuple[float, str]]]:
    """Value and role of every factor of a cell's terms."""
    found = forward(graph, source(graph, Cell(graph.output, flat)))
    terms, _ = largest([(Context("node", ("before",), graph), b) for b in found.blocks])
    return [
        [(float(f.value), f.place.role if f.place else "") for f in term.factors] for term in terms
    ]


def test_a_dropouts_mask_is_a_factor() -> None:
    x = torch.rand(2, 40, dtype=torch.float64) + 0.5
    graph, output = drawn("dropout", x, rate=0.4)
    kept = output.ne(0.0)
    assert 0 < int(kept.sum()) < output.numel()
    for flat in range(output.numel()):
        numbers = sorted(value for term in factors(graph, flat) for value, _ in term)
        own = float(x.reshape(-1)[flat])
        if kept.reshape(-1)[flat]:
            product = torch.tensor(numbers).prod()
            assert float(product) == pytest.approx(own / 0.6)
            assert any(value == pytest.approx(1 / 0.6) for value in numbers)
        else:
            assert 0.0 in numbers or not numbers


def test_a_noise_is_a_term_of_its_own() -> None:
    x = torch.randn(2, 6, dtype=torch.float64)
    graph, output = drawn("gaussian_noise", x, std=0.5)
    for flat in range(output.numel()):
        terms = factors(graph, flat)
        assert len(terms) == 2
        own = float(x.reshape(-1)[flat])
        noise = float(output.reshape(-1)[flat]) - own
        values = sorted(torch.tensor([v for v, _ in term]).prod().item() for term in terms)
        assert values == pytest.approx(sorted([own, noise]))


def test_a_stochastic_poolings_draw_is_the_cell_that_was_drawn() -> None:
    x = torch.rand(2, 3, 6, 6, dtype=torch.float64)
    graph, output = drawn("stochastic_pool", x)
    below = 0
    for flat in range(output.numel()):
        n, c, i, j = (int(k) for k in torch.unravel_index(torch.tensor(flat), output.shape))
        block = x[n, c, 2 * i : 2 * i + 2, 2 * j : 2 * j + 2]
        value = float(output[n, c, i, j])
        assert value in block.reshape(-1).tolist()
        below += value < float(block.max())
        at = source(graph, Cell(graph.output, flat))
        found = [at.number] if forward(graph, at).kind == "given" else []
        found += [v for term in factors(graph, flat) for v, role in term if role == "activation"]
        assert value in found
    assert below, "the largest is not always drawn"


def test_a_random_slope_is_the_one_that_was_drawn() -> None:
    x = -torch.rand(2, 30, dtype=torch.float64) - 0.1
    graph, output = drawn("rrelu", x)
    slopes = (output / x).reshape(-1)
    assert len(set(slopes.tolist())) > 30
    for flat in range(0, output.numel(), 7):
        blocks = forward(graph, source(graph, Cell(graph.output, flat))).blocks
        total = sum(float(block.values.sum()) for block in blocks)
        assert total == pytest.approx(float(slopes[flat] * x.reshape(-1)[flat]), rel=1e-12)
