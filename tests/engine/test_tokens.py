"""Tokens: a class at every step with its loss and accuracy, sequences that end early, texts as samples."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from app.catalog.datasets._tokens import NoTokens, TooManyTokens, UnknownToken
from app.catalog.layers import LAYERS, Layer
from app.catalog.layers._base import RECURRENT as RECURRENT_GROUP
from app.catalog.losses import LOSSES
from app.catalog.losses.cross_entropy import CrossEntropy
from app.core.errors import Invalid
from app.core.shapes import Steps
from app.engine.attribution import subject_of
from app.engine.compile import Network
from app.engine.predict import predict
from app.engine.probes import Moment, Prober
from app.engine.tracing.capture import elementary
from app.nn.masks import lengths_of
from app.protocol.refusals import SampleMisfit, TokensOnly
from app.protocol.taps import SAMPLE, AnySample
from tests.catalog.strategies import fewer
from tests.engine.specs import ADAM, Driven, Layers, run_spec, trainer_of

TEXT = {"type": "own_text", "length": 12}
CLASSES = 35
MODEL: Layers = [
    {"type": "embedding", "size": 8},
    {"type": "lstm", "units": 12},
    {"type": "dense_steps", "units": CLASSES},
]
LAYER_KINDS = [
    kind
    for kind, part in LAYERS.parts.items()
    if part.MASKED and (part.GROUP == RECURRENT_GROUP or kind == "global_mean_pool")
]
"""Those that make of every sequence what they would make of it alone; statistics and what slides along
time are looked at in test_sequence_layers."""
RECURRENT = {"units": 3, "layers": 2, "bidirectional": True}


def sample(**fields: object) -> AnySample:
    return SAMPLE.validate_json(json.dumps(fields))


def log_softmax(u: np.ndarray) -> np.ndarray:
    top = u - u.max(-1, keepdims=True)
    return np.asarray(top - np.log(np.exp(top).sum(-1, keepdims=True)))


@pytest.mark.parametrize("kind", [k for k, loss in LOSSES.parts.items() if loss.PER_STEP])
@given(seed=st.integers(0, 2**16), steps=st.integers(1, 6))
@fewer(8)
def test_loss_is_the_mean_over_counted_steps(kind: str, seed: int, steps: int) -> None:
    random = np.random.RandomState(seed)
    output, targets = random.randn(3, steps, 4), random.randint(-1, 4, (3, steps))
    targets[0, 0] = 2
    leaf = torch.from_numpy(output).requires_grad_()
    loss = LOSSES.parts[kind]().build_steps()(leaf, torch.from_numpy(targets))
    single = LOSSES.parts[kind]().build()
    each = [
        float(single(torch.from_numpy(output[n, t : t + 1]), torch.tensor([targets[n, t]])))
        for n in range(3)
        for t in range(steps)
        if targets[n, t] >= 0
    ]
    assert float(loss.detach()) == pytest.approx(np.mean(each), rel=1e-12)
    torch.autograd.backward(loss)
    assert leaf.grad is not None
    assert not leaf.grad[torch.from_numpy(targets) < 0].any()


def test_metrics_and_validation_are_the_textbooks() -> None:
    spec = run_spec(MODEL, dataset=TEXT, optimizer=ADAM, batch_size=8)
    trainer = trainer_of(spec)
    for _ in range(5):
        trainer.step()
    val = trainer.data.val
    with torch.no_grad():
        output = trainer.network(val.inputs(val.rows)).double().numpy()
    targets = val.wanted(0, val.count).numpy()
    chosen = np.take_along_axis(log_softmax(output), targets[..., None], 2)
    loss, accuracy = trainer.evaluate()
    assert loss == pytest.approx(-chosen.mean(), rel=1e-5)
    assert accuracy == pytest.approx((output.argmax(2) == targets).mean())
    point = trainer.read_metrics()[-1]
    assert point.answers == 12 * trainer.data.train.count // 3 or point.answers > 0
    assert trainer.tally.hits <= trainer.tally.samples


def test_a_training_learns_a_text_by_heart() -> None:
    driven = Driven(run_spec(MODEL, dataset=TEXT, optimizer=ADAM, batch_size=8, epochs=25))
    driven.do("play")
    first, last = (driven.of("validation")[k] for k in (0, -1))
    assert first.loss == pytest.approx(np.log(CLASSES), abs=0.2)
    assert last.train_loss < first.loss - 1.0
    assert 0.0 < last.train_accuracy < 1.0


def layer_of(kind: str) -> Layer:
    fields = {k: v for k, v in RECURRENT.items() if k in LAYERS.parts[kind].model_fields}
    return LAYERS.parts[kind].model_validate(fields)


@pytest.mark.parametrize("kind", LAYER_KINDS)
@given(lengths=st.lists(st.integers(1, 7), min_size=1, max_size=4), seed=st.integers(0, 2**16))
@fewer(5)
def test_a_sequence_that_ends_early_is_as_if_it_were_alone(
    kind: str, lengths: list[int], seed: int
) -> None:
    """Outputs and gradients, by the fused kernel and step by step; behind the end there is nothing."""
    layer, generator = layer_of(kind), torch.Generator().manual_seed(seed)
    module = layer.build((Steps(7, 5),)).double()
    layer.initialize(module, generator)
    x = torch.randn(len(lengths), 7, 5, generator=generator, dtype=torch.float64)
    ends = torch.tensor(lengths)
    for run in (module, elementary(module)):
        together = x.clone().requires_grad_()
        made = run(together, ends)
        delta = torch.randn(made.shape, generator=generator, dtype=torch.float64)
        module.zero_grad()
        torch.autograd.backward(made, delta)
        found = [p.grad.clone() for p in module.parameters() if p.grad is not None]
        module.zero_grad()
        for n, length in enumerate(lengths):
            one = x[n : n + 1, :length].clone().requires_grad_()
            alone = module(one)
            mine = made[n] if made.dim() == 2 else made[n, :length]
            torch.testing.assert_close(mine, alone[0], rtol=0.0, atol=1e-12)
            torch.autograd.backward(
                alone, delta[n : n + 1] if made.dim() == 2 else delta[n : n + 1, :length]
            )
            assert together.grad is not None
            assert one.grad is not None
            torch.testing.assert_close(together.grad[n, :length], one.grad[0], rtol=0.0, atol=1e-12)
            assert not together.grad[n, length:].any()
            assert made.dim() == 2 or not made[n, length:].any()
        alone_sum = [p.grad for p in module.parameters() if p.grad is not None]
        for a, b in zip(found, alone_sum, strict=True):
            torch.testing.assert_close(a, b, rtol=0.0, atol=1e-9)


@given(ids=st.lists(st.lists(st.integers(0, 3), min_size=5, max_size=5), min_size=1, max_size=4))
@fewer(2)
def test_lengths_follow_from_the_ids(ids: list[list[int]]) -> None:
    expected = [max([t + 1 for t, one in enumerate(row) if one], default=1) for row in ids]
    assert lengths_of(torch.tensor(ids).float()).tolist() == expected


def test_a_network_is_told_where_its_texts_end() -> None:
    """The whole network on a padded batch gives what it gives for the text alone."""
    model = [
        MODEL[0],
        {"type": "gru", **RECURRENT},
        {"type": "mean_over_time"},
        {"type": "dense", "units": 3},
    ]
    trainer = trainer_of(run_spec(MODEL, dataset=TEXT, optimizer=ADAM))
    network = Network(run_spec([*model[:2], MODEL[2]], dataset=TEXT))
    assert network.masked == {"gru1"}
    x = trainer.data.sample(sample(kind="text", text="twinkle"))
    with torch.no_grad():
        made = network(x)[0, :7]
        torch.testing.assert_close(made, network(x[:, :7])[0], rtol=0.0, atol=1e-6)


def test_a_text_is_a_sample() -> None:
    trainer = trainer_of(run_spec(MODEL, dataset=TEXT, optimizer=ADAM))
    found, frame = predict(
        trainer, Prober(trainer), sample(kind="text", text="Twinkle"), Moment("r", 0)
    )
    assert len(found["steps"]) == 7
    assert len(frame) > 100
    for step in found["steps"]:
        assert step["label"] == step["top"][0][0]
        values = [value for _, value in step["top"]]
        assert values == sorted(values, reverse=True)
    stored, _ = predict(trainer, Prober(trainer), sample(kind="stored", index=0), Moment("r", 0))
    wanted = trainer.data.val.wanted(0, 1)[0].tolist()
    assert [step["target"] for step in stored["steps"]] == wanted


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"kind": "text", "text": "Twi€"}, UnknownToken),
        ({"kind": "text", "text": "star" * 9}, TooManyTokens),
        ({"kind": "given", "values": [0.5] * 12}, SampleMisfit),
        ({"kind": "given", "values": [99.0] * 12}, SampleMisfit),
        ({"kind": "given", "values": [1.0] * 3}, SampleMisfit),
    ],
)
def test_what_is_no_sample_is_refused(fields: dict[str, object], error: type[Invalid]) -> None:
    trainer = trainer_of(run_spec(MODEL, dataset=TEXT, optimizer=ADAM))
    with pytest.raises(error) as caught:
        trainer.data.sample(sample(**fields))
    assert caught.value.text.en != caught.value.text.zh
    if error is UnknownToken:
        assert caught.value.params["token"] == "€"
        assert caught.value.params["place"] == 4
    assert NoTokens().text.zh


def test_text_needs_a_set_of_texts_and_shades_need_another() -> None:
    digits = trainer_of(run_spec())
    with pytest.raises(SampleMisfit):
        digits.data.sample(sample(kind="text", text="7"))
    texts = trainer_of(run_spec(MODEL, dataset=TEXT, optimizer=ADAM))
    with pytest.raises(TokensOnly):
        subject_of(texts, sample(kind="stored"))
    assert CrossEntropy.PER_STEP
