"""Lag experiments as jobs: what their worker is asked, and what it tells as it goes on."""

from __future__ import annotations

import json
import time
from typing import Any

from app.core.text import text
from app.protocol.lag import LagFinding, LagNow, LagRecord
from app.runs.background import Background
from app.spec.lag import LagSpec


class LagExperiments(Background[LagSpec, LagRecord]):
    """The lag experiments of one server. One that was stopped goes on where it was."""

    KIND = text("lag experiment", "间隔实验")
    SECONDS = 600.0
    MEMORY = 2 * 2**30
    SLOW = text(
        "It did not end within {seconds} s and was stopped. What has been found stays. Fewer steps "
        "or shorter lags help.",
        "未能在 {seconds} 秒内结束，已停止；已有结果保留。请减少步数或缩短间隔。",
    )
    TOO_MANY = text(
        "{limit} experiments wait already. Wait until one has ended, or stop one.",
        "已有 {limit} 个实验在等待。请等待其中一个结束，或停止一个。",
    )

    def queued(self, name: str, spec: LagSpec, known: LagRecord | None) -> LagRecord:
        return LagRecord(
            id=name,
            state="queued",
            spec=spec,
            created=time.time(),
            total=len(spec.cells) * len(spec.lags),
            results=known.results if known else (),
        )

    def asks(self, record: LagRecord) -> dict[str, Any]:
        spec = record.spec.model_dump(mode="json")
        return {"type": "lag", "spec": spec, "done": len(record.results)}

    def heard(self, record: LagRecord, header: dict[str, Any]) -> dict[str, Any]:
        if header["type"] == "progress":
            return {"now": LagNow.model_validate_json(json.dumps(header["progress"]))}
        if header["type"] == "found":
            found = LagFinding.model_validate_json(json.dumps(header["found"]))
            return {"results": (*record.results, found), "now": None}
        return {"now": None}
