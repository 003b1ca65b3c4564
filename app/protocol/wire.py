"""How messages cross the socket between the web process and a worker: JSON and a payload, by length."""

from __future__ import annotations

import asyncio
import json
import socket
import struct
from typing import Any

_HEAD = struct.Struct("<II")
MAX_HEADER = 64 * 2**20
MAX_PAYLOAD = 1024 * 2**20

Message = tuple[dict[str, Any], bytes]


class WireError(Exception):
    """The peer sent something that is no message."""


def encode(header: dict[str, Any], payload: bytes = b"") -> bytes:
    """One message: ``<II`` lengths, JSON, payload. Refuses bare NaN."""
    text = json.dumps(header, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()
    return _HEAD.pack(len(text), len(payload)) + text + payload


def _lengths(head: bytes) -> tuple[int, int]:
    header, payload = _HEAD.unpack(head)
    if header > MAX_HEADER or payload > MAX_PAYLOAD:
        raise WireError(f"message of {header} + {payload} bytes")
    return header, payload


def _exactly(sock: socket.socket, count: int) -> bytes:
    parts = bytearray()
    while len(parts) < count:
        part = sock.recv(min(count - len(parts), 1 << 20))
        if not part:
            raise EOFError("the peer closed the socket")
        parts += part
    return bytes(parts)


def recv_message(sock: socket.socket) -> Message:
    """The next message of a blocking socket; raises EOFError at its end."""
    header, payload = _lengths(_exactly(sock, _HEAD.size))
    return json.loads(_exactly(sock, header)), _exactly(sock, payload)


async def read_message(reader: asyncio.StreamReader) -> Message:
    """The next message of a stream; raises asyncio.IncompleteReadError at its end."""
    header, payload = _lengths(await reader.readexactly(_HEAD.size))
    return json.loads(await reader.readexactly(header)), await reader.readexactly(payload)
