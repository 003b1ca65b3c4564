"""Branches of a run: which steps of which branch lead to where it is. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from app.protocol.runs import Branch

Lineage = Sequence[tuple[int, int | None]]
"""Branches from the newest back to the root, with the last step of each that counts (None: all)."""


def lineage(branches: Iterable[Branch], newest: int) -> Lineage:
    """The way back from branch ``newest``; raises KeyError if there is no such branch."""
    known = {branch.branch: branch for branch in branches}
    found: list[tuple[int, int | None]] = []
    limit: int | None = None
    here: int | None = newest
    while here is not None:
        branch = known[here]
        found.append((here, limit))
        limit = branch.step if limit is None else min(limit, branch.step)
        here = branch.parent
    return found


def within(way: Lineage, branch: int, step: int) -> bool:
    """Whether that step of that branch lies on the way."""
    return any(branch == one and (last is None or step <= last) for one, last in way)
