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
        path.write_bytes(damage)
        assert await folders.logged(RUN, 0, 40) is None
    path.write_bytes(whole)
    path.with_suffix(".json").write_text("{")
    assert await folders.logged(RUN, 0, 40) is None
    path.with_suffix(".json").unlink()
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
