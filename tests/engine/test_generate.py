"""A network of next tokens writes on, and learns with a state that is carried from batch to batch."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from app.catalog.datasets._tokens import UnknownToken
from app.core.errors import Invalid
from app.engine.data import contiguous_order
from app.engine.export.make import Order, make
from app.engine.trainer import Trainer
from app.features.generate.engine import generate
from app.features.generate.schema import Generated, GenerateWanted, NoNextToken, NotByStep
from app.protocol.refusals import CodeRestarts
from tests.engine.specs import ADAM, Driven, Layers, digest, run_spec, trainer_of

CLASSES = 35
TEXT = {"type": "own_text", "length": 10}
CARRYING = {**TEXT, "carry": True}


def model(recurrent: dict[str, object]) -> Layers:
    return [
        {"type": "embedding", "size": 6},
        recurrent,
        {"type": "dropout", "rate": 0.2},
        {"type": "dense_steps", "units": CLASSES},
    ]


LSTM = model({"type": "lstm", "units": 9, "layers": 2, "dropout": 0.2})
KINDS = [
    {"type": "rnn", "units": 7},
    {"type": "rnn", "units": 7, "layers": 2, "activation": "sigmoid"},
    {"type": "gru", "units": 7},
    {"type": "lstm", "units": 7, "layers": 2},
    {"type": "jordan", "units": 7, "outputs": 5},
    {"type": "banded_rnn", "units": 7},
]


def wrote(trainer: Trainer, **fields: object) -> Generated:
    wanted = {"prompt": "Twinkle, ", "length": 12, **fields}
    return generate(trainer, 0, GenerateWanted.model_validate_json(json.dumps(wanted)))


@pytest.mark.parametrize("recurrent", KINDS, ids=lambda one: str(one["type"]))
def test_what_is_written_is_what_the_network_says_of_the_whole_text(
    recurrent: dict[str, object],
) -> None:
    """State carried token by token gives the probabilities of one pass over everything before."""
    trainer = trainer_of(run_spec(model(recurrent), dataset=TEXT, optimizer=ADAM))
    found = wrote(trainer, temperature=0.7, seed=4)
    dataset, whole = trainer.data.tokens, "Twinkle, " + found.text
    assert dataset is not None
    assert len(found.tokens) == 12
    trainer.network.mode(training=False)
    with torch.no_grad():
        x = torch.tensor([dataset.ids(whole)]).float()
        scores = trainer.network(x)[0].double()
    scores[:, 0] = -torch.inf
    chances = scores.softmax(1).numpy()
    for k, written in enumerate(found.tokens):
        row = chances[8 + k]
        assert written.probability == pytest.approx(row[dataset.ids(written.token)[0]], abs=1e-6)
        best = [dataset.vocabulary[i] for i in np.argsort(-row)[:1]]
        assert [one.token for one in written.top[:1]] == best


def test_the_seed_says_what_is_written_and_training_is_not_disturbed() -> None:
    trainer, other = (trainer_of(run_spec(LSTM, dataset=TEXT, optimizer=ADAM)) for _ in range(2))
    before = wrote(trainer, seed=1)
    assert wrote(trainer, seed=1) == before
    assert wrote(trainer, seed=2).text != before.text
    trainer.step()
    other.step()
    assert digest(trainer) == digest(other)


def test_temperature_and_top_k() -> None:
    trainer = trainer_of(run_spec(LSTM, dataset=TEXT, optimizer=ADAM))
    coldest = wrote(trainer, temperature=0.0)
    assert [one.token for one in coldest.tokens] == [one.top[0].token for one in coldest.tokens]
    assert wrote(trainer, top_k=1, seed=9).text == coldest.text
    for written in wrote(trainer, top_k=3, seed=5, temperature=5.0).tokens:
        assert written.token in [one.token for one in written.top[:3]]
        assert sum(float(one.probability) for one in written.top) <= 1.0 + 1e-9


def test_what_cannot_write_says_why() -> None:
    with pytest.raises(NoNextToken):
        wrote(trainer_of(run_spec()))
    both = model({"type": "gru", "units": 4, "bidirectional": True})
    with pytest.raises(NotByStep) as caught:
        wrote(trainer_of(run_spec(both, dataset=TEXT)))
    assert caught.value.params["name"] == "gru1"
    with pytest.raises(UnknownToken) as unknown:
        wrote(trainer_of(run_spec(LSTM, dataset=TEXT)), prompt="Zwölf")
    assert unknown.value.pointer == "/prompt"
    assert unknown.value.params["token"] == "Z"
    assert issubclass(NotByStep, Invalid)


def test_a_silenced_layer_is_silent_while_writing() -> None:
    driven = Driven(run_spec(LSTM, dataset=TEXT, optimizer=ADAM))
    driven.session.command(_silence("lstm1"))
    spoken = {one.probability for one in wrote(driven.session.trainer, length=3).tokens}
    bias = driven.session.trainer.network.node("fct1").get_parameter("bias").detach().double()
    bias[0] = -torch.inf
    assert all(min(abs(float(p) - c) for c in bias.softmax(0).tolist()) < 1e-6 for p in spoken)


def _silence(node: str):  # type: ignore[no-untyped-def]
    from tests.engine.specs import command

    return command("silence", node=node)


# --- a state that is carried ----------------------------------------------------------------------


def test_rows_of_batches_go_on_where_they_ended() -> None:
    assert contiguous_order(10, 3).tolist() == [0, 3, 6, 1, 4, 7, 2, 5, 8, 9]
    assert contiguous_order(2, 3).tolist() == [0, 1]


def test_truncation_cuts_the_gradient_and_nothing_else() -> None:
    """Two windows with a carried state are one long sequence with the state detached at the cut."""
    plain = model({"type": "lstm", "units": 7, "layers": 2})
    del plain[2]
    spec = run_spec(
        plain, dataset=CARRYING, optimizer={"type": "sgd", "learning_rate": 0.0}, batch_size=4
    )
    trainer = trainer_of(spec)
    trainer.step()
    states = trainer.states_for(4)
    index = trainer.next_batch()
    first = index - 1  # the windows before
    x, targets, _ = trainer.data.train.batch(torch.cat([first, index]))
    joined = torch.cat([x[:4], x[4:]], 1)
    with torch.no_grad():
        whole = trainer.network(joined)[:, 10:]
        made, _ = trainer.network.resume(x[4:], states)
    torch.testing.assert_close(made, whole, rtol=0.0, atol=1e-6)
    assert all(not state.requires_grad for each in states.values() for state in each)
    trainer.step()
    gradients = [p.grad.clone() for p in trainer.parameters if p.grad is not None]
    for parameter in trainer.parameters:
        parameter.grad = None
    _, after = trainer.network.resume(x[:4], {})
    cut = {name: tuple(s.detach() for s in each) for name, each in after.items()}
    output, _ = trainer.network.resume(x[4:], cut)
    torch.autograd.backward(trainer.loss(output, targets[4:]))
    for found, parameter in zip(gradients, trainer.parameters, strict=True):
        assert parameter.grad is not None
        torch.testing.assert_close(found, parameter.grad, rtol=1e-5, atol=1e-7)


def test_going_back_and_resuming_is_bit_identical(tmp_path: Path) -> None:
    spec = run_spec(LSTM, dataset=CARRYING, optimizer=ADAM, batch_size=4, epochs=5)
    straight = Driven(spec).to(17).digest
    driven = Driven(spec, tmp_path).to(9).to(17)
    assert driven.digest == straight
    driven.do("rewind", step=9)
    assert driven.to(17).digest == straight
    driven.session.close()
    resumed = Driven(spec, tmp_path, snapshot="0-9", branch=driven.session.branch)
    assert resumed.step <= 17
    assert resumed.to(17).digest == straight if resumed.step < 17 else resumed.digest == straight


def test_carrying_differs_from_starting_at_rest() -> None:
    carried = Driven(run_spec(LSTM, dataset=CARRYING, optimizer=ADAM, batch_size=4)).to(4)
    at_rest = Driven(run_spec(LSTM, dataset=TEXT, optimizer=ADAM, batch_size=4)).to(4)
    assert carried.digest != at_rest.digest
    assert carried.session.trainer.carried
    assert not at_rest.session.trainer.carried


def test_code_is_refused_where_the_state_is_carried() -> None:
    order = Order(kind="code", spec=run_spec(LSTM, dataset=CARRYING), data_root=Path())
    with pytest.raises(CodeRestarts) as refused:
        make(order, b"")
    assert "carry" in refused.value.text.en
