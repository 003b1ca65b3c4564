"""Where a request comes from and goes to: Host, Origin, Fetch Metadata, and headers that may stand once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.api.refusals import ForeignOrigin, ForeignSite, HeaderRepeated, Misdirected

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
ONCE = (b"authorization", b"content-type", b"content-length", b"sec-fetch-site")
"""Headers of which two would be read differently by a proxy in front, by us and by a route."""
OWN_SITES = (b"same-origin", b"none")
"""What Sec-Fetch-Site says of our own pages, and of what a person typed."""


def require_own(scope: Mapping[str, Any], hosts: frozenset[str]) -> None:
    """Raises what refuses a request for another host, of a foreign page, or with a header twice."""
    host = _value(scope, b"host").decode("latin-1").lower()
    if host not in hosts or len(_values(scope, b"host")) != 1:
        raise Misdirected(host=host[:200])
    for name in ONCE:
        if len(_values(scope, name)) > 1:
            raise HeaderRepeated(header=name.decode())
    if scope["type"] == "http" and scope["method"] in SAFE:
        return
    origins = _values(scope, b"origin")
    if len(origins) > 1 or not all(_is_own(one, host) for one in origins):
        foreign = next((one for one in origins if not _is_own(one, host)), b"".join(origins[:1]))
        raise ForeignOrigin(origin=foreign.decode("latin-1")[:200])
    site = _value(scope, b"sec-fetch-site")
    if site and site.strip().lower() not in OWN_SITES:
        raise ForeignSite(site=site.decode("latin-1")[:40])


def _values(scope: Mapping[str, Any], name: bytes) -> list[bytes]:
    return [value for key, value in scope["headers"] if key == name]


def _value(scope: Mapping[str, Any], name: bytes) -> bytes:
    return next(iter(_values(scope, name)), b"")


def _is_own(origin: bytes, host: str) -> bool:
    return origin.decode("latin-1").lower() in (f"http://{host}", f"https://{host}")
