"""Readers that take next to nothing, in a process of their own: ``python -m benchmarks._readers <port> <run>
<sockets> <requests>`` prints ``ready`` and goes on until its input ends."""

from __future__ import annotations

import base64
import json
import os
import select
import socket
import sys
from contextlib import suppress

WATCH = [{"roles": ["activation"], "rate": 20.0}]
BYTES, SECONDS = 2048, 0.1
"""What a reader takes, and how often: 20 kB a second, so that none of them is cut off."""


def connected(port: int) -> socket.socket:
    """With a small buffer: what is not read stays with the server."""
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
    connection.connect(("127.0.0.1", port))
    return connection


def frame(message: object) -> bytes:
    payload = json.dumps(message).encode()
    size = bytes([0x80 | len(payload)])
    if len(payload) > 125:
        size = bytes([0x80 | 126]) + len(payload).to_bytes(2, "big")
    return b"\x81" + size + bytes(4) + payload


def viewer(port: int, run: str) -> socket.socket:
    """A tab that follows a run from its beginning, and watches all its feature maps."""
    key = base64.b64encode(os.urandom(16)).decode()
    connection = connected(port)
    connection.sendall(
        f"GET /api/v1/stream HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\n"
        f"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n\r\n".encode()
    )
    connection.sendall(frame({"type": "subscribe", "run": run, "after": 0}))
    connection.sendall(frame({"type": "watch", "run": run, "taps": WATCH}))
    return connection


def visitor(port: int) -> socket.socket:
    """Somebody who asks for a large answer."""
    connection = connected(port)
    head = f"GET /api/v1/openapi.json HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n"
    connection.sendall(head.encode() * 8)
    return connection


def main(port: int, run: str, sockets: int, requests: int) -> None:
    readers = [viewer(port, run) for _ in range(sockets)]
    readers += [visitor(port) for _ in range(requests)]
    for reader in readers:
        reader.setblocking(False)
    print("ready", flush=True)
    number = 0
    while not select.select([sys.stdin], [], [], SECONDS)[0]:
        number += 1
        for place, reader in enumerate(readers):
            with suppress(OSError):
                reader.recv(BYTES)
                if place < sockets:
                    reader.sendall(frame({"type": "ack", "frame": number}))


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
