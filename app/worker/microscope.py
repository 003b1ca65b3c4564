"""The worker's microscope: questions about one step, answered between steps.

Whatever goes wrong in a look is an answer, never the end of the run.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ValidationError

from app.core.errors import Conflict, GlassnetError
from app.core.text import text
from app.engine.session import Session
from app.engine.tracing.history import History
from app.engine.tracing.tracer import Tracer
from app.protocol.health import HEALTH_WANTED
from app.protocol.refusals import LookFailed
from app.protocol.through_time import THROUGH_TIME_WANTED
from app.protocol.tracing import (
    EXPLAIN_WANTED,
    GRADCHECK_WANTED,
    TRACE_WANTED,
    TRACED,
    Cell,
    ExplainWanted,
    Traced,
)
from app.worker import failure

LOOKS = frozenset({"trace", "operations", "explain", "gradcheck", "health", "through_time"})
_NO_MEMORY = text(
    "there is not enough memory to look into this step. Look at fewer samples.",
    "内存不足，无法查看这一步。请减少样本数。",
)


class Microscope:
    """Keeps the last trace while the run rests; lets go of it when the weights change."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._tracer = Tracer(session)
        self._history = History(session)
        self._seen = self._now

    @property
    def _now(self) -> tuple[int, ...]:
        """Changes whenever a look would: a setting alone changes the step that comes next."""
        return (*self._session.version, len(self._session.log))

    def let_go(self) -> None:
        """Free what belongs to a step that is over, or to other settings."""
        if self._seen != self._now:
            self._tracer.forget()
            self._history.let_go()
            self._seen = self._now

    def answer(self, kind: str, message: Mapping[str, Any]) -> bytes:
        """A safetensors file for ``trace`` and ``through_time``, JSON for the others; raises GlassnetErrors only."""
        self.let_go()
        asked = json.dumps(message["wanted"])
        try:
            return self._answer(kind, asked)
        except (GlassnetError, ValidationError):
            raise
        except Exception as error:
            self._tracer.forget()
            self._history.let_go()
            if failure.is_out_of_memory(error):
                raise Conflict(reason=_NO_MEMORY) from error
            raise LookFailed from error

    def _answer(self, kind: str, asked: str) -> bytes:
        tracer = self._tracer
        found: BaseModel
        if kind == "trace":
            return tracer.file(TRACE_WANTED.validate_json(asked), self._session.start.run)
        if kind == "through_time":
            wanted = THROUGH_TIME_WANTED.validate_json(asked)
            return tracer.through_time(wanted, self._session.start.run)
        if kind == "operations":
            found = tracer.operations(TRACED.validate_json(asked))
        elif kind == "explain":
            found = tracer.explain(EXPLAIN_WANTED.validate_json(asked))
        elif kind == "health":
            found = self._history.answer(HEALTH_WANTED.validate_json(asked).points)
        else:
            found = tracer.gradcheck(GRADCHECK_WANTED.validate_json(asked))
        return found.model_dump_json().encode()


def open_microscope(session: Session) -> None:
    """Do once what every look needs: imports and first derivatives. For the fork server."""
    tracer = Tracer(session)
    listed = tracer.operations(Traced())
    nodes = [step.node for step in listed.operations if step.phase == "forward"]
    for node in nodes:
        shape = session.trainer.network.shapes[node]
        for role in ("activation", "sensitivity"):
            cell = Cell(role=role, node=node, sample=0, index=(0,) * len(shape))
            tracer.explain(ExplainWanted(cell=cell))
    for name, parameter in session.trainer.network.named_parameters():
        node, _, tensor = name.partition(".")
        index = (0,) * parameter.dim()
        cell = Cell(role="gradient", node=node, tensor=tensor, index=index)
        tracer.explain(ExplainWanted(cell=cell))
