"""Answers with the present weights and one input, as a file."""

from __future__ import annotations

from app.engine.attribution import subject_of
from app.features._answers import Asked, answers
from app.features.attribution.schema import SUBJECT, SubjectWanted


@answers(SUBJECT)
def _subject(run: Asked, wanted: SubjectWanted) -> bytes:
    return subject_of(run.trainer, wanted.sample)
