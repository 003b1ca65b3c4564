"""The WebSocket of a tab as uvicorn makes it, held to the limits of a stranger: floods, fragments, bad text.

Messages are for :mod:`app.api.stream`; here it is about frames and bytes.
"""

from __future__ import annotations

from asyncio import Handle
from typing import Any

from uvicorn.protocols.utils import ClientDisconnected
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import Frame

from app.api.limits import Bucket, Limits
from app.protocol.stream import CLOSE_TOO_FAST

CLOSE_SECONDS = 2.0
"""How long a peer may take to say goodbye."""
SLICE = 2 * 2**10
"""Bytes whose frames are read in one go: about forty messages, a millisecond. Then others have their turn."""
INVALID_TEXT = 1007


class SocketMaker:
    """What uvicorn calls for every WebSocket."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits

    def __call__(self, **given: Any) -> Socket:
        return Socket(self.limits, **given)


class Socket(WebSocketsSansIOProtocol):
    """One socket. What has arrived waits here until the messages before it have been taken."""

    def __init__(self, limits: Limits, **given: Any) -> None:
        super().__init__(**given)
        self.close_timeout = CLOSE_SECONDS
        self._controls = Bucket(limits.control_rate, limits.control_burst, self.loop.time())
        self._arrived = bytearray()
        self._next: Handle | None = None

    # --- bytes ------------------------------------------------------------------------------------

    def data_received(self, data: bytes) -> None:
        if not self.handshake_initiated:
            super().data_received(data)
            self._answer_bad_handshake()
            return
        self._arrived += data
        self._go_on()

    def connection_lost(self, exc: Exception | None) -> None:
        self._arrived.clear()
        super().connection_lost(exc)

    def _answer_bad_handshake(self) -> None:
        """The parser has prepared an answer that nobody else sends."""
        if self.conn.handshake_exc is not None and not self.handshake_initiated:
            self.transport.write(b"".join(self.conn.data_to_send()))
            self.transport.close()

    def _go_on(self) -> None:
        """Read the frames of one slice, and the next when its messages have been taken."""
        if self._next is None and self._arrived and self._free():
            piece = bytes(self._arrived[:SLICE])
            del self._arrived[:SLICE]
            super().data_received(piece)
            if self._arrived:
                self._next = self.loop.call_soon(self._turn)
        self._balance()

    def _turn(self) -> None:
        self._next = None
        self._go_on()

    def _free(self) -> bool:
        """Whether frames may be read: nobody has to take one, and the peer takes its answers."""
        return self.close_sent or (self.queue.empty() and self.writable.is_set())

    def _balance(self) -> None:
        """Take from the network only what can be read."""
        if self.transport.is_closing():
            return
        pauses = bool(self._arrived) or not self._free()
        if pauses != self.read_paused:
            self.read_paused = pauses
            (self.transport.pause_reading if pauses else self.transport.resume_reading)()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._balance()

    def resume_writing(self) -> None:
        super().resume_writing()
        self._go_on()

    async def receive(self) -> Any:
        message = await self.queue.get()
        self._go_on()
        return message

    async def send(self, message: Any) -> None:
        await self.writable.wait()
        if self.handshake_complete and self.close_sent:
            # The peer was refused meanwhile: whoever sends learns it as if the peer had left.
            raise ClientDisconnected
        await super().send(message)
        if self.close_sent:
            self._go_on()

    # --- frames -----------------------------------------------------------------------------------

    def handle_ping(self) -> None:
        if self._moderate():
            super().handle_ping()

    def handle_pong(self, event: Frame) -> None:
        if self._moderate():
            super().handle_pong(event)

    def handle_cont(self, event: Frame) -> None:
        if self._moderate():
            super().handle_cont(event)

    def send_receive_event_to_app(self) -> None:
        if self.curr_msg_data_type == "text" and not self.close_sent:
            try:
                b"".join(self.frames).decode()
            except UnicodeDecodeError:
                self.frames = []
                self._end(INVALID_TEXT, "the text is not UTF-8")
                return
        super().send_receive_event_to_app()

    def _moderate(self) -> bool:
        """Whether this frame is one more of few; ends the socket otherwise."""
        if self._controls.take(1.0, self.loop.time()) > 0.0:
            self._end(CLOSE_TOO_FAST, "too many control frames and fragments")
        return not self.close_sent

    def _end(self, code: int, reason: str) -> None:
        if not self.close_sent:
            self.conn.fail(code, reason)
            self.handle_parser_exception()
