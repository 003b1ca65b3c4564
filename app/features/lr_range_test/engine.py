"""Starts, tells and cancels the range test that goes on between the steps of a run."""

from __future__ import annotations

from app.features._answers import Asked, answers
from app.features._base import Nothing
from app.features.lr_range_test.schema import CANCEL, LOOK, START
from app.protocol.range_test import RangeTest, RangeWanted


@answers(START)
def _start(run: Asked, wanted: RangeWanted) -> RangeTest:
    return run.range_tests.start(wanted)


@answers(LOOK)
def _look(run: Asked, wanted: Nothing) -> RangeTest:
    return run.range_tests.newest()


@answers(CANCEL)
def _cancel(run: Asked, wanted: Nothing) -> RangeTest:
    return run.range_tests.cancel()
