"""Who of many viewers gets what there is not enough of: one each in turn, by client and then by tab."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import zip_longest


def in_turn(rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """The first of every row, then the second of every row, and so on."""
    for column in zip_longest(*rows):
        yield from (item for item in column if item is not None)


def shares(wishes: Iterable[tuple[str, Sequence[str]]], most: int) -> list[str]:
    """At most ``most`` different things out of the wishes of tabs, each a client and what it wants, the most
    wanted first.

    Clients take one in turn, and within a client its tabs do: opening more tabs gives nobody more. What
    somebody has taken is there for all who want it.
    """
    clients: dict[str, list[Sequence[str]]] = {}
    for client, wanted in wishes:
        clients.setdefault(client, []).append(wanted)
    # A thing that two tabs of a client want takes one turn of that client.
    queues = [list(dict.fromkeys(in_turn(tabs))) for tabs in clients.values()]
    return list(dict.fromkeys(in_turn(queues)))[:most]
