"""The range test beside a run: one batch of the copy between two steps of the run."""

from __future__ import annotations

from collections.abc import Callable

from app.core.errors import NotFound
from app.core.text import text
from app.engine.memory import is_out_of_memory
from app.engine.range_test import Sweep
from app.engine.session import Session
from app.protocol.range_test import RangeTest, RangeWanted

_KIND = text("range test", "学习率范围测试")


class RangeTests:
    """At most one test at a time; the last one stays to be seen until the next begins."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._sweep: Sweep | None = None

    @property
    def running(self) -> bool:
        return self._sweep is not None and self._sweep.running

    def start(self, wanted: RangeWanted) -> RangeTest:
        """Begin one; a test that is under way is given up for it."""
        trainer = self._session.trainer
        sweep = self._sweep = Sweep(trainer, self._session.branch, wanted)
        self._carefully(sweep, lambda: sweep.begin(trainer))
        return sweep.report()

    def newest(self) -> RangeTest:
        """How far it is; raises NotFound where none was started."""
        return self._started().report()

    def cancel(self) -> RangeTest:
        """Give the copy up; raises NotFound where none was started."""
        sweep = self._started()
        sweep.cancel()
        return sweep.report()

    def _started(self) -> Sweep:
        if self._sweep is None:
            raise NotFound(kind=_KIND, name=self._session.start.run)
        return self._sweep

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
