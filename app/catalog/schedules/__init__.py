"""The schedules of the learning rate. :data:`SCHEDULES` finds every file of this folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.catalog.family import Family
from app.catalog.schedules._base import Memory, Place, Schedule
from app.catalog.schedules.constant import ConstantRate

SCHEDULES: Family[Schedule] = Family("schedules", Schedule, __name__)

if TYPE_CHECKING:
    AnySchedule = Schedule
else:
    AnySchedule = SCHEDULES.union()

__all__ = ["SCHEDULES", "AnySchedule", "ConstantRate", "Memory", "Place", "Schedule"]
