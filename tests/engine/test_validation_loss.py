"""The loss over a whole set is the textbook's over all its samples, however the set is cut into parts."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from app.catalog.losses import LOSSES, Loss
from app.engine import evaluation
from app.engine.trainer import Trainer
from app.spec.run import RunSpec
from tests.catalog.strategies import fewer, parts
from tests.catalog.test_textbook_losses import TEXTBOOK, Array, as_numbers
from tests.engine.specs import ADAM, Driven, Layers, run_spec, trainer_of

DENSE: Layers = [{"type": "flatten"}, {"type": "dense", "units": 5}, {"type": "tanh"}]
CLASSES: Layers = [*DENSE, {"type": "dense", "units": 10}]
BORDERS = [1, 16, 97, 100, 250, 350, 359, 360, 500]
HALF_SUM = {"type": "squared_error", "form": "half_sum"}


def fresh(spec: RunSpec) -> Trainer:
    """A trainer; denormals are kept, which Hypothesis draws."""
    trainer = trainer_of(spec)
    torch.set_flush_denormal(False)
    return trainer


def of_the_set(trainer: Trainer, loss: Any, *, per_answer: bool = False) -> float:
    """Σ over the set in float64, per answer or for as many samples as a batch has."""
    split = trainer.data.val
    trainer.network.mode(training=False)
    with torch.no_grad():
        output = trainer.network(split.inputs(split.rows)).double().numpy()
    trainer.network.mode(training=True)
    if split.labels is None:
        targets = split.wanted(0, split.count).double().numpy().reshape(split.count, -1)
        output = output.reshape(split.count, -1)
    else:
        labels, output = split.labels.numpy().reshape(-1), output.reshape(-1, output.shape[-1])
        output, labels = output[labels >= 0], labels[labels >= 0]
        targets = as_numbers(labels, output.shape[1])
    energy = TEXTBOOK[loss.kind()](loss, output, targets)[0]
    if loss.sums:
        return energy / len(output) * (1 if per_answer else trainer.settings.batch_size)
    return energy


def cut(monkeypatch: pytest.MonkeyPatch, trainer: Trainer, width: int) -> float:
    """The validation loss with parts of ``width`` samples."""
    monkeypatch.setattr(evaluation, "EVALUATION_VALUES", width * trainer.network.activations)
    trainer._evaluated = None
    return trainer.evaluate()[0]


@pytest.mark.parametrize("batch", BORDERS)
def test_the_half_sum_of_the_digits(batch: int) -> None:
    """½ΣΣ over the set for as many samples as a batch has, whatever a last, smaller part holds."""
    trainer = trainer_of(run_spec(CLASSES, loss=HALF_SUM, batch_size=batch, seed=0))
    whole = of_the_set(trainer, trainer.settings.loss, per_answer=True)
    assert trainer.evaluate()[0] == pytest.approx(whole * batch, rel=1e-5)


@pytest.mark.parametrize("loss", LOSSES.parts.values(), ids=lambda loss: str(loss.kind()))
@fewer(4)
@given(data=st.data(), batch=st.integers(1, 400), width=st.integers(16, 400))
def test_classes(loss: type[Loss], data: st.DataObject, batch: int, width: int) -> None:
    if loss.kind() not in TEXTBOOK:
        return
    made = data.draw(parts(loss))
    trainer = fresh(run_spec(CLASSES, loss=made.model_dump(), batch_size=batch))
    with pytest.MonkeyPatch.context() as patch:
        found = cut(patch, trainer, width)
    assert found == pytest.approx(of_the_set(trainer, made), rel=1e-4, abs=1e-6)


@pytest.mark.parametrize("loss", ["squared_error", "huber"])
@fewer(4)
@given(data=st.data(), batch=st.integers(1, 300))
def test_values_and_reconstructions(loss: str, data: st.DataObject, batch: int) -> None:
    made = data.draw(parts(LOSSES.parts[loss])).model_dump()
    numbers = run_spec(
        [*DENSE, {"type": "dense", "units": 1}],
        dataset={"type": "diabetes"},
        loss=made,
        batch_size=batch,
    )
    again = run_spec(
        [*DENSE, {"type": "dense", "units": 64}, {"type": "reshape"}],
        target="input",
        loss=made,
        batch_size=batch,
    )
    for spec in (numbers, again):
        trainer = fresh(spec)
        want = of_the_set(trainer, trainer.settings.loss)
        assert trainer.evaluate()[0] == pytest.approx(want, rel=1e-4)


@pytest.mark.parametrize(
    "batch", [1, 64, *(pytest.param(size, marks=pytest.mark.deep) for size in (7, 1000))]
)
@pytest.mark.parametrize("loss", ["cross_entropy", "hinge"])
def test_steps_that_do_not_count(batch: int, loss: str) -> None:
    """Sentences have different lengths: the mean is over the words of all, not over means of parts."""
    layers: Layers = [
        {"type": "embedding", "size": 4},
        {"type": "gru", "units": 4},
        {"type": "dense_steps", "units": 12},
    ]
    spec = run_spec(
        layers, dataset={"type": "part_of_speech"}, loss={"type": loss}, batch_size=batch
    )
    trainer = trainer_of(spec)
    want = of_the_set(trainer, trainer.settings.loss)
    assert trainer.evaluate()[0] == pytest.approx(want, rel=1e-5)


def test_the_training_loss_of_an_epoch_is_defined_alike() -> None:
    """With η 0 the weights are the same at every batch: train_loss is the sum over the training set."""
    still = {"type": "sgd", "learning_rate": 1e-30}
    for batch in (16, 1000):
        spec = run_spec(CLASSES, loss=HALF_SUM, optimizer=still, batch_size=batch, epochs=1)
        driven = Driven(spec).do("play")
        trainer = driven.session.trainer
        trainer.data.val = trainer.data.train
        want = of_the_set(trainer, trainer.settings.loss)
        assert driven.of("validation")[-1].train_loss == pytest.approx(want, rel=1e-4)


def test_a_plateau_is_not_deceived_by_another_batch_size() -> None:
    """Twice the batch is twice the ½ΣΣ: the schedule watches that of one sample."""
    schedule = {"type": "plateau", "patience": 0}
    spec = run_spec(
        CLASSES, loss=HALF_SUM, optimizer=ADAM, schedule=schedule, batch_size=16, epochs=6
    )
    driven = Driven(spec).do("step", unit="epoch")
    driven.do("set_batch_size", batch_size=64).do("step", unit="epoch")
    first, second = driven.of("validation")[-2:]
    assert second.loss > first.loss
    assert second.loss / 64 < first.loss / 16
    assert driven.session.trainer.memory.scale == 1.0


@pytest.mark.parametrize("loss", LOSSES.parts.values(), ids=lambda loss: str(loss.kind()))
@fewer(2)
@given(data=st.data(), batch=st.integers(1, 9), seed=st.integers(0, 99))
def test_a_loss_says_whether_it_sums(
    loss: type[Loss], data: st.DataObject, batch: int, seed: int
) -> None:
    made = data.draw(parts(loss))
    random = np.random.RandomState(seed)
    output: Array = random.standard_normal((batch, 3)) * 3.0
    task = "classification" if "classification" in loss.TASKS else "regression"
    raw = random.randint(0, 3, batch) if task == "classification" else random.randn(batch, 3)
    target = made.encode(torch.from_numpy(raw), 3, 3)
    target = target.double() if target.is_floating_point() else target
    function, u = made.build(), torch.from_numpy(output)
    once, twice = function(u, target), function(torch.cat([u, u]), torch.cat([target, target]))
    assert float(twice) == pytest.approx(float(once) * (2 if made.sums else 1), rel=1e-9)
