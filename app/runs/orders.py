"""What a job is told that is to make something of a run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from app.core.text import Language
from app.features._base import Question
from app.features.attribution.schema import SUBJECT, SubjectWanted
from app.protocol.attribution import AttributionWanted
from app.protocol.exports import Made
from app.protocol.runs import RunRecord
from app.protocol.wire import Message
from app.runs.progress import Log


class Asked(Protocol):
    """A run, as far as orders go."""

    @property
    def record(self) -> RunRecord: ...

    @property
    def log(self) -> Log: ...

    async def ask(self, question: Question[Any], body: bytes, *, file: bool = False) -> Message: ...


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
    said = SubjectWanted(sample=wanted.sample).model_dump_json().encode()
    header, subject = await run.ask(SUBJECT, said, file=True)
    order = {
        "spec": run.record.spec.model_dump(mode="json"),
        "log": [logged.model_dump(mode="json") for logged in run.log],
        "step": header["step"],
        "branch": header["branch"],
        "method": wanted.method.model_dump(mode="json"),
        "target": wanted.target,
    }
    return {"type": "attribution", "order": order}, subject
