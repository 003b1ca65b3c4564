"""A worker without a run that makes a lag experiment: every finding is told when it is there, and how
far the next one is meanwhile."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from app.core.text import text
from app.engine.device import configure
from app.engine.lag import experiment, parse_spec
from app.engine.memory import is_out_of_memory
from app.protocol.lag import LagNow
from app.worker.channel import Channel
from app.worker.limits import limit_memory

NO_MEMORY = text("There was not enough memory. Fewer units help.", "内存不足。请减少单元数。")
UNEXPECTED = text("The experiment broke off: {detail}", "实验中断：{detail}")


def serve(channel: Channel, message: dict[str, Any]) -> None:
    """Train what is asked for, but for the first ``done`` findings; the last word is how it ended."""
    try:
        _train(channel, message)
    except Exception as error:
        said = f"{type(error).__name__}: {error}"[:300]
        reason = NO_MEMORY if is_out_of_memory(error) else UNEXPECTED.format(detail=said)
        channel.send({"type": "failed", "reason": reason.model_dump()})
    else:
        channel.send({"type": "result"})


def _train(channel: Channel, message: dict[str, Any]) -> None:
    spec = parse_spec(message["spec"])
    configure()
    limit_memory(int(message["memory"]))
    for one in experiment(spec, Path(message["data_root"]), int(message["done"])):
        kind = "progress" if isinstance(one, LagNow) else "found"
        channel.send({"type": kind, kind: json.loads(one.model_dump_json())})
