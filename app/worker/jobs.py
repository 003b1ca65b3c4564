"""A worker without a run: it makes one file after the other for whoever asks, and ends.

Exports take seconds and memory that no training should have to share.
"""

from __future__ import annotations

import json
from typing import Any

from pydantic import ValidationError

from app.core.errors import GlassnetError
from app.engine.attribution import Question, attribute
from app.engine.device import configure
from app.engine.export.make import Order, make
from app.worker import failure
from app.worker.channel import Channel
from app.worker.limits import limit_memory

MEMORY = 8 * 2**30
"""Address space that a job may take, in bytes."""


class Stop(Exception):
    """The web process asked the worker to end."""


def serve(channel: Channel) -> None:
    """Never returns; ends by :class:`Stop` or by a crash."""
    configure()
    limit_memory(MEMORY)
    while True:
        message = channel.receive(None)
        assert message is not None
        header, payload = message
        if header.get("type") == "stop":
            raise Stop
        _answer(channel, header, payload)


def _made(header: dict[str, Any], payload: bytes) -> bytes:
    asked = json.dumps(header["order"])
    if header["type"] == "attribution":
        return attribute(Question.model_validate_json(asked), payload)
    return make(Order.model_validate_json(asked), payload)


def _answer(channel: Channel, header: dict[str, Any], payload: bytes) -> None:
    number = header.get("id")
    try:
        made = _made(header, payload)
    except (GlassnetError, ValidationError) as error:
        channel.send({"type": "failed", "id": number, "error": failure.problem(error)})
    else:
        channel.send({"type": "reply", "id": number}, made)
