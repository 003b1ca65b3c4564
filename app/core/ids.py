"""Identifiers and stable hashes. Owns no state."""

from __future__ import annotations

import hashlib
import secrets
import time

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"


def new_id() -> str:
    """A run's name: 16 characters, ordered by time of creation, safe in a path and an address."""
    number = (time.time_ns() // 1_000_000 << 32) | secrets.randbits(32)
    return "".join(_ALPHABET[number >> shift & 31] for shift in range(75, -5, -5))


def stable_hash(*parts: object) -> int:
    """63-bit hash of the parts' text: the same in every process and on every machine.

    Every random draw of a run is seeded with one of these, for instance
    ``stable_hash(seed, step, node_id)``.
    """
    blob = "\x1f".join(map(str, parts)).encode()
    return int.from_bytes(hashlib.blake2b(blob, digest_size=8).digest(), "big") >> 1
