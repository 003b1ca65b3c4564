"""What can be asked of a run's worker, as functions of its ``look``: how each is put and answered."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from app.core.errors import NotFound
from app.core.text import Language, text
from app.protocol.attribution import AttributionWanted
from app.protocol.exports import Made
from app.protocol.range_test import RangeWanted
from app.protocol.runs import RunRecord
from app.protocol.taps import AnySample, FixedSample
from app.protocol.warp import Sweep
from app.protocol.wire import Message
from app.runs.progress import Log

_RANGE_TEST = text("range test", "学习率范围测试")


class Asked(Protocol):
    """A run, as far as questions go."""

    @property
    def record(self) -> RunRecord: ...

    @property
    def log(self) -> Log: ...

    @property
    def busy(self) -> bool:
        """Whether it has a worker or is getting one."""

    async def look(self, kind: str, **question: Any) -> Message: ...


async def predict(run: Asked, sample: AnySample) -> tuple[dict[str, Any], bytes]:
    """What the present weights say of a sample, and all activations as a float32 frame."""
    header, frame = await run.look("predict", sample=sample.model_dump(mode="json"))
    return header["prediction"], frame


async def sweep(run: Asked, sample: FixedSample, wanted: Sweep) -> dict[str, Any]:
    """What the present weights say of a sample at every point of a movement."""
    asked = {"sample": sample.model_dump(mode="json"), "sweep": wanted.model_dump(mode="json")}
    return dict((await run.look("sweep", **asked))[0]["sweep"])


async def range_test(run: Asked, kind: str, wanted: RangeWanted | None) -> dict[str, Any]:
    """Start a range test, look at it or cancel it. Raises NotFound where no worker can have one."""
    if wanted is None and not run.busy:
        raise NotFound(kind=_RANGE_TEST, name=run.record.id)
    body = wanted and wanted.model_dump(mode="json")
    return dict((await run.look(kind, wanted=body))[0]["test"])


async def augmented(run: Asked, sample: AnySample, count: int) -> bytes:
    """A sample as training would see it in the next steps: a safetensors file."""
    return (await run.look("augmented", sample=sample.model_dump(mode="json"), count=count))[1]


async def tensors(run: Asked) -> bytes:
    """The present parameters as a safetensors file."""
    return (await run.look("tensors", step=None))[1]


def export_order(
    run: Asked, kind: Made, language: Language, data_root: str, weights: str | None
) -> Mapping[str, Any]:
    """What a job is told that makes a file of the run."""
    order = {
        "kind": kind,
        "spec": run.record.spec.model_dump(mode="json"),
        "log": [logged.model_dump(mode="json") for logged in run.log],
        "data_root": data_root,
        "weights": weights,
        "language": language,
    }
    return {"type": "export", "order": order}


async def attribution_order(
    run: Asked, wanted: AttributionWanted
) -> tuple[Mapping[str, Any], bytes]:
    """What a job is told that finds out why the present network answers a sample as it does."""
    header, subject = await run.look("subject", sample=wanted.sample.model_dump(mode="json"))
    order = {
        "spec": run.record.spec.model_dump(mode="json"),
        "log": [logged.model_dump(mode="json") for logged in run.log],
        "step": header["step"],
        "branch": header["branch"],
        "method": wanted.method.model_dump(mode="json"),
        "target": wanted.target,
    }
    return {"type": "attribution", "order": order}, subject
