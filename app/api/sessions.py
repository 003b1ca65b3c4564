"""Sessions: who has presented the token. A browser holds a random name, the server only its hash."""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
import secrets
import time
from pathlib import Path

from app.api.private import write_private

FILE = "sessions.json"
SECONDS = 30 * 24 * 3600
"""How long a browser is known after it has shown the token."""
MOST = 1000
LONGEST_NAME = 100

_log = logging.getLogger(__name__)


class Sessions:
    """Kept in ``path``, so that a restart asks nobody again; None keeps them in memory.

    ``key`` is the hash of the token: with another token no earlier session is known.
    """

    def __init__(self, key: str, path: Path | None = None) -> None:
        self._key = key.encode()
        self._path = path
        self._ends = _read(path) if path else {}

    def begin(self) -> str:
        """A new session; its name is for the browser alone."""
        name = secrets.token_urlsafe(32)
        now = time.time()
        known = {one: end for one, end in self._ends.items() if end > now}
        for oldest in sorted(known, key=lambda one: known[one])[: max(0, len(known) - MOST + 1)]:
            del known[oldest]
        self._ends = {**known, self._hash(name): now + SECONDS}
        self._write()
        return name

    def knows(self, name: str) -> bool:
        """Whether this is a session that has not ended."""
        if not name or len(name) > LONGEST_NAME:
            return False
        return self._ends.get(self._hash(name), 0.0) > time.time()

    def end(self, name: str) -> None:
        """Log out: nobody comes in by this name any more."""
        if self._ends.pop(self._hash(name), None) is not None:
            self._write()

    def _hash(self, name: str) -> str:
        return hmac.new(self._key, name.encode("utf-8", "replace"), hashlib.sha256).hexdigest()

    def _write(self) -> None:
        if self._path is None:
            return
        try:
            write_private(self._path, json.dumps(self._ends))
        except OSError as error:
            _log.warning("Sessions could not be written to %s: %s", self._path, error)


def _read(path: Path) -> dict[str, float]:
    """What was kept; a file that cannot be read only means that everybody is asked again."""
    try:
        found = json.loads(path.read_text(encoding="ascii"))
        return {str(one): float(end) for one, end in found.items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}
