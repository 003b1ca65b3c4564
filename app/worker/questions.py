"""What a run's worker answers between two steps: one function a kind of question. Changes nothing."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from app.engine.attribution import subject_of
from app.engine.exciting import exciting
from app.engine.generate import generate
from app.engine.predict import predict
from app.engine.probes import Moment, Prober
from app.engine.session import Session
from app.engine.snapshots import Entry, serialise
from app.engine.sweep import sweep
from app.protocol.attribution import EXCITING_WANTED
from app.protocol.generate import GENERATE_WANTED
from app.protocol.taps import FIXED_SAMPLE, SAMPLE
from app.protocol.warp import SWEEP

Answer = tuple[dict[str, Any], bytes]
Question = Callable[[Session, Prober, dict[str, Any]], Answer]


def place(session: Session) -> dict[str, int]:
    """Where the run stands."""
    return {"step": session.trainer.cursor.step, "branch": session.branch}


def _predict(session: Session, prober: Prober, message: dict[str, Any]) -> Answer:
    sample = SAMPLE.validate_json(json.dumps(message["sample"]))
    moment = Moment(session.start.run, session.branch)
    prediction, frame = predict(session.trainer, prober, sample, moment)
    return {"type": "reply", "prediction": prediction}, frame


def _sweep(session: Session, prober: Prober, message: dict[str, Any]) -> Answer:
    sample = FIXED_SAMPLE.validate_json(json.dumps(message["sample"]))
    wanted = SWEEP.validate_json(json.dumps(message["sweep"]))
    return {"type": "reply", "sweep": sweep(session.trainer, prober, sample, wanted)}, b""


def _augmented(session: Session, prober: Prober, message: dict[str, Any]) -> Answer:
    sample = SAMPLE.validate_json(json.dumps(message["sample"]))
    made = session.trainer.augmented(sample, int(message["count"]))
    return {"type": "reply", **place(session)}, b"".join(serialise({"inputs": made}, {}))


def _subject(session: Session, prober: Prober, message: dict[str, Any]) -> Answer:
    sample = SAMPLE.validate_json(json.dumps(message["sample"]))
    return {"type": "reply", **place(session)}, subject_of(session.trainer, sample)


def _exciting(session: Session, prober: Prober, message: dict[str, Any]) -> Answer:
    wanted = EXCITING_WANTED.validate_json(json.dumps(message["wanted"]))
    found = exciting(session.trainer, session.branch, wanted)
    return {"type": "reply"}, found.model_dump_json().encode()


def _generate(session: Session, prober: Prober, message: dict[str, Any]) -> Answer:
    wanted = GENERATE_WANTED.validate_json(json.dumps(message["wanted"]))
    found = generate(session.trainer, session.branch, wanted)
    return {"type": "reply"}, found.model_dump_json().encode()


def _snapshot(session: Session, prober: Prober, message: dict[str, Any]) -> Answer:
    return {"type": "reply", "snapshot": _described(session.snapshot())}, b""


def _tensors(session: Session, prober: Prober, message: dict[str, Any]) -> Answer:
    facts = {name: str(value) for name, value in place(session).items()}
    pieces = serialise(session.trainer.network.state_dict(), facts)
    return {"type": "reply", **place(session)}, b"".join(pieces)


QUESTIONS: dict[str, Question] = {
    "predict": _predict,
    "sweep": _sweep,
    "subject": _subject,
    "exciting": _exciting,
    "generate": _generate,
    "augmented": _augmented,
    "snapshot": _snapshot,
    "tensors": _tensors,
}


def _described(entry: Entry | None) -> dict[str, Any] | None:
    """A snapshot as its event has it: the hash is that of the weights."""
    if entry is None:
        return None
    facts = {"branch": entry.branch, "step": entry.step, "bytes": entry.bytes}
    return {**facts, "sha256": entry.weights, "time": entry.time}
