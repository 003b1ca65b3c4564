"""The token: made once, kept only as a hash, presented as a Bearer header or exchanged for a session."""

from __future__ import annotations

import hashlib
import hmac
import math
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote_to_bytes

from app.api.brake import Brake
from app.api.cookies import cookies
from app.api.private import write_private
from app.api.refusals import TooManyTries, Unauthorized
from app.api.sessions import FILE as SESSIONS
from app.api.sessions import SECONDS, Sessions

FILE = "token.sha256"


@dataclass(frozen=True)
class Access:
    """Who may come in. ``digest`` is the SHA-256 of the token; None lets everyone in (loopback)."""

    digest: str | None = None
    cookie: str = "glassnet"
    kept: Path | None = None
    """Where sessions are kept; None: in memory."""
    brake: Brake = field(default_factory=Brake, compare=False, repr=False)
    sessions: Sessions = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "sessions", Sessions(self.digest or "", self.kept))

    @property
    def open(self) -> bool:
        return self.digest is None

    def knows(self, *written: bytes | str) -> bool:
        """Whether one of these is the token, compared in constant time."""
        if self.digest is None:
            return False
        given = {form for one in written for form in _forms(one)}
        return any(hmac.compare_digest(_hash(form), self.digest) for form in given)

    def session(self, scope: Mapping[str, Any]) -> str | None:
        """The session that the request's cookies name, if it has one that has not ended."""
        given = cookies(scope["headers"], self.cookie)
        return next((name for name in given if self.sessions.knows(name)), None)

    def require(self, scope: Mapping[str, Any]) -> None:
        """Raises :class:`Unauthorized` or :class:`TooManyTries` unless the request may come in."""
        if self.open or self.session(scope) is not None:
            return
        given = [*_bearer(scope)]
        if scope["type"] == "http":
            given += _query(scope)
        if not given:
            raise Unauthorized
        self.present(scope, *given)

    def present(self, scope: Mapping[str, Any], *written: bytes | str) -> None:
        """Look at what is said to be the token; raises like :meth:`require`."""
        address = str((scope.get("client") or ("",))[0])
        wait = self.brake.wait(address)
        if wait:
            raise TooManyTries(seconds=math.ceil(wait))
        if not self.knows(*written):
            self.brake.wrong(address)
            raise Unauthorized
        self.brake.right(address)

    def from_query(self, scope: Mapping[str, Any]) -> bool:
        """Whether the right token stands in the address."""
        return self.knows(*_query(scope))

    def set_cookie(self) -> str:
        """The Set-Cookie header of a new session, which a browser gets in exchange for the token."""
        value = self.sessions.begin()
        return f"{self.cookie}={value}; Path=/; Max-Age={SECONDS}; HttpOnly; SameSite=Strict"

    def log_out(self, scope: Mapping[str, Any]) -> str:
        """End the request's sessions; the Set-Cookie header that removes their cookie."""
        for name in cookies(scope["headers"], self.cookie):
            self.sessions.end(name)
        return f"{self.cookie}=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict"


def _bearer(scope: Mapping[str, Any]) -> list[bytes]:
    found = []
    for name, value in scope["headers"]:
        scheme, _, token = value.partition(b" ")
        if name == b"authorization" and scheme.lower() == b"bearer" and token.strip():
            found.append(token.strip())
    return found


def _query(scope: Mapping[str, Any]) -> list[bytes]:
    """What ``?token=`` says, byte by byte: it may be in any encoding."""
    found = []
    for pair in scope["query_string"].split(b"&"):
        name, _, value = pair.partition(b"=")
        if name == b"token" and value:
            found.append(unquote_to_bytes(value.replace(b"+", b" ")))
    return found


def _forms(written: bytes | str) -> tuple[str, ...]:
    """The token as text: programs send a header's letters as UTF-8 or as Latin-1."""
    if isinstance(written, str):
        return (written.strip(),)
    return written.decode("utf-8", "surrogateescape").strip(), written.decode("latin-1").strip()


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def prepare(data: Path, port: int, given: str | None, needed: bool) -> tuple[Access, str | None]:
    """The access of a server, and the token to print where one has just been made.

    A given token is used as it is. Where one is needed and none given, the hash in the data folder
    is used, or a new token is made and its hash written there.
    """
    cookie, kept = f"glassnet-{port}", data / SESSIONS
    if given is not None:
        return Access(_hash(given.strip()), cookie, kept), None
    if not needed:
        return Access(None, cookie), None
    path = data / FILE
    if path.is_file():
        return Access(path.read_text(encoding="ascii").strip(), cookie, kept), None
    token = secrets.token_urlsafe(32)
    write_private(path, _hash(token))
    return Access(_hash(token), cookie, kept), token
