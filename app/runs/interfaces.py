"""What runs need of others, as protocols: a store, something that starts workers, a viewer's socket."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator, Collection, Iterable, Sequence
from pathlib import Path
from typing import Protocol

from app.core.disk import CannotStore
from app.protocol.commands import LoggedCommand
from app.protocol.events import State, StoredEvent
from app.protocol.runs import RunRecord, SnapshotInfo, WeightsInfo
from app.runs.lineage import Lineage


class Snapshots(Protocol):
    """The folders that workers write snapshots to."""

    def folder(self, run: str) -> Path: ...

    def path(self, run: str, branch: int, step: int) -> Path: ...

    async def listed(self, run: str) -> list[SnapshotInfo]: ...

    async def logged(self, run: str, branch: int, step: int) -> int | None:
        """The settings counted in a snapshot; None if it does not verify."""

    async def thin(self, budget: int, busy: Collection[str]) -> int:
        """Make those of all runs fit ``budget``, but for runs that have a worker; bytes that are left."""

    async def discard(self, run: str, branch: int, step: int) -> None:
        """Remove those of ``branch`` after ``step``, and those of every later branch."""


class Weights(Protocol):
    """Files of weights that were brought along, by their SHA-256."""

    def path(self, sha256: str) -> Path: ...

    async def add(self, parts: AsyncIterator[bytes]) -> WeightsInfo: ...

    async def get(self, sha256: str) -> WeightsInfo: ...


class RunStore(Protocol):
    """What outlives the server. ``append`` and ``create`` return once their events are committed."""

    @property
    def weights(self) -> Weights: ...

    @property
    def snapshots(self) -> Snapshots: ...

    async def create(self, record: RunRecord, events: Sequence[StoredEvent]) -> None: ...

    async def append(self, record: RunRecord, events: Sequence[StoredEvent]) -> None: ...

    async def get(self, run: str) -> RunRecord: ...

    async def in_states(self, states: Iterable[State]) -> list[RunRecord]: ...

    async def mentioning(self, words: str) -> list[str]:
        """The runs whose spec holds these words: for a hash, exactly those that need it."""

    async def page(self, before: str | None, limit: int) -> list[RunRecord]: ...

    async def delete(self, run: str) -> None: ...

    async def events(self, run: str, after: int, limit: int) -> list[StoredEvent]: ...

    async def events_of(self, run: str, kind: str, lineage: Lineage) -> list[StoredEvent]: ...

    async def settings_log(self, run: str, lineage: Lineage) -> list[LoggedCommand]: ...

    async def trouble(self) -> CannotStore | None:
        """Why nothing can be stored for a while: the disk is full, or the folder is gone."""

    async def newest_step(self, run: str, kind: str | None, lineage: Lineage) -> int | None: ...


class WorkerProcess(Protocol):
    """A started worker. ``sock`` is the web's end of its socket; whoever takes it closes it."""

    pid: int
    sock: socket.socket

    async def wait(self) -> int | None:
        """Its exit code, or the negative number of the signal that ended it; None if not known."""

    def kill(self) -> None:
        """At once; harmless when it has ended."""


class Runner(Protocol):
    """Starts workers of one kind."""

    async def start(self) -> None:
        """Get ready in the background."""

    async def spawn(self) -> WorkerProcess:
        """Raises :class:`app.runs.exits.NoWorker` if none can be started."""

    async def stop(self) -> None:
        """End everything that was started."""


class Limits(Protocol):
    """What runs need of the settings."""

    @property
    def data(self) -> Path: ...

    @property
    def max_cpu_runs(self) -> int: ...

    @property
    def memory_share(self) -> float: ...

    @property
    def resume(self) -> bool: ...

    @property
    def park_after(self) -> float: ...

    @property
    def snapshots(self) -> int:
        """Bytes of the snapshots of all runs at most."""


class Connection(Protocol):
    """A viewer's socket, as the API's route has it. Each call may wait for the network."""

    async def send_text(self, text: str) -> None: ...

    async def send_bytes(self, data: bytes) -> None: ...

    async def close(self, code: int) -> None: ...
