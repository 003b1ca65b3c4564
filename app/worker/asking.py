"""Answers the questions of all features, between two steps of a run. Changes nothing.

Whatever goes wrong in an answer is an answer, never the end of the run.
"""

from __future__ import annotations

import pydantic_core
from pydantic import BaseModel, ValidationError

from app.core.errors import Conflict, GlassnetError
from app.core.text import text
from app.engine.memory import is_out_of_memory
from app.engine.probes import Prober
from app.engine.range_tests import RangeTests
from app.engine.session import Session
from app.engine.tracing.history import History
from app.engine.tracing.tracer import Tracer
from app.features._answers import Answer, Asked, table
from app.protocol.refusals import LookFailed

_NO_MEMORY = text(
    "there is not enough memory to look into this step. Look at fewer samples.",
    "内存不足，无法查看这一步。请减少样本数。",
)


class Asking:
    """Keeps what the last answer was made from while the run rests; lets go of it when weights change."""

    def __init__(self, session: Session, prober: Prober, tests: RangeTests) -> None:
        self._session = session
        self._run = Asked(session, prober, Tracer(session), History(session), tests)
        self._table = table()
        self._seen = self._now

    @property
    def _now(self) -> tuple[int, ...]:
        """Changes whenever an answer would: a setting alone changes the step that comes next."""
        return (*self._session.version, len(self._session.log))

    def let_go(self) -> None:
        """Free what belongs to a step that is over, or to other settings."""
        if self._seen != self._now:
            self._forget()

    def _forget(self) -> None:
        self._run.tracer.forget()
        self._run.history.let_go()
        self._seen = self._now

    def answer(self, name: str, body: bytes = b"", *, file: bool = False) -> bytes:
        """A safetensors file or JSON, as asked for; raises GlassnetErrors and ValidationErrors only."""
        question, answers = self._table[name]
        self.let_go()
        try:
            return _written(answers(self._run, question.adapter.validate_json(body or b"{}")), file)
        except (GlassnetError, ValidationError):
            raise
        except Exception as error:
            self._forget()
            if is_out_of_memory(error):
                raise Conflict(reason=_NO_MEMORY) from error
            raise LookFailed from error


def _written(answer: Answer, file: bool) -> bytes:
    if isinstance(answer, tuple):
        answer = answer[1 if file else 0]
    if isinstance(answer, bytes):
        return answer
    if isinstance(answer, BaseModel):
        return answer.model_dump_json().encode()
    found: bytes = pydantic_core.to_json(answer, inf_nan_mode="strings")
    return found
