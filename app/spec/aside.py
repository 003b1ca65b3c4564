"""Checks beside the event loop: one thread for all of them, so that a large network keeps nobody waiting.

One is enough: a second would not make them faster, and the loop would have to share with both.
"""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor

from app.spec.check import check, require
from app.spec.model import ModelSpec
from app.spec.report import Report
from app.spec.training import TrainingSpec

_THREAD = ThreadPoolExecutor(1, thread_name_prefix="check")
"""Starts with the first check."""


async def checked(model: ModelSpec, training: TrainingSpec) -> Report:
    """:func:`app.spec.check.check`, in its turn."""
    return await asyncio.get_running_loop().run_in_executor(_THREAD, check, model, training)


async def required(model: ModelSpec, training: TrainingSpec) -> Report:
    """:func:`app.spec.check.require`, in its turn; raises what that raises."""
    return await asyncio.get_running_loop().run_in_executor(_THREAD, require, model, training)
