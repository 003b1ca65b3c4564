"""Snapshots of a run on disk: atomic, verified by SHA-256, thinned to a byte budget. No pickle.

A snapshot is a safetensors file with its facts in the header, and a JSON file beside it that is
written afterwards: without that, or where the hash differs, there is no snapshot.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import struct
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import torch
from safetensors.numpy import load as load_safetensors

from app.protocol.frames import metadata

FORMAT = 1
BUDGET = 256 * 2**20
Kind = Literal["start", "timed", "step", "pause", "end"]
_TYPES = {"f8": "F64", "f4": "F32", "f2": "F16", "i8": "I64", "i4": "I32", "u1": "U8", "b1": "BOOL"}
KEPT: frozenset[str] = frozenset({"start", "pause", "end"})
Lineage = Sequence[tuple[int, int | None]]
"""(branch, last step of it that belongs to the line, null for the newest branch)."""


@dataclass(frozen=True)
class Entry:
    """A snapshot in the folder, as its JSON file describes it."""

    branch: int
    step: int
    bytes: int
    sha256: str
    """Of the file."""
    weights: str
    """Of the weights alone, see :func:`weights_digest`."""
    kind: Kind
    time: float
    format: int = FORMAT

    @property
    def name(self) -> str:
        return file_name(self.branch, self.step)


@dataclass(frozen=True)
class Loaded:
    """A verified snapshot: the trainer's tensors and the facts that were saved with them."""

    entry: Entry
    tensors: dict[str, torch.Tensor]
    facts: dict[str, Any]


def file_name(branch: int, step: int) -> str:
    return f"{branch}-{step:010d}.safetensors"


def weights_digest(tensors: Mapping[str, torch.Tensor]) -> str:
    """SHA-256 over names, in order, and little-endian bytes of parameters and buffers.

    Takes a ``state_dict()``; the memory format does not matter.
    """
    found = hashlib.sha256()
    for name in sorted(tensors):
        array = tensors[name].detach().cpu().contiguous().numpy()
        little = array.astype(array.dtype.newbyteorder("<"), copy=False)
        found.update(name.encode() + b"\0")
        found.update(little.reshape(-1).view("u1").data)
    return found.hexdigest()


def model_tensors(tensors: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """The weights and buffers among a trainer's state, by their own names."""
    start = "model."
    return {n.removeprefix(start): t for n, t in tensors.items() if n.startswith(start)}


def serialise(tensors: Mapping[str, torch.Tensor], facts: Mapping[str, str]) -> list[memoryview]:
    """A safetensors file of tensors on any device, in pieces: the values are not copied."""
    header: dict[str, Any] = {"__metadata__": dict(facts)}
    pieces: list[memoryview] = []
    place = 0
    for name, tensor in sorted(tensors.items(), key=lambda item: -item[1].element_size()):
        array = tensor.detach().cpu().contiguous().numpy()
        header[name] = {
            "dtype": _TYPES[array.dtype.str[1:]],
            "shape": list(array.shape),
            "data_offsets": [place, place + array.nbytes],
        }
        pieces.append(array.reshape(-1).view("u1").data)
        place += array.nbytes
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
    text += b" " * (-len(text) % 8)
    return [memoryview(struct.pack("<Q", len(text)) + text), *pieces]


class Store:
    """The snapshot folder of one run."""

    def __init__(self, folder: Path, budget: int = BUDGET) -> None:
        self.folder = folder
        self.budget = budget
        self.damaged: list[str] = []
        """Names of files that were set aside because they did not verify, until they are told."""
        folder.mkdir(parents=True, exist_ok=True)
        self.entries = list(self._listed())
        self._sweep()

    def _listed(self) -> Iterator[Entry]:
        for path in sorted(self.folder.glob("*.json")):
            try:
                found = Entry(**json.loads(path.read_text(encoding="utf-8")))
                if found.format != FORMAT or file_name(found.branch, found.step) != self._of(path):
                    raise ValueError("it describes another file")
            except (OSError, ValueError, TypeError):
                self._rename(self._of(path))
                continue
            if (self.folder / found.name).is_file():
                yield found

    def _sweep(self) -> None:
        """Remove what a killed worker left half written."""
        whole = {entry.name for entry in self.entries}
        for rest in (*self.folder.glob("*.part"), *self.folder.glob("*.safetensors")):
            if rest.name not in whole:
                rest.unlink(missing_ok=True)

    def save(
        self,
        branch: int,
        step: int,
        kind: Kind,
        tensors: Mapping[str, torch.Tensor],
        facts: Mapping[str, Any],
    ) -> Entry:
        """Write one snapshot and thin the others; raises OSError where the disk refuses."""
        text = json.dumps({"format": FORMAT, "branch": branch, "step": step, **facts})
        pieces = serialise(tensors, {"glassnet": text})
        digest = hashlib.sha256()
        for piece in pieces:
            digest.update(piece)
        entry = Entry(
            branch=branch,
            step=step,
            bytes=sum(piece.nbytes for piece in pieces),
            sha256=digest.hexdigest(),
            weights=weights_digest(model_tensors(tensors)),
            kind=kind,
            time=time.time(),
        )
        side = json.dumps(asdict(entry)).encode()
        self._side(entry.name).unlink(missing_ok=True)
        write_atomically(self.folder / entry.name, pieces)
        write_atomically(self._side(entry.name), [side])
        self.entries = [e for e in self.entries if e.name != entry.name] + [entry]
        self.thin()
        return entry

    def nearest(self, lineage: Lineage, step: int) -> Loaded | None:
        """The newest verified snapshot of the line at or before ``step``."""
        fitting = [entry for entry in self._on(lineage) if entry.step <= step]
        for entry in sorted(fitting, key=lambda e: (e.step, e.branch), reverse=True):
            loaded = self.load(entry)
            if loaded is not None:
                return loaded
        return None

    def steps(self, lineage: Lineage) -> list[int]:
        """Steps of the line that have a snapshot, in order; none of them is verified."""
        return sorted({entry.step for entry in self._on(lineage)})

    def _on(self, lineage: Lineage) -> list[Entry]:
        ends = dict(lineage)
        found = []
        for entry in self.entries:
            if entry.branch in ends:
                end = ends[entry.branch]
                if end is None or entry.step <= end:
                    found.append(entry)
        return found

    def find(self, name: str) -> Entry | None:
        return next((entry for entry in self.entries if entry.name == name), None)

    def load(self, entry: Entry) -> Loaded | None:
        """A snapshot whose bytes are those that were written; otherwise it is set aside."""
        try:
            blob = (self.folder / entry.name).read_bytes()
        except OSError:
            blob = b""
        if len(blob) != entry.bytes or hashlib.sha256(blob).hexdigest() != entry.sha256:
            self._set_aside(entry)
            return None
        tensors = {name: torch.from_numpy(a) for name, a in load_safetensors(blob).items()}
        return Loaded(entry, tensors, json.loads(metadata(blob)["glassnet"]))

    def _set_aside(self, entry: Entry) -> None:
        self.entries.remove(entry)
        self._rename(entry.name)

    def _rename(self, name: str) -> None:
        self.damaged.append(name)
        for path in (self.folder / name, self._side(name)):
            with contextlib.suppress(OSError):
                path.rename(path.with_name(path.name + ".damaged"))

    @staticmethod
    def _of(side: Path) -> str:
        """The name of the snapshot that a JSON file belongs to."""
        return f"{side.stem}.safetensors"

    def thin(self) -> None:
        """Delete snapshots until the rest fits the budget: first those that leave the smallest gap.

        Step 0 and the newest always stay; paused ones go only when nothing else is left.
        """
        while sum(entry.bytes for entry in self.entries) > self.budget:
            victim = self._victim()
            if victim is None:
                return
            self.entries.remove(victim)
            self._side(victim.name).unlink(missing_ok=True)
            (self.folder / victim.name).unlink(missing_ok=True)

    def _victim(self) -> Entry | None:
        newest = max(self.entries, key=lambda e: e.time)
        loose = [e for e in self.entries if e is not newest and e.kind not in KEPT]
        if loose:
            return min(loose, key=self._gap)
        kept = [e for e in self.entries if e is not newest and (e.branch, e.step) != (0, 0)]
        return min(kept, key=lambda e: e.time, default=None)

    def _gap(self, entry: Entry) -> int:
        """Steps from the snapshot before to the one after, were this one not there."""
        steps = sorted(e.step for e in self.entries if e.branch == entry.branch)
        place = steps.index(entry.step)
        before = steps[place - 1] if place else 0
        after = steps[place + 1] if place + 1 < len(steps) else entry.step
        return after - before

    def _side(self, name: str) -> Path:
        return self.folder / name.replace(".safetensors", ".json")


def write_atomically(path: Path, pieces: Sequence[bytes | memoryview]) -> None:
    """The file appears complete and on disk, or not at all."""
    partial = path.with_name(f".{path.name}.part")
    with partial.open("wb") as file:
        for piece in pieces:
            file.write(piece)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
