"""Snapshots: whole or not there, verified before use, thinned to a budget."""

from __future__ import annotations

import hashlib
import json
from itertools import pairwise
from pathlib import Path

import pytest
import torch
from safetensors.numpy import load

from app.engine.snapshots import Store, file_name, weights_digest
from app.protocol.frames import metadata
from tests.engine.specs import ADAM, Driven, digest, run_spec


def small_store(folder: Path, budget: int = 2**20) -> Store:
    return Store(folder, budget)


def put(store: Store, step: int, kind: str = "timed", branch: int = 0, size: int = 1000) -> None:
    tensors = {"model.a.weight": torch.full((size,), float(step))}
    store.save(branch, step, kind, tensors, {"lineage": [[branch, None]]})  # type: ignore[arg-type]


def test_file_and_its_hash(tmp_path: Path) -> None:
    driven = Driven(run_spec(optimizer=ADAM), tmp_path, run="r1").to(7)
    driven.session.close()
    path = tmp_path / "0-0000000007.safetensors"
    side = json.loads(path.with_suffix(".json").read_text())
    assert side["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
    assert side["weights"] == driven.digest == driven.of("snapshot")[-1].sha256
    assert side["kind"] == "pause"
    tensors = load(path.read_bytes())
    assert {"model.conv1.weight", "optimizer.conv1.weight.exp_avg"} < set(tensors)
    facts = json.loads(metadata(path.read_bytes())["glassnet"])
    assert facts["run"] == "r1"
    assert (facts["branch"], facts["step"], facts["offset"]) == (0, 7, 7 * 64)
    assert facts["settings"]["optimizer"]["type"] == "adam"
    assert facts["log"] == 0
    assert facts["threads"] == torch.get_num_threads()
    assert facts["torch"] == torch.__version__
    assert len(facts["data"]) == 64
    assert not list(tmp_path.glob("*.part"))


def test_first_pause_and_end_are_kept_as_files(tmp_path: Path) -> None:
    driven = Driven(run_spec(epochs=1), tmp_path).to(5).do("step").do("play")
    driven.session.close()
    assert driven.session.state == "finished"
    kinds = {e.step: e.kind for e in Store(tmp_path).entries}
    assert kinds == {0: "start", 5: "pause", 6: "step", driven.step: "end"}
    last = driven.of("snapshot")[-1]
    assert [e.type for e in list(driven.events)[-2:]] == ["snapshot", "state"]
    assert last.sha256 == digest(driven.session.trainer)


@pytest.mark.parametrize("place", [3, 200, -1])
def test_flipped_bit_is_noticed_and_the_one_before_is_used(tmp_path: Path, place: int) -> None:
    spec = run_spec()
    want = Driven(spec, tmp_path).to(5).to(9).digest
    path = tmp_path / file_name(0, 9)
    blob = bytearray(path.read_bytes())
    blob[place] ^= 1
    path.write_bytes(blob)
    resumed = Driven(spec, tmp_path, snapshot=file_name(0, 9), replay_to=9)
    assert resumed.digest == want
    assert [note.code for note in resumed.of("note")] == ["snapshot_damaged"]
    assert not path.exists()
    assert (tmp_path / f"{path.name}.damaged").exists()
    assert resumed.session.keeper.last == (0, 5)


def test_rewind_past_a_damaged_snapshot(tmp_path: Path) -> None:
    driven = Driven(run_spec(), tmp_path)
    want = driven.to(5).digest
    driven.to(12)
    (tmp_path / file_name(0, 5)).write_bytes(b"")
    assert driven.do("rewind", step=5).digest == want
    (note,) = driven.of("note")
    assert note.code == "snapshot_damaged"
    assert file_name(0, 5) in note.message.en
    driven.do("rewind", step=0)
    assert len(driven.of("note")) == 1, "said once"


@pytest.mark.parametrize(
    "side", ["{", "", "[]", '{"branch": 0}', "\0\1", '{"format": 1, "branch": 7}']
)
def test_a_sidecar_that_is_garbage_is_told(tmp_path: Path, side: str) -> None:
    spec = run_spec()
    want = Driven(spec, tmp_path).to(5).to(9).digest
    (tmp_path / file_name(0, 9)).with_suffix(".json").write_text(side)
    resumed = Driven(spec, tmp_path, snapshot=file_name(0, 9), replay_to=9)
    assert resumed.digest == want
    assert [note.code for note in resumed.of("note")] == ["snapshot_damaged"]
    assert (tmp_path / f"{file_name(0, 9)}.damaged").exists()


def test_truncated_and_half_written_files(tmp_path: Path) -> None:
    store = small_store(tmp_path)
    put(store, 1)
    (tmp_path / file_name(0, 2)).write_bytes(b"never finished")
    (tmp_path / f".{file_name(0, 3)}.part").write_bytes(b"half")
    (tmp_path / "0-0000000004.json").write_text("{")
    again = small_store(tmp_path)
    assert [e.step for e in again.entries] == [1]
    assert not (tmp_path / file_name(0, 2)).exists()
    assert not list(tmp_path.glob("*.part"))


def test_lineage_decides_which_snapshot_counts(tmp_path: Path) -> None:
    store = small_store(tmp_path)
    for branch, step in ((0, 0), (0, 10), (0, 20), (1, 15), (2, 18)):
        put(store, step, branch=branch)

    def nearest(lineage: list[tuple[int, int | None]], step: int) -> tuple[int, int] | None:
        found = store.nearest(lineage, step)
        return (found.entry.branch, found.entry.step) if found else None

    assert nearest([(0, None)], 100) == (0, 20)
    assert nearest([(0, 12), (1, None)], 100) == (1, 15)
    assert nearest([(0, 12), (1, None)], 14) == (0, 10)
    assert nearest([(0, 12), (1, 13), (2, None)], 17) == (0, 10)
    assert nearest([(3, None)], 100) is None


def test_thinning_keeps_first_last_and_paused(tmp_path: Path) -> None:
    store = small_store(tmp_path, budget=45_000)
    put(store, 0, "start")
    put(store, 3, "pause")
    for step in range(10, 300, 10):
        put(store, step)
    steps = sorted(e.step for e in store.entries)
    assert steps[:2] == [0, 3]
    assert steps[-1] == 290
    assert sum(e.bytes for e in store.entries) <= 45_000
    assert len(list(tmp_path.glob("*.safetensors"))) == len(steps)
    gaps = [b - a for a, b in pairwise(steps[1:])]
    assert max(gaps) <= 120


def test_budget_smaller_than_one_snapshot(tmp_path: Path) -> None:
    store = small_store(tmp_path, budget=10)
    for step in (0, 1, 2):
        put(store, step, "pause")
    assert sorted(e.step for e in store.entries) == [0, 2]


def test_digest_ignores_memory_format() -> None:
    weight = torch.randn(4, 3, 5, 5)
    other = weight.contiguous(memory_format=torch.channels_last)
    assert weights_digest({"a": weight}) == weights_digest({"a": other})
    assert weights_digest({"a": weight}) != weights_digest({"b": weight})


def test_a_disk_that_refuses_ends_no_training(tmp_path: Path) -> None:
    folder = tmp_path / "snapshots"
    driven = Driven(run_spec(), folder).to(3)
    for path in folder.iterdir():
        path.unlink()
    folder.rmdir()
    folder.write_text("a file where the folder was")
    driven.to(6)
    assert driven.session.state == "paused"
    assert driven.of("note")[-1].code == "snapshot_failed"
