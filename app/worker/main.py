"""The loop of a worker: messages between steps, one step after another while the run runs.

This thread owns torch. It blocks on its socket whenever there is nothing to train.
"""

from __future__ import annotations

import json
import os
import socket
import time
from typing import Any

from pydantic import ValidationError

from app.core.errors import GlassnetError
from app.engine.device import configure, resolve
from app.engine.probes import Moment, Prober
from app.engine.range_tests import RangeTests
from app.engine.session import Session
from app.engine.start import Start, parse_start
from app.protocol.commands import COMMAND
from app.protocol.events import AnyEvent
from app.protocol.wire import Message
from app.worker import failure, jobs, lag
from app.worker.asking import Asking
from app.worker.channel import Channel
from app.worker.jobs import Stop
from app.worker.limits import Heap, be_modest, limit_memory
from app.worker.taps import Taps

QUIET = 0.25
"""Seconds without a message after which a network that was changed by hand is validated."""
DRAIN = 5.0
"""Seconds that the last messages of a worker may take to leave."""


def work(sock: socket.socket) -> None:
    """Serve one run until the socket ends or asks to stop, then end the process."""
    be_modest()
    heap = Heap()
    channel = Channel(sock, on_end=_vanish)
    try:
        first = _first(channel)
        if first["type"] == "job":
            jobs.serve(channel)
        elif first["type"] == "lag":
            lag.serve(channel, first)
            raise Stop
        else:
            Worker(channel, heap, parse_start(first)).run()
    except Stop:
        channel.drain(DRAIN)
        os._exit(0)
    except BaseException as error:
        channel.send({"type": "crashed", "error": failure.crash(error)})
        channel.drain(DRAIN)
        os._exit(1)


def _first(channel: Channel) -> dict[str, Any]:
    """The message that says what this worker is for."""
    while True:
        message = channel.receive(None)
        assert message is not None
        if message[0].get("type") in ("start", "job", "lag"):
            return message[0]
        if message[0].get("type") == "stop":
            raise Stop


def _vanish() -> None:
    """The web process is gone: so is the worker, in the middle of a step or not."""
    os._exit(0)


class Worker:
    """One run's session, its taps and its socket."""

    def __init__(self, channel: Channel, heap: Heap, start: Start) -> None:
        self.channel = channel
        self.session = self._start(start)
        self.moment = Moment(self.session.start.run, self.session.branch)
        self.prober = Prober(self.session.trainer)
        self.taps = Taps(self.prober, channel)
        self.range_tests = RangeTests(self.session)
        self.asking = Asking(self.session, self.prober, self.range_tests)
        self._heap = heap
        self._next_step = 0.0
        self._quiet_from = 0.0
        self._held = False
        """Whether the web process can store nothing: no step is made until it can."""

    def _start(self, start: Start) -> Session:
        configure()
        device = resolve(start.device)
        if device.type == "cpu":
            limit_memory(start.memory)
        return Session(start, device, self._emit)

    def _emit(self, event: AnyEvent) -> None:
        self.channel.send({"type": "event", "event": json.loads(event.model_dump_json())})

    def run(self) -> None:
        """Never returns; ends by :class:`Stop` or by a crash."""
        session = self.session
        self.channel.send({"type": "ready", "device": session.trainer.device.type, **self._place})
        session.open()
        while True:
            self._listen()
            if session.unsettled and time.monotonic() >= self._quiet_from:
                session.settle()
            if self._trains and time.monotonic() >= self._next_step:
                began = time.monotonic()
                session.turn()
                self.channel.step = session.trainer.cursor.step
                if session.speed is not None:
                    self._next_step = max(began, self._next_step) + 1.0 / session.speed
            self.range_tests.advance()
            self.asking.let_go()
            self._look()
            self._heap.tidy(time.monotonic(), resting=not session.running)

    def _listen(self) -> None:
        """Handle what has arrived; wait for more as long as no step is due."""
        while True:
            message = self.channel.receive(self._patience())
            if message is None:
                return
            self._handle(*message)
            self._quiet_from = time.monotonic() + QUIET

    def _patience(self) -> float | None:
        """Seconds until there is something to do without being asked; None is for ever."""
        if self.range_tests.running:
            return 0.0
        if not self._trains:
            quiet = max(0.0, self._quiet_from - time.monotonic())
            return self.taps.wait(self.session.version, quiet if self.session.unsettled else None)
        wait = self._next_step - time.monotonic()
        return 0.0 if wait <= 0 else self.taps.wait(self.session.version, wait)

    @property
    def _trains(self) -> bool:
        return self.session.running and not self._held

    def _look(self) -> None:
        session = self.session
        self.moment = Moment(session.start.run, session.branch)
        self.taps.look(session.version, self.moment, still=not session.running)

    # --- messages --------------------------------------------------------------------------------

    def _handle(self, message: dict[str, Any], payload: bytes) -> None:
        kind, number = message.get("type"), message.get("id")
        if kind == "stop":
            self.session.close()
            raise Stop
        if kind in ("hold", "release"):
            self._held = kind == "hold"
            return
        if kind == "taps":
            self.taps.replace(message["taps"])
            return
        try:
            header, answer = self._answer(str(kind), message, payload)
        except (GlassnetError, ValidationError) as error:
            self.channel.send({"type": "failed", "id": number, "error": failure.problem(error)})
            return
        self.channel.send({"id": number, **header}, answer)

    def _answer(self, kind: str, message: dict[str, Any], payload: bytes) -> Message:
        if kind == "ask":
            found = self.asking.answer(message["question"], payload, file=message["file"])
            return {"type": "reply", **self._place}, found
        if kind == "command":
            self.session.command(COMMAND.validate_json(json.dumps(message["command"])))
            self._next_step = 0.0
            return {"type": "done", **self._place}, b""
        return {"type": "failed", "error": {"code": "unknown_message", "type": kind}}, b""

    @property
    def _place(self) -> dict[str, int]:
        """Where the run stands."""
        return {"step": self.session.trainer.cursor.step, "branch": self.session.branch}
