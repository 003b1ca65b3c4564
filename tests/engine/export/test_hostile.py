"""Whatever a person types is data in exported code: it says the same to Python as that of a harmless name,
does nothing else, and makes the losses of the run."""

from __future__ import annotations

import csv
import functools
import io
import json
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import nbformat
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from app.api.picture import svg
from app.catalog.datasets import DATASETS, SHELF
from app.core.quoted import line
from app.engine.export.package import code_zip, notebook_zip
from app.engine.trainer import Trainer
from app.protocol.commands import LoggedCommand
from app.spec.check import check
from app.spec.run import RunSpec
from tests.core.test_quoted import HOSTILE
from tests.engine.export.hostile import (
    PLAIN,
    TAKEN,
    called,
    files_of,
    identifiers,
    names,
    spec_of,
    tree,
)
from tests.engine.specs import command, run_spec, trainer_of
from tests.own.files import keep, png, zipped

INERT = Path(__file__).with_name("inert.py")
MARKDOWN = MarkdownIt("commonmark").enable(["strikethrough", "table"])
PWN_ZIP = '""";open("PWN","w")\nif\'\'\':#'
PWN_NOTEBOOK = '"""+str(__import__("os").system("touch PWN"))+"""'


def by_hand(ids: tuple[str, ...]) -> list[LoggedCommand]:
    """Every command that names a node, one after the other."""
    first, drop, second, _, last = ids
    given = [
        command("set_layer", node=drop, values={"rate": 0.1}),
        command("edit_weight", node=first, tensor="weight", index=[0, 1], value=0.25),
        command("set_groups", groups=[{"of": second, "learning_rate": 0.5}]),
        command("freeze", node=last, unit=1),
        command("silence", node=first),
    ]
    return [LoggedCommand(step=2 * at, command=one) for at, one in enumerate(given)]


def marks(text: str) -> list[str]:
    """What Markdown sees, without what is written: a title in words is as good as one in code."""
    found = []
    for token in MARKDOWN.parse(text):
        found += [token.type, *(one.type for one in token.children or [])]
    return ["text" if one == "code_inline" else one for one in found]


Seen = dict[str, Any]


def of_code(trainer: Trainer, ids: tuple[str, ...]) -> Seen:
    """What Python and Markdown are told by the files of a run's code."""
    files = files_of(code_zip(trainer, by_hand(ids), "en"))
    seen: Seen = {"files": sorted(files), "README.md": marks(files["README.md"].decode())}
    return seen | {file: tree(files[file], ids) for file in ("model.py", "train.py")}


def of_notebook(trainer: Trainer, ids: tuple[str, ...]) -> Seen:
    """The same of its notebook, cell by cell."""
    files = files_of(notebook_zip(trainer, by_hand(ids), "zh"))
    cells = json.loads(files["notebook.ipynb"])["cells"]
    seen: Seen = {"files": sorted(files), "kinds": [cell["cell_type"] for cell in cells]}
    for at, cell in enumerate(cells):
        source = "".join(cell["source"])
        seen[str(at)] = tree(source, ids) if cell["cell_type"] == "code" else marks(source)
    return seen


EXPORTS = (of_code, of_notebook)


@functools.cache
def trainer() -> Trainer:
    return trainer_of(spec_of(PLAIN))


@functools.cache
def plain(export: Callable[[Trainer, tuple[str, ...]], Seen]) -> Seen:
    return export(called(trainer(), "Plain"), PLAIN)


nodes = st.tuples(*[identifiers] * 5).filter(lambda ids: len({*ids, "input"}) == 6)
exports = st.sampled_from(EXPORTS)


def says_the_same(name: str, export: Callable[[Trainer, tuple[str, ...]], Seen]) -> None:
    assert export(called(trainer(), name), PLAIN) == plain(export)


def says_the_same_of(
    ids: tuple[str, ...], export: Callable[[Trainer, tuple[str, ...]], Seen]
) -> None:
    assert export(called(trainer_of(spec_of(ids)), "a"), ids) == plain(export)


def draws_the_same(name: str) -> None:
    spec = spec_of(PLAIN)
    report = check(spec.model, spec.training)
    drawn = [
        [one.tag for one in ET.fromstring(svg(one, report, "light", "en")).iter()]
        for one in (spec, spec.model_copy(update={"name": name}))
    ]
    assert drawn[0] == drawn[1]


@settings(max_examples=300)
@example(PWN_ZIP, of_code)
@example(PWN_NOTEBOOK, of_notebook)
@example("\\x", of_code)
@given(names, exports)
def test_code_of_any_name_says_the_same(name: str, export: Any) -> None:
    says_the_same(name, export)


@settings(max_examples=40)
@example(TAKEN[:5], of_code)
@example(TAKEN[6:11], of_notebook)
@given(nodes, exports)
def test_code_of_any_nodes_says_the_same(ids: tuple[str, ...], export: Any) -> None:
    says_the_same_of(ids, export)


@settings(max_examples=300)
@given(names)
def test_pictures_of_any_name_are_whole(name: str) -> None:
    draws_the_same(name)


@pytest.mark.deep
@pytest.mark.timeout(3600)
@settings(max_examples=5000)
@given(names, nodes, exports)
def test_five_thousand_names_and_nodes_say_the_same(
    name: str, ids: tuple[str, ...], export: Any
) -> None:
    says_the_same(name, export)
    says_the_same_of(ids, export)
    draws_the_same(name)


def executed(folders: dict[str, Path], steps: int) -> dict[str, Any]:
    arguments = [part for path in folders.values() for part in (str(steps), str(path))]
    done = subprocess.run(
        [sys.executable, "-I", "-B", "-W", "error", INERT, *arguments],
        capture_output=True,
        text=True,
        cwd=next(iter(folders.values())).parent,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    return dict(json.loads(done.stdout))


def write(folder: Path, blob: bytes) -> Path:
    folder.mkdir(parents=True)
    for name, content in files_of(blob).items():
        (folder / name).write_bytes(content)
    return folder


def tree_of(folder: Path) -> dict[str, bytes]:
    return {str(one): one.read_bytes() for one in folder.rglob("*") if one.is_file()}


def losses(spec: RunSpec, steps: int, root: Path = Path()) -> list[float]:
    trainer = trainer_of(spec, root)
    found: list[float] = []
    while trainer.cursor.step < steps:
        trainer.step()
        found += [point.loss for point in trainer.read_metrics()]
    return found


def repeat(runs: dict[str, tuple[str, RunSpec]], folder: Path, root: Path = Path()) -> None:
    """Both exports of named runs do nothing but train, and make the losses of the run."""
    folders = {}
    for key, (name, spec) in runs.items():
        trainer = called(trainer_of(spec, root), name)
        folders[f"{key}_code"] = write(folder / f"{key}_code", code_zip(trainer, (), "en"))
        folders[f"{key}_book"] = write(folder / f"{key}_book", notebook_zip(trainer, (), "en"))
        book = json.loads((folders[f"{key}_book"] / "notebook.ipynb").read_text("utf-8"))
        nbformat.validate(nbformat.from_dict(book))  # type: ignore[no-untyped-call]
    before = tree_of(folder)
    found = executed(folders, steps=3)
    assert found["offences"] == []
    assert tree_of(folder) == before
    for key, (_, spec) in runs.items():
        expected = losses(spec, 3, root)
        for kind in ("code", "book"):
            assert found["losses"][f"{key}_{kind}"] == pytest.approx(expected, rel=1e-6)


NAMES = (
    PWN_ZIP,
    PWN_NOTEBOOK,
    'net """v2"""',
    "a\\",
    "\\N{x}",
    "\x00",
    "\u2028\u202e{0}%s",
    "\ud800",
)


def test_hostile_names_do_nothing_and_repeat_the_run(tmp_path: Path) -> None:
    spec = spec_of(("train", "train_", "lengths", "class", "self"))
    repeat({str(at): (name, spec) for at, name in enumerate(NAMES)}, tmp_path)


@pytest.mark.deep
@pytest.mark.timeout(1800)
def test_many_hostile_names_do_nothing_and_repeat_the_run(tmp_path: Path) -> None:
    drawn: list[tuple[str, tuple[str, ...]]] = []

    @settings(max_examples=400, database=None)
    @given(names, nodes)
    def collect(name: str, ids: tuple[str, ...]) -> None:
        drawn.append((name, ids))

    collect()
    for start in range(0, len(drawn), 50):
        part = {str(at): (n, spec_of(ids)) for at, (n, ids) in enumerate(drawn[start : start + 50])}
        repeat(part, tmp_path / str(start))


def test_words_of_own_data_stay_out_of_code(tmp_path: Path) -> None:
    """Columns, categories, class folders and a text: the code of harmless ones, and the run's losses."""
    words = [line(one).replace("/", "|").replace("\\", "|")[:60].strip() for one in HOSTILE]
    words = list(dict.fromkeys(one for one in words if len(one) > 1))
    harmless = [f"word {at}" for at in range(len(words))]
    hostile = dict(own_runs(tmp_path / "own", words))
    for form, spec in own_runs(tmp_path / "own", harmless):
        if form == "text":
            continue  # another vocabulary, so another size
        codes = []
        for one in (hostile[form], spec):
            files = files_of(code_zip(trainer_of(one, tmp_path / "own" / "root"), (), "en"))
            codes.append([files[file] for file in ("model.py", "train.py", "README.md")])
        assert codes[0] == codes[1]
    repeat(
        {form: ("", spec) for form, spec in hostile.items()},
        tmp_path / "made",
        tmp_path / "own" / "root",
    )


def own_runs(folder: Path, words: list[str]) -> Iterator[tuple[str, RunSpec]]:
    """Runs on a table, on pictures and on a text that are made of words."""
    folder.mkdir(exist_ok=True)
    rows = io.StringIO()
    table = csv.writer(rows)
    table.writerow([*words[:3], "target"])
    for at in range(4 * len(words)):
        word = words[at % len(words)]
        table.writerow([at % 7, word, at % 5, word])
    pictures = {
        f"outer/{one}/{i}.png": png(np.full((4, 4), 9 * i, np.uint8))
        for one in words
        for i in range(4)
    }
    kinds = (
        ("table", rows.getvalue().encode(), {"filename": "a.csv"}),
        ("pictures", zipped(pictures), {"size": 4}),
        ("text", " ".join(words * 20).encode(), {"form": "text"}),
    )
    for form, content, wanted in kinds:
        kept, _ = keep(folder, content, **wanted)
        SHELF.look_in(kept.parent)
        dataset = {"type": f"uploaded_{form}", "digest": kept.name}
        if form == "table":
            dataset["target"] = "target"
        part = DATASETS.parts[dataset["type"]].model_validate(dataset)
        layers: list[dict[str, Any]] = [{"type": "flatten"}]
        if form == "text":
            layers = [{"type": "embedding", "size": 2}, {"type": "rnn", "units": 3}]
        last = "dense_steps" if form == "text" else "dense"
        layers.append({"type": last, "units": part.targets})
        yield form, run_spec(layers, dataset=dataset, batch_size=4)
