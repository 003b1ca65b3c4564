"""What is said of single rows and files that do not fit: where, why, and how to set it right."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from app.core.text import Text

MOST_REMARKS = 200
"""So many are kept; all are counted."""


class Remark(BaseModel):
    """One row, cell or file that was left out, or taken as missing."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    row: int | None = None
    """Line of the file, counted from 1."""
    column: str | None = None
    file: str | None = None
    message: Text
    repair: Text


class Remarks:
    """Collects remarks; keeps the first ones."""

    def __init__(self) -> None:
        self.kept: list[Remark] = []
        self.count = 0

    def add(self, remark: Remark) -> None:
        self.count += 1
        if len(self.kept) < MOST_REMARKS:
            self.kept.append(remark)

    @property
    def first(self) -> Text:
        if not self.kept:
            return Text(en="there is none.", zh="没有任何内容。")
        one = self.kept[0]
        where = f"{one.file}: " if one.file else f"{one.row}: " if one.row else ""
        return Text(en=where + one.message.en, zh=where + one.message.zh)
