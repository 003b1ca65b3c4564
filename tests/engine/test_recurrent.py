"""Recurrent layers: PyTorch's fused kernels against the form of elementary operations, step by step."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from app.catalog.layers import LAYERS, Layer
from app.nn.recurrent import Gru, Lstm, Rnn
from app.nn.unrolled import Unrolled
from tests.catalog.strategies import fewer

BATCH = 3
TOLERANCES = {torch.float64: 1e-9, torch.float32: 1e-5}
FUSED = ("gru", "lstm", "rnn")


def both(
    module: Unrolled, x: torch.Tensor, lengths: torch.Tensor | None
) -> list[list[torch.Tensor]]:
    """Output, ∂E/∂x and every gradient, by the kernel and step by step, with the same draws."""
    found = []
    delta = None
    for run in (module, module.stepwise):
        if module.dropout:
            module.reseed(3)
        output = run(x, lengths)
        if delta is None:
            generator = torch.Generator().manual_seed(1)
            delta = torch.randn(output.shape, generator=generator, dtype=torch.float64)
        gradients = torch.autograd.grad(output, [x, *module.parameters()], delta.to(output.dtype))
        found.append([output.detach(), *gradients])
    return found


def tame(module: torch.nn.Module) -> None:
    """Weights from step to step with a largest singular value of at most one."""
    with torch.no_grad():
        for name, parameter in module.named_parameters():
            if name.startswith("weight_hh"):
                for block in torch.split(parameter, parameter.shape[1]):
                    block.div_(max(1.0, float(torch.linalg.matrix_norm(block, 2))))


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32], ids=["float64", "float32"])
@pytest.mark.parametrize("kind", FUSED)
@fewer(12)
@given(
    steps=st.integers(1, 50),
    features=st.integers(1, 9),
    units=st.integers(1, 12),
    layers=st.integers(1, 3),
    bidirectional=st.booleans(),
    dropout=st.sampled_from((0.0, 0.4)),
    training=st.booleans(),
    masked=st.booleans(),
    seed=st.integers(0, 2**16),
)
def test_the_kernel_is_the_textbooks_steps(
    kind: str,
    dtype: torch.dtype,
    steps: int,
    features: int,
    units: int,
    layers: int,
    bidirectional: bool,
    dropout: float,
    training: bool,
    masked: bool,
    seed: int,
) -> None:
    fields = {"units": units, "layers": layers, "bidirectional": bidirectional, "dropout": dropout}
    layer: Layer = LAYERS.parts[kind].model_validate({"type": kind, **fields})
    module = layer.build(((steps, features),))
    generator = torch.Generator().manual_seed(seed)
    layer.initialize(module, generator)
    tame(module)
    module = module.to(dtype).train(training)
    assert isinstance(module, Unrolled)
    x = torch.randn(BATCH, steps, features, generator=generator).to(dtype).requires_grad_()
    lengths = torch.randint(1, steps + 1, (BATCH,), generator=generator) if masked else None
    for fused, written in zip(*both(module, x, lengths), strict=True):
        largest = max(1.0, float(fused.abs().max()))
        assert float((fused - written).abs().max()) <= TOLERANCES[dtype] * largest


@pytest.mark.parametrize("kind", [Rnn, Lstm, Gru], ids=lambda kind: str(kind.__name__))
def test_weights_move_in_and_out_of_pytorchs_own_module(kind: type[Unrolled]) -> None:
    theirs = getattr(torch.nn, kind.__name__.upper())(3, 4, 2, batch_first=True, bidirectional=True)
    ours = kind(3, 4, 2, bidirectional=True)
    ours.load_state_dict(theirs.state_dict())
    x = torch.randn(2, 5, 3, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(ours(x), theirs(x)[0], rtol=0, atol=0)
    assert list(ours.state_dict()) == list(theirs.state_dict())


def test_the_identity_start_is_the_irnns() -> None:
    """Le, Jaitly, Hinton, 2015: W_hh = 1 and b = 0, so that a positive state stays as it is."""
    fields = {"type": "rnn", "units": 16, "activation": "relu", "recurrent": "identity"}
    layer = LAYERS.parts["rnn"].model_validate(fields)
    module = layer.build(((4, 2),))
    layer.initialize(module, torch.Generator().manual_seed(0))
    x = torch.zeros(1, 4, 2)
    x[0, 0] = torch.tensor([1.0, -0.5])
    with torch.no_grad():
        output = module(x)[0]
    assert float(output[0].max()) > 0.0
    assert torch.equal(output[1:], output[:1].expand(3, 16))


def test_the_forget_bias_is_added_to_the_forget_gate_alone() -> None:
    plain, raised = (
        LAYERS.parts["lstm"].model_validate({"type": "lstm", "units": 2, "forget_bias": bias})
        for bias in (0.0, 1.0)
    )
    states = []
    for layer in (plain, raised):
        module = layer.build(((4, 3),))
        layer.initialize(module, torch.Generator().manual_seed(0))
        states.append(module.state_dict())
    changed = states[1]["bias_ih_l0"] - states[0]["bias_ih_l0"]
    torch.testing.assert_close(changed, torch.tensor([0.0, 0, 1, 1, 0, 0, 0, 0]))
    assert torch.equal(states[0]["bias_hh_l0"], states[1]["bias_hh_l0"])
    assert torch.equal(states[0]["weight_hh_l0"], states[1]["weight_hh_l0"])


def test_arithmetic_is_said_as_the_textbook_counts() -> None:
    """Four gates of 32 units over 28 inputs and 32 of their own, two biases each."""
    lstm = LAYERS.parts["lstm"].model_validate({"type": "lstm", "units": 32})
    assert lstm.arithmetic(((28, 28),)) == "4×(32×(28+32)+2×32) = 7936"
    deep = LAYERS.parts["gru"].model_validate(
        {"type": "gru", "units": 4, "layers": 3, "bidirectional": True}
    )
    assert deep.arithmetic(((9, 5),)) == "6×(4×(5+4)+2×4)+2×6×(4×(8+4)+2×4) = 936"


def formula(module: torch.nn.Module, x: torch.Tensor) -> dict[str, torch.Tensor]:
    """Every gate of an LSTM by the chapter's formula, each from its own rows of the weights."""
    w_ih, w_hh, b_ih, b_hh = (p.detach() for p in module.parameters())
    size = w_hh.shape[1]
    h, c = torch.zeros(size, dtype=x.dtype), torch.zeros(size, dtype=x.dtype)
    found: dict[str, list[torch.Tensor]] = {name: [] for name in "ifgoc"}
    for x_t in x:
        now = {}
        for k, q in enumerate("ifgo"):
            rows = slice(k * size, (k + 1) * size)
            net = w_ih[rows] @ x_t + w_hh[rows] @ h + (b_ih + b_hh)[rows]
            now[q] = torch.tanh(net) if q == "g" else 1.0 / (1.0 + torch.exp(-net))
        now["c"] = c = now["f"] * c + now["i"] * now["g"]
        h = now["o"] * torch.tanh(c)
        for name, value in now.items():
            found[name].append(value)
    return {name: torch.stack(values) for name, values in found.items()}


def test_watched_gates_are_the_chapters() -> None:
    module = Lstm(3, 4).double()
    x = torch.randn(2, 6, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(2))
    with torch.no_grad():
        gates = module.gates(x)
    assert set(gates) == set("ifgoc")
    for name, value in formula(module, x[1]).items():
        torch.testing.assert_close(gates[name][1], value, rtol=1e-12, atol=1e-12)


def test_gates_of_a_stack_are_those_of_the_layer_on_top() -> None:
    module = Gru(3, 4, 2, bidirectional=True).double()
    x = torch.randn(2, 5, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(3))
    with torch.no_grad():
        gates = module.gates(x)
        h = module(x)
    assert {name: tuple(v.shape) for name, v in gates.items()} == dict.fromkeys("rzn", (2, 5, 8))
    r, z, n = gates["r"], gates["z"], gates["n"]
    assert bool(((r > 0) & (r < 1)).all())
    before = torch.cat([torch.zeros(2, 1, 4, dtype=torch.float64), h[:, :-1, :4]], 1)
    expected = (1 - z[..., :4]) * n[..., :4] + z[..., :4] * before
    torch.testing.assert_close(h[..., :4], expected, rtol=1e-10, atol=1e-10)
