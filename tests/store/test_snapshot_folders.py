"""The index of snapshot folders: only what verifies counts; files as the engine writes them."""

from __future__ import annotations

import hashlib
import json
import struct
from pathlib import Path

import pytest

from app.store.snapshots import SnapshotFolders

RUN = "06h0000000000000"


def write(folders: SnapshotFolders, branch: int, step: int, log: int = 0) -> Path:
    path = folders.path(RUN, branch, step)
    path.parent.mkdir(parents=True, exist_ok=True)
    facts = {"glassnet": json.dumps({"format": 1, "branch": branch, "step": step, "log": log})}
    header = json.dumps({"__metadata__": facts}).encode()
    blob = struct.pack("<Q", len(header)) + header
    path.write_bytes(blob)
    beside = {
        "branch": branch,
        "step": step,
        "bytes": len(blob),
        "sha256": hashlib.sha256(blob).hexdigest(),
        "weights": f"weights of {step}",
        "kind": "timed",
        "time": 7.5,
        "format": 1,
    }
    path.with_suffix(".json").write_text(json.dumps(beside))
    return path


@pytest.fixture
def folders(tmp_path: Path) -> SnapshotFolders:
    return SnapshotFolders(tmp_path / "runs")


async def test_listed_by_branch_and_step(folders: SnapshotFolders) -> None:
    assert await folders.listed(RUN) == []
    for branch, step in ((1, 5), (0, 40), (0, 0)):
        write(folders, branch, step)
    (folders.folder(RUN) / "0-0000000099.safetensors").write_bytes(b"half written")
    (folders.folder(RUN) / ".0-0000000050.safetensors.part").write_bytes(b"x")
    found = await folders.listed(RUN)
    assert [(one.branch, one.step) for one in found] == [(0, 0), (0, 40), (1, 5)]
    assert found[1].sha256 == "weights of 40"
    assert found[1].bytes == folders.path(RUN, 0, 40).stat().st_size


async def test_only_what_verifies_counts(folders: SnapshotFolders) -> None:
    path = write(folders, 0, 40, log=3)
    assert await folders.logged(RUN, 0, 40) == 3
    whole = path.read_bytes()
    for damage in (whole[:-1], whole[:-3] + b"\0\0\0", b""):
        write(folders, 0, 40, log=3).write_bytes(damage)
        assert await folders.logged(RUN, 0, 40) is None
        assert path.with_name(f"{path.name}.damaged").read_bytes() == damage, "set aside as it was"
        assert await folders.listed(RUN) == []
    write(folders, 0, 40, log=3).with_suffix(".json").write_text("{")
    assert await folders.logged(RUN, 0, 40) is None
    write(folders, 0, 40, log=3).with_suffix(".json").unlink()
    assert await folders.logged(RUN, 0, 40) is None
    assert await folders.logged(RUN, 0, 41) is None


@pytest.mark.parametrize("blob", [b"", b"12345678", struct.pack("<Q", 2**60) + b"{}"])
async def test_a_file_that_is_no_snapshot(folders: SnapshotFolders, blob: bytes) -> None:
    path = write(folders, 0, 1)
    path.write_bytes(blob)
    beside = {"sha256": hashlib.sha256(blob).hexdigest()}
    path.with_suffix(".json").write_text(json.dumps(beside))
    assert await folders.logged(RUN, 0, 1) is None


async def test_discarding_what_nobody_was_told_of(folders: SnapshotFolders) -> None:
    for branch, step in ((0, 0), (0, 90), (1, 10), (1, 20), (1, 30), (2, 0)):
        write(folders, branch, step)
    await folders.discard(RUN, 1, 20)
    found = [(one.branch, one.step) for one in await folders.listed(RUN)]
    assert found == [(0, 0), (0, 90), (1, 10), (1, 20)]


async def test_deleting_a_folder(folders: SnapshotFolders) -> None:
    write(folders, 0, 0)
    await folders.delete(RUN)
    await folders.delete(RUN)
    assert not folders.folder(RUN).exists()


def laid(root: Path, run: str, kinds: str, size: int = 1000) -> None:
    """A run's snapshots, one a letter: start, timed, pause, end."""
    names = {"s": "start", "t": "timed", "p": "pause", "e": "end"}
    (root / run).mkdir(parents=True)
    for step, letter in enumerate(kinds):
        path = root / run / f"0-{step:010d}.safetensors"
        path.write_bytes(bytes(size))
        path.with_suffix(".json").write_text(json.dumps({"kind": names[letter]}))


def left(root: Path, run: str) -> list[int]:
    return sorted(int(path.stem[2:]) for path in (root / run).glob("*.safetensors"))


async def test_a_budget_over_all_runs_takes_the_oldest_middles_first(tmp_path: Path) -> None:
    folders = SnapshotFolders(tmp_path)
    for run in ("a", "b", "c"):
        laid(tmp_path, run, "sttpte")
    assert await folders.thin(18_000, ()) == 18_000
    assert await folders.thin(15_000, ()) == 15_000
    assert left(tmp_path, "a") == [0, 3, 5]
    assert left(tmp_path, "b") == left(tmp_path, "c") == [0, 1, 2, 3, 4, 5]
    assert await folders.thin(12_500, ("b",)) == 12_000
    assert left(tmp_path, "b") == [0, 1, 2, 3, 4, 5], "its worker thins its own"
    assert left(tmp_path, "c") == [0, 3, 5]
    assert await folders.thin(0, ()) == 6_000, "the first and the newest of each run stay"
    assert all(left(tmp_path, run) == [0, 5] for run in "abc")
    assert len(list((tmp_path / "a").iterdir())) == 4
