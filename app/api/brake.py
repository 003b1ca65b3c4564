"""The brake on wrong tokens: after a few, an address waits, twice as long after each further one."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address

FREE = 5
"""Wrong tokens that cost nothing: a person mistypes."""
LONGEST = 900.0
FORGOTTEN = 900.0
"""Seconds of quiet after a wait that make an address new again."""
MOST = 10_000


@dataclass
class _Tries:
    count: int = 0
    until: float = 0.0


class Brake:
    """Counts wrong tokens by address. While an address waits, its tokens are not looked at."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._tries: dict[str, _Tries] = {}

    def wait(self, address: str) -> float:
        """Seconds until a token from here is looked at again; 0 where it is looked at now."""
        tries = self._tries.get(_network(address))
        return max(0.0, tries.until - self._now()) if tries else 0.0

    def wrong(self, address: str) -> None:
        """A wrong token came from here."""
        network, now = _network(address), self._now()
        tries = self._tries.pop(network, _Tries())
        if tries.until + FORGOTTEN < now:
            tries = _Tries()
        tries.count += 1
        over = tries.count - FREE
        tries.until = now + (min(LONGEST, 2.0 ** min(over, 30)) if over >= 0 else 0.0)
        self._tries[network] = tries
        if len(self._tries) > MOST:
            del self._tries[next(iter(self._tries))]

    def right(self, address: str) -> None:
        """The right token came from here."""
        self._tries.pop(_network(address), None)


def _network(address: str) -> str:
    """Who is counted together: an IPv4 address, or the /64 that one holder of IPv6 has."""
    try:
        found = ip_address(address)
    except ValueError:
        return address
    if isinstance(found, IPv6Address):
        if found.ipv4_mapped:
            return str(found.ipv4_mapped)
        return str(IPv6Address(int(found) >> 64 << 64))
    return str(found)
