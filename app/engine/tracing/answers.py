"""What an explanation found, before it is written out; and the refusals of cells that are not there."""

from __future__ import annotations

from dataclasses import dataclass, field

from app.core.text import Text, text
from app.engine.tracing import words
from app.protocol.refusals import NoSuchCell
from app.protocol.tracing import Cell, Kind, Loser, Rest, Term


@dataclass
class Answered:
    """What one kind of question found."""

    value: float
    kind: Kind
    operation: str
    terms: tuple[Term, ...]
    rest: Rest
    part: str
    symbols: str
    losers: tuple[Loser, ...] = ()
    scale: float | None = None
    quantity: Text = field(default_factory=lambda: words.ACTIVATION)
    stored: float | None = None
    """The run's own number, where the value is that of the step made again."""

    @property
    def total(self) -> float:
        """The terms and the rest; the value itself where nothing was computed."""
        if self.kind in ("given", "edited"):
            return self.value
        return sum(float(term.value) for term in self.terms) + float(self.rest.value)


def _told(value: float, kind: Kind, quantity: Text, symbols: str = "") -> Answered:
    """What has no terms."""
    rest = Rest(count=0, value=0.0)
    return Answered(value, kind, kind, (), rest, "", symbols, quantity=quantity)


def given(value: float, quantity: Text) -> Answered:
    return _told(value, "given", quantity)


def silenced(value: float, quantity: Text) -> Answered:
    """An output that is 0 because somebody wants it so."""
    return _told(value, "silenced", quantity, "x = 0")


def edited(value: float) -> Answered:
    """A weight that was written by hand when the step began."""
    return _told(value, "edited", words.PARAMETER)


def unknown(field: str, why: str, why_zh: str) -> NoSuchCell:
    return NoSuchCell(pointer=f"/cell/{field}", why=text(why, why_zh))


def no_state(cell: Cell, known: list[str]) -> NoSuchCell:
    names = ", ".join(known) or "–"
    return unknown(
        "state",
        f"the optimiser keeps no {cell.state!r} here; it keeps: {names}",
        f"优化器此处没有 {cell.state!r}；有：{names}",
    )
