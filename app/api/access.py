"""The token: made once, kept only as a hash, presented as a Bearer header or a cookie."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from pathlib import Path
from urllib.parse import parse_qs

FILE = "token.sha256"
A_YEAR = 365 * 24 * 3600


@dataclass(frozen=True)
class Access:
    """Who may come in. ``digest`` is the SHA-256 of the token; None lets everyone in (loopback)."""

    digest: str | None = None
    cookie: str = "glassnet"

    @property
    def open(self) -> bool:
        return self.digest is None

    def knows(self, token: str) -> bool:
        """Whether this is the token, compared in constant time."""
        return self.digest is not None and hmac.compare_digest(_hash(token), self.digest)

    def allows(self, headers: Mapping[bytes, bytes]) -> bool:
        """Whether the request's Authorization or cookie holds the token."""
        if self.open:
            return True
        scheme, _, token = headers.get(b"authorization", b"").decode("latin-1").partition(" ")
        if scheme.lower() == "bearer" and self.knows(token.strip()):
            return True
        return self.knows(self._cookie(headers.get(b"cookie", b"").decode("latin-1")))

    def from_query(self, query: bytes) -> str | None:
        """The right token from ``?token=…``, else None."""
        given = parse_qs(query.decode("latin-1")).get("token", [""])[0]
        return given if self.knows(given) else None

    def set_cookie(self, token: str) -> str:
        """The Set-Cookie header that a browser gets in exchange for the token."""
        value = urlsafe_b64encode(token.encode()).decode("ascii").rstrip("=")
        return f"{self.cookie}={value}; Path=/; Max-Age={A_YEAR}; HttpOnly; SameSite=Strict"

    def _cookie(self, header: str) -> str:
        try:
            found = SimpleCookie(header).get(self.cookie)
        except CookieError:
            return ""
        value = found.value if found else ""
        try:
            return urlsafe_b64decode(value + "=" * (-len(value) % 4)).decode()
        except ValueError:
            return ""


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def prepare(data: Path, port: int, given: str | None, needed: bool) -> tuple[Access, str | None]:
    """The access of a server, and the token to print where one has just been made.

    A given token is used as it is. Where one is needed and none given, the hash in the data folder
    is used, or a new token is made and its hash written there.
    """
    cookie = f"glassnet-{port}"
    if given is not None:
        return Access(_hash(given), cookie), None
    if not needed:
        return Access(None, cookie), None
    path = data / FILE
    if path.is_file():
        return Access(path.read_text(encoding="ascii").strip(), cookie), None
    token = secrets.token_urlsafe(32)
    _write_private(path, _hash(token))
    return Access(_hash(token), cookie), token


def _write_private(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".part")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(text + "\n")
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)
