"""Training without a server: a run from its first to its last step as an iterator of events."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from pathlib import Path

from app.engine.device import configure, resolve
from app.engine.session import Session
from app.engine.start import Start
from app.protocol.commands import LoggedCommand, Play
from app.protocol.events import AnyEvent
from app.spec.run import RunSpec


def train(
    spec: RunSpec,
    data_root: Path,
    log: Sequence[LoggedCommand] = (),
    *,
    folder: Path | None = None,
) -> Iterator[AnyEvent]:
    """Train to the end, or to a divergence; ``log`` holds settings and the steps they belong to.

    Snapshots are kept only where a ``folder`` is given.
    """
    configure()
    events: deque[AnyEvent] = deque()
    start = Start(spec=spec, data_root=data_root, log=tuple(log), folder=folder)
    session = Session(start, resolve(spec.device), events.append)
    session.open()
    session.command(Play())
    while session.running:
        while events:
            yield events.popleft()
        session.turn()
    session.close()
    yield from events
