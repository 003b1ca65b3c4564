"""The range test of learning rates, as the server asks the run's worker for it."""

from __future__ import annotations

from app.features._base import Nothing, Question
from app.protocol.range_test import RangeTest, RangeWanted

START = Question(name="start_range_test", asks=RangeWanted, answer=RangeTest)
LOOK = Question(name="get_range_test", asks=Nothing, answer=RangeTest)
CANCEL = Question(name="cancel_range_test", asks=Nothing, answer=RangeTest)
