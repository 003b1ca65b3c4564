"""What answers questions, in a worker: each function registered beside the question it answers."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from app.engine.probes import Moment, Prober
from app.engine.range_tests import RangeTests
from app.engine.session import Session
from app.engine.tracing.history import History
from app.engine.tracing.tracer import Tracer
from app.engine.trainer import Trainer
from app.features import registry
from app.features._base import A, Question

Json = BaseModel | dict[str, Any]
Answer = Json | bytes | tuple[Json, bytes]
"""JSON, a file, or both where a question has both."""


@dataclass(frozen=True)
class Asked:
    """A run between two steps. The tracer and the history keep what they made until the run moves on."""

    session: Session
    prober: Prober
    tracer: Tracer
    history: History
    range_tests: RangeTests

    @property
    def trainer(self) -> Trainer:
        return self.session.trainer

    @property
    def branch(self) -> int:
        return self.session.branch

    @property
    def moment(self) -> Moment:
        return Moment(self.session.start.run, self.session.branch)


Answers = Callable[[Asked, A], Answer]
_ANSWERS: dict[str, Answers[Any]] = {}


def answers(question: Question[A]) -> Callable[[Answers[A]], Answers[A]]:
    """Registers the decorated function as what answers ``question``."""

    def register(function: Answers[A]) -> Answers[A]:
        if question.name in _ANSWERS:
            raise TypeError(f"question {question.name!r} is answered twice")
        _ANSWERS[question.name] = function
        return function

    return register


def table() -> dict[str, tuple[Question[Any], Answers[Any]]]:
    """Every question with what answers it; raises KeyError for one that nothing answers."""
    for folder in registry.folders():
        importlib.import_module(f"{folder}.engine")
    return {name: (one, _ANSWERS[name]) for name, one in registry.questions().items()}
