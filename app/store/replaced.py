"""Finds stored metrics whose points a newer event of the same run holds. Reads and writes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from app.protocol.events import Metrics, StoredEvent


@dataclass(frozen=True, slots=True)
class _Newest:
    """The newest metrics of a run: their points begin after step ``start``; ``since`` is the first
    number that is theirs, their own or that of metrics whose place they took."""

    seq: int
    since: int
    branch: int
    start: int


@dataclass(slots=True)
class Renewal:
    """What to store of new events, and the (run, number) of what is stored and needed no longer."""

    kept: list[StoredEvent] = field(default_factory=list)
    gone: list[tuple[str, int]] = field(default_factory=list)
    _newest: dict[str, _Newest] = field(default_factory=dict)


class Replaced:
    """Follows the events of all runs, so that the same steps are stored once.

    A point of a curve over many steps is told again and again while it grows, ten times a second. When
    the newest metrics cover every step of the ones before, those have nothing to say any more. Nothing
    is known of events that an earlier server stored: the last of them stays.
    """

    def __init__(self) -> None:
        self._newest: dict[str, _Newest] = {}

    def renewal(self, events: Sequence[StoredEvent]) -> Renewal:
        """``events`` in the order in which they are stored. Nothing is remembered before
        :meth:`stored`."""
        found = Renewal()
        for one in events:
            found.kept.append(self._placed(one, found))
        if found.gone:
            gone = set(found.gone)
            found.kept = [one for one in found.kept if (one.run, one.seq) not in gone]
        return found

    def stored(self, renewal: Renewal) -> None:
        """That was committed."""
        self._newest |= renewal._newest

    def forget(self, run: str) -> None:
        self._newest.pop(run, None)

    def _placed(self, one: StoredEvent, found: Renewal) -> StoredEvent:
        event = one.event
        if not isinstance(event, Metrics) or not event.steps:
            return one
        start = event.steps[0] - event.count[0]
        before = found._newest.get(one.run) or self._newest.get(one.run)
        since = one.seq
        same = before is not None and before.seq < one.seq and before.branch == event.branch
        if before is not None and same and before.start >= start:
            since = before.since
            found.gone.append((one.run, before.seq))
        found._newest[one.run] = _Newest(one.seq, since, event.branch, start)
        return one if since == one.seq else one.model_copy(update={"since": since})
