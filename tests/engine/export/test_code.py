"""Exported code, executed by itself, makes the losses of the run it came from."""

from __future__ import annotations

import ast
import functools
import io
import json
import math
import zipfile
from pathlib import Path
from typing import Any

import nbformat
import pytest

from app.catalog.augmentations import AUGMENTATIONS
from app.engine.export import model, training
from app.engine.export.names import variables
from app.engine.export.package import code_zip, notebook_zip
from app.protocol.commands import LoggedCommand
from app.spec.presets import Preset, presets
from app.spec.run import RunSpec
from tests.engine.export.exported import Case, executed
from tests.engine.export.randomly import random_runs
from tests.engine.specs import command, run_spec, trainer_of

STEPS, TOLERANCE = 20, 1e-6
each_preset = pytest.mark.parametrize("preset", presets(), ids=lambda one: str(one.id))
STOCHASTIC: list[dict[str, Any]] = [
    {"type": "conv2d", "filters": 4, "kernel": 3, "padding": 1},
    {"type": "rrelu"},
    {"type": "stochastic_pool"},
    {"type": "gaussian_noise"},
    {"type": "channel_dropout"},
    {"type": "flatten"},
    {"type": "dropout"},
    {"type": "dense", "units": 10},
]


TAKEN_NAMES = [
    {"id": "train", "layer": {"type": "dense", "units": 8}, "inputs": ["input"]},
    {"id": "class", "layer": {"type": "dropout"}, "inputs": ["train"]},
    {"id": "x", "layer": {"type": "dense", "units": 8}, "inputs": ["input"]},
    {"id": "self", "layer": {"type": "add"}, "inputs": ["class", "x", "train"]},
    {"id": "forward", "layer": {"type": "dense", "units": 2}, "inputs": ["self"]},
]


def logged(step: int, kind: str, **fields: Any) -> LoggedCommand:
    return LoggedCommand(step=step, branch=0, command=command(kind, **fields))


CHANGES = (
    logged(3, "set_optimizer", values={"learning_rate": 0.2}),
    logged(4, "set_loss", values={"label_smoothing": 0.1}),
    logged(5, "set_batch_size", batch_size=17),
    logged(7, "set_layer", node="drop1", values={"rate": 0.1}),
    logged(7, "set_epochs", epochs=1),
    logged(9, "edit_weight", node="fc1", tensor="weight", index=[3, 2], value=-1.5),
)


RATES = [{"of": "conv1", "learning_rate": 0.5}, {"of": "fc1.bias", "learning_rate": 0.0}]
MOMENTUM = {"type": "sgd", "learning_rate": 0.1, "momentum": 0.9}
BY_HAND = (
    logged(2, "set_clipping", clip_norm=0.3),
    logged(3, "set_schedule", schedule={"type": "exponential", "unit": "step", "gamma": 0.8}),
    logged(4, "set_groups", groups=RATES),
    logged(5, "set_optimizer", values={"learning_rate": 0.3}),
    logged(5, "set_loss", values={"label_smoothing": 0.2}),
    logged(6, "set_clipping", clip_value=0.02),
    logged(6, "set_batch_size", batch_size=40),
    logged(7, "set_groups", groups=[{"of": "conv1", "learning_rate": 0.0}]),
    logged(8, "set_schedule", schedule={"type": "cosine"}),
    logged(9, "set_groups", groups=[{"of": "fc1", "weight_decay": 0.05}]),
    logged(10, "set_clipping"),
    logged(11, "set_schedule", schedule={"type": "constant"}),
)
"""Everything that the page can change during a run, one after the other."""
WATCHING = {"type": "plateau", "patience": 0, "threshold": 0.5}
EPOCHWISE = (
    logged(2, "set_schedule", schedule=WATCHING),
    logged(5, "set_schedule", schedule={**WATCHING, "gamma": 0.2}),
    logged(7, "set_schedule", schedule={"type": "step", "every": 1}),
    logged(9, "set_schedule", schedule=WATCHING),
    logged(12, "set_epochs", epochs=8),
)
FROZEN = [{"of": "conv1", "learning_rate": 0.0}, {"of": "fc1", "learning_rate": 0.0}]


def taken_names() -> RunSpec:
    """Nodes called as Python, PyTorch or the exported code itself call things."""
    model = {"nodes": TAKEN_NAMES, "outputs": ["forward"]}
    training = {"dataset": {"type": "points_xor"}}
    return RunSpec.model_validate_json(json.dumps({"model": model, "training": training}))


RARELY = {
    "lenet5_tanh", "nin", "inception", "perceptron_digits", "shallow_sigmoid", "deep_relu", "points_xor",
    "points_spiral", "points_plane", "autoencoder_dense", "rnn_digits", "gru_digits", "adding_rnn",
    "recall_lstm", "text_tang", "grammaticality_lstm", "sentiment_gru", "word_vectors",
}  # fmt: skip
"""Presets whose twenty steps only the long suite repeats: another of their kind is repeated daily."""
CASES = {
    **{one.id: Case(one.spec, STEPS) for one in presets() if one.id not in RARELY},
    "notebook_of_the_first": Case(presets()[0].spec, 4, notebook=True),
    "notebook_that_draws": Case(run_spec(STOCHASTIC), 4, notebook=True),
    "changed_on_the_way": Case(run_spec(STOCHASTIC), 12, CHANGES),
    "changed_by_hand": Case(run_spec(optimizer=MOMENTUM), 14, BY_HAND),
    "changed_adam": Case(run_spec(optimizer={"type": "adam"}, groups=RATES), 14, BY_HAND),
    "changed_schedule": Case(run_spec(batch_size=500, epochs=6), 16, EPOCHWISE),
    "longer_at_its_end": Case(
        run_spec(batch_size=500, epochs=2), 9, (logged(6, "set_epochs", epochs=3),)
    ),
    "thawed": Case(run_spec(groups=FROZEN), 6, (logged(2, "set_groups", groups=RATES),)),
    "changed_notebook": Case(run_spec(optimizer=MOMENTUM), 14, BY_HAND, notebook=True),
    "second_epoch": Case(run_spec(batch_size=500, loss={"type": "hinge"}), 6),
    "scheduled": Case(
        run_spec(schedule={"type": "one_cycle"}, batch_size=300, optimizer={"type": "adam"}), 12
    ),
    "warmed_up": Case(
        run_spec(
            schedule={"type": "warm_up", "length": 3, "then": {"type": "cosine"}}, clip_norm=0.5
        ),
        12,
    ),
    "watching": Case(
        run_spec(
            schedule={"type": "plateau", "patience": 0, "threshold": 0.5}, batch_size=500, epochs=6
        ),
        12,
    ),
    "watching_a_sum": Case(
        run_spec(
            schedule=WATCHING,
            batch_size=500,
            epochs=6,
            loss={"type": "squared_error", "form": "half_sum"},
            optimizer={"type": "adam"},
        ),
        12,
    ),
    "grouped": Case(
        run_spec(
            groups=[
                {"of": "conv1", "learning_rate": 0.1},
                {"of": "fc1.bias", "learning_rate": 0.0},
                {"of": "fc1", "weight_decay": 0.01},
            ],
            clip_value=0.01,
            clip_norm=0.05,
            schedule={"type": "exponential", "unit": "step"},
        ),
        12,
    ),
    "augmented": Case(
        run_spec(
            augmentations=[{"type": kind} for kind in sorted({*AUGMENTATIONS.parts} - {"noise"})]
            + [{"type": "noise"}, {"type": "noise"}]
        ),
        6,
    ),
    "taken_names": Case(taken_names(), 5),
}
RANDOM = 4
"""Graphs that nobody thought of; they are made when the first test of this file runs."""


@functools.cache
def cases() -> dict[str, Case]:
    """Every case by its name."""
    return CASES | {f"random_{i}": Case(spec, 4) for i, spec in enumerate(random_runs(RANDOM))}


@pytest.fixture(scope="module")
def losses(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[float]]:
    """What the exported code of every case says."""
    return executed(cases(), tmp_path_factory.mktemp("exported"))


@pytest.mark.parametrize("name", [*CASES, *(f"random_{i}" for i in range(RANDOM))])
def test_code_by_itself_makes_the_losses_of_the_run(
    name: str, losses: dict[str, list[float]]
) -> None:
    expected = cases()[name].losses()
    assert len(expected) == len(losses[name]) > 0
    for by_itself, by_run in zip(losses[name], expected, strict=True):
        if math.isfinite(by_run):
            assert abs(by_itself - by_run) <= TOLERANCE * abs(by_run)
        else:
            assert not math.isfinite(by_itself)


@pytest.mark.deep
@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", sorted(RARELY))
def test_code_of_every_other_preset_too(name: str, tmp_path: Path) -> None:
    case = Case(next(one.spec for one in presets() if one.id == name), STEPS)
    (losses,) = executed({name: case}, tmp_path).values()
    assert losses == pytest.approx(case.losses(), rel=TOLERANCE)


@each_preset
def test_code_reads_well(preset: Preset) -> None:
    trainer = trainer_of(preset.spec)
    texts = (model.module(trainer.network, preset.spec.name).text, training.script(trainer).text)
    for text in texts:
        ast.parse(text)
        assert max(map(len, text.splitlines())) <= 100
        assert not {"import app", "from app", "Glassnet", "glassnet", "type: ignore"} & {
            word for word in ("import app", "from app", "Glassnet", "type: ignore") if word in text
        }
    for node in preset.spec.model.nodes:
        assert node.id in texts[0] or node.layer.kind() in ("add", "concatenate")


def test_a_trunk_is_called_x_and_branches_by_their_layers() -> None:
    sources = {"a": ("input",), "b": ("a",), "c": ("b",), "d": ("c", "a"), "e": ("d",)}
    called = variables(("a", "b", "c", "d", "e"), sources, "e")
    assert called == {"input": "x", "a": "x", "b": "b", "c": "c", "d": "x", "e": "x"}


def test_code_of_changes_reads_well() -> None:
    text = training.script(trainer_of(run_spec(optimizer=MOMENTUM)), BY_HAND).text
    ast.parse(text)
    assert max(map(len, text.splitlines())) <= 100
    for entry in BY_HAND:
        assert f"if step == {entry.step}:" in text
    assert "Not repeated" not in text


@each_preset
def test_notebooks_are_what_jupyter_takes(preset: Preset) -> None:
    blob = notebook_zip(trainer_of(preset.spec), BY_HAND[:1], "zh")
    found = zipfile.ZipFile(io.BytesIO(blob)).read("notebook.ipynb").decode()
    notebook = json.loads(found)
    nbformat.validate(notebook, relax_add_props=False)
    assert (notebook["nbformat"], notebook["nbformat_minor"]) == (4, 5)
    kinds = [cell["cell_type"] for cell in notebook["cells"]]
    assert kinds.count("code") >= 7
    assert kinds.count("markdown") >= 6


def test_equal_exports_are_equal_files() -> None:
    first, second = (code_zip(trainer_of(run_spec()), (), "zh") for _ in range(2))
    assert first == second
    names = zipfile.ZipFile(io.BytesIO(first)).namelist()
    assert names == ["README.md", "model.py", "train.py", "weights.safetensors", "data.safetensors"]
