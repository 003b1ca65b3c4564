"""The machine's memory: the least of what is there and what control groups leave, in both versions."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from app.core.machine import memory

PHYSICAL = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
MIB = 2**20


def write(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


@pytest.mark.parametrize(
    ("line", "files", "wanted"),
    [
        ("0::/a/b", {"a/b/memory.max": "max", "a/memory.max": f"{700 * MIB}"}, 700 * MIB),
        ("0::/a/b", {"a/b/memory.max": f"{300 * MIB}", "a/memory.max": f"{700 * MIB}"}, 300 * MIB),
        ("0::/", {"memory.max": f"{512 * MIB}\n"}, 512 * MIB),
        ("0::/elsewhere", {"memory.max": f"{512 * MIB}"}, 512 * MIB),
        ("4:memory:/x", {"memory/x/memory.limit_in_bytes": f"{256 * MIB}"}, 256 * MIB),
        ("4:cpu,memory:/host/x", {"memory/memory.limit_in_bytes": f"{256 * MIB}"}, 256 * MIB),
        ("4:memory:/x", {"memory/x/memory.limit_in_bytes": str(2**63 - 4096)}, PHYSICAL),
        ("5:cpu:/x", {"memory/x/memory.limit_in_bytes": "1"}, PHYSICAL),
        ("0::/a", {}, PHYSICAL),
    ],
)
def test_limits(tmp_path: Path, line: str, files: dict[str, str], wanted: int) -> None:
    write(tmp_path / "cgroup", f"9:pids:/\n{line}\n")
    for name, text in files.items():
        write(tmp_path / "fs" / name, text)
    assert memory(tmp_path / "cgroup", tmp_path / "fs") == wanted


def test_without_control_groups(tmp_path: Path) -> None:
    assert memory(tmp_path / "none", tmp_path) == PHYSICAL
    assert memory() <= PHYSICAL
