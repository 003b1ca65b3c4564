"""Compresses JSON and HTML answers of some size, and small tensors. Leaves files and sockets alone."""

from __future__ import annotations

import gzip
from collections.abc import MutableMapping
from typing import Any

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

SMALLEST = 1024
KINDS = ("application/json", "application/problem+json", "text/html")
TENSORS = "application/vnd.safetensors"
LARGEST_TENSORS = 64 * 1024
"""Samples of a data set are mostly empty; what is larger would take longer to pack than to send."""


class Compress:
    """Gzips an answer that comes in one piece, if the client takes it."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        taken = scope["type"] == "http" and "gzip" in Headers(scope=scope).get(
            "accept-encoding", ""
        )
        await self.app(scope, receive, _packing(send) if taken else send)


def _packing(send: Send) -> Send:
    start: MutableMapping[str, Any] | None = None

    async def packed(message: Message) -> None:
        nonlocal start
        if message["type"] == "http.response.start":
            start = message
            return
        if start is not None and message["type"] == "http.response.body":
            first, start = start, None
            message = _pack(first, message)
            await send(first)
        await send(message)

    return packed


def _pack(start: MutableMapping[str, Any], message: Message) -> Message:
    headers = MutableHeaders(raw=start["headers"])
    body = message.get("body", b"")
    kind = headers.get("content-type", "").partition(";")[0]
    packs = kind in KINDS or (kind == TENSORS and len(body) <= LARGEST_TENSORS)
    if message.get("more_body") or len(body) < SMALLEST or not packs:
        return message
    if "content-encoding" in headers:
        return message
    small = gzip.compress(body, 5, mtime=0)
    headers["content-encoding"] = "gzip"
    headers["content-length"] = str(len(small))
    headers.add_vary_header("accept-encoding")
    start["headers"] = headers.raw
    return {**message, "body": small}
