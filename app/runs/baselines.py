"""Baselines as jobs: what their worker is asked, and what it answers."""

from __future__ import annotations

import time
from typing import Any

from app.core.children import environment, python
from app.core.text import text
from app.protocol.baselines import BaselineRecord, BaselineResult
from app.runs.background import Background
from app.runs.interfaces import WorkerProcess
from app.runs.runner import SpawnRunner
from app.spec.baseline import BaselineSpec

_ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")


async def launch() -> WorkerProcess:
    """A process of its own that knows no torch."""
    command = python("-m", "app.worker.baselines")
    env = environment(CUDA_VISIBLE_DEVICES="", **_ONE_THREAD)
    return await SpawnRunner(command, env).launch()


class Baselines(Background[BaselineSpec, BaselineRecord]):
    """The baselines of one server. ``begin`` raises BaselineMisfit."""

    KIND = text("baseline", "基线")
    SECONDS = 180.0
    MEMORY = 2 * 2**30
    SLOW = text(
        "It did not end within {seconds} s and was stopped. Fewer samples or rounds help.",
        "未能在 {seconds} 秒内结束，已停止。请减少样本数或轮数。",
    )
    TOO_MANY = text(
        "{limit} baselines wait already. Wait until one has ended, or cancel one.",
        "已有 {limit} 个基线在等待。请等待其中一个结束，或取消一个。",
    )

    def queued(self, name: str, spec: BaselineSpec, known: BaselineRecord | None) -> BaselineRecord:
        return BaselineRecord(id=name, state="queued", spec=spec, created=time.time())

    def asks(self, record: BaselineRecord) -> dict[str, Any]:
        return {"spec": record.spec.model_dump(mode="json")}

    def heard(self, record: BaselineRecord, header: dict[str, Any]) -> dict[str, Any]:
        return {"result": BaselineResult.model_validate(header["result"])}
