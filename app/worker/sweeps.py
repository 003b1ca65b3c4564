"""The range test of a run's worker: one batch of the copy between two steps of the run."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from app.core.errors import NotFound
from app.core.text import text
from app.engine.range_test import Sweep
from app.engine.session import Session
from app.protocol.range_test import RANGE_WANTED, RangeTest
from app.worker.failure import is_out_of_memory

ASKS = frozenset({"range_start", "range_look", "range_cancel"})
_KIND = text("range test", "学习率范围测试")


class Sweeps:
    """At most one test at a time; the last one stays to be seen until the next begins."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._sweep: Sweep | None = None

    @property
    def running(self) -> bool:
        return self._sweep is not None and self._sweep.running

    def answer(self, kind: str, message: dict[str, Any]) -> RangeTest:
        """Start, look or cancel; raises NotFound where no test was started."""
        if kind == "range_start":
            session = self._session
            wanted = RANGE_WANTED.validate_json(json.dumps(message["wanted"]))
            sweep = self._sweep = Sweep(session.trainer, session.branch, wanted)
            self._carefully(sweep, lambda: sweep.begin(session.trainer))
        if self._sweep is None:
            raise NotFound(kind=_KIND, name=self._session.start.run)
        if kind == "range_cancel":
            self._sweep.cancel()
        return self._sweep.report()

    def advance(self) -> None:
        """One batch, if a test is under way."""
        sweep = self._sweep
        if sweep is not None and sweep.running:
            self._carefully(sweep, sweep.advance)

    def _carefully(self, sweep: Sweep, action: Callable[[], None]) -> None:
        """Whatever goes wrong with the copy ends the test, never the run."""
        try:
            action()
        except Exception as error:
            sweep.fail(error, memory=is_out_of_memory(error))
