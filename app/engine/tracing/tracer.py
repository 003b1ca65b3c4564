"""The microscope of one run: answers questions about a step and leaves the run as it was.

Keeps the last traces, so that a walk from cell to cell costs one pass; the worker lets go of them
when the run moves on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.engine.tracing import through_time
from app.engine.tracing.answers import Answered
from app.engine.tracing.asked import require_fields
from app.engine.tracing.explain import Explainer
from app.engine.tracing.gradcheck import Gradchecker
from app.engine.tracing.lineage import followed
from app.engine.tracing.listing import frame, operations
from app.engine.tracing.reach import shadow
from app.engine.tracing.step import Trace
from app.engine.tracing.updates import Weights
from app.protocol.commands import EditWeight
from app.protocol.refusals import NoSuchCell
from app.protocol.taps import StoredSample
from app.protocol.through_time import ThroughTimeWanted
from app.protocol.tracing import (
    Cell,
    ExplainWanted,
    Explanation,
    Gradcheck,
    GradcheckWanted,
    Operations,
    Traced,
    TraceWanted,
)

if TYPE_CHECKING:
    from app.engine.session import Session

Key = tuple[int, str, object]
MOST = 3
"""Traces that are kept."""
ROOM = 2**27
"""Bytes that the kept ones may take, by their own estimates, when another is made."""


class Tracer:
    """Traces of one session's steps."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._kept: dict[tuple[int, Key], Trace] = {}
        """The newest last."""

    def forget(self) -> None:
        """Free what the last questions took."""
        self._kept = {}

    @property
    def holds(self) -> bool:
        return bool(self._kept)

    def trace(self, wanted: Traced, step: int | None = None) -> Trace:
        """The pass that is asked for. Small ones stay for a while: a walk goes to and fro between
        a step and the one that made its weights. Room is made before a new one is."""
        session = self._session
        at = step if step is not None else wanted.step
        at = session.trainer.cursor.step if at is None else at
        key = (session.branch, (at, wanted.precision, wanted.samples))
        found = self._kept.pop(key, None)
        if found is None:
            while len(self._kept) >= MOST or sum(t.bytes for t in self._kept.values()) > ROOM:
                del self._kept[next(iter(self._kept))]
            found = Trace(shadow(session, at), wanted.precision, wanted.samples)
        self._kept[key] = found
        return found

    def file(self, wanted: TraceWanted, run: str) -> bytes:
        """The tensors of a step as a safetensors file."""
        trace = self.trace(wanted)
        return frame(trace, wanted, self._facts(trace, run))

    def through_time(self, wanted: ThroughTimeWanted, run: str) -> bytes:
        """A recurrent layer through time as a safetensors file."""
        trace = self.trace(wanted)
        return through_time.frame(trace, wanted, self._facts(trace, run))

    def _facts(self, trace: Trace, run: str) -> dict[str, str]:
        facts = {
            "run": run,
            "branch": str(self._session.branch),
            "step": str(trace.step),
            "samples": str(trace.count),
            "sensitivity": "dE/d(output), batch mean",
        }
        if trace.batch is not None:
            facts["batch"] = ",".join(map(str, trace.batch))
        return facts

    def operations(self, wanted: Traced) -> Operations:
        return operations(self.trace(wanted), self._session.branch)

    def explain(self, wanted: ExplainWanted) -> Explanation:
        """One cell; what a step starts from is explained by the update of the step before."""
        cell = wanted.cell
        require_fields(cell)
        step = wanted.step if cell.step is None else cell.step
        at = self._session.trainer.cursor.step if step is None else step
        if cell.role == "parameter" and self._by_hand(cell, at):
            explainer = Explainer(self.trace(wanted, at), self._session.branch, wanted.form)
            return explainer.finished(cell, explainer.weights.written(cell))
        trace = self.trace(wanted, at)
        if cell.role in ("parameter", "state") and at > 0:
            weights = Weights(trace)
            stored = weights.start(cell)
            if weights.remembered(cell):
                return self._made_before(wanted, cell, at, stored)
        return Explainer(trace, self._session.branch, wanted.form).explain(cell)

    def _by_hand(self, cell: Cell, at: int) -> bool:
        """Whether the weight that a step starts from was written when it began."""
        place = (cell.node, cell.tensor, cell.index)
        return any(
            isinstance(one.command, EditWeight)
            and one.step == at
            and (one.command.node, one.command.tensor, one.command.index) == place
            for one in self._session.log
        )

    def _made_before(
        self, wanted: ExplainWanted, cell: Cell, at: int, stored: float
    ) -> Explanation:
        """A number that a step starts from: the run's own, and how the step before made it."""
        plain = wanted.model_copy(update={"samples": None})
        trace = self.trace(plain, at - 1)
        explainer = Explainer(trace, self._session.branch, wanted.form)
        answer = explainer.weights.made(cell)
        answer.stored = stored
        if cell.role == "state" and wanted.depth > 1 and answer.kind == "rule":
            self._follow_back(answer, cell, at, wanted)
        return explainer.finished(cell, answer)

    def _follow_back(self, answer: Answered, cell: Cell, at: int, wanted: ExplainWanted) -> None:
        """One term for every earlier step that gave to the state, in place of the state before.

        Every step's own terms are held to its state; together they are the state of those steps made
        again, in the precision that is asked for."""
        answer.terms = followed(self._session, cell, at, wanted)
        answer.value = answer.total
        answer.scale = None
        answer.symbols = r"s' = \sum_k \beta^k\, a_k + \beta^n\, s"

    def gradcheck(self, wanted: GradcheckWanted) -> Gradcheck:
        """Always in float64; on the first samples of the batch where none are given."""
        session = self._session
        at = session.trainer.cursor.step if wanted.step is None else wanted.step
        trainer = shadow(session, at)
        known = trainer.network.order
        if wanted.node is not None and wanted.node not in known:
            raise NoSuchCell(pointer="/node", node=wanted.node, why=wanted.node)
        samples = wanted.samples
        if samples is None:
            batch = trainer.next_batch()[: wanted.batch].tolist()
            samples = tuple(StoredSample(split="train", index=int(i)) for i in batch)
        trace = Trace(trainer, "float64", samples)
        return Gradchecker(trace, wanted.entries).check(session.branch, wanted.node)
