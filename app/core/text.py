"""Text in the two languages of the product. Owns the type, not the wording."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

Language = Literal["en", "zh"]
LANGUAGES: tuple[Language, ...] = ("en", "zh")


class Text(BaseModel):
    """One message in English and Simplified Chinese; either may hold ``{named}`` places."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    en: str
    zh: str

    def format(self, **params: Any) -> Text:
        """Fill the named places of both languages."""
        return Text(en=self.en.format(**params), zh=self.zh.format(**params))

    def say(self, language: Language) -> str:
        return self.zh if language == "zh" else self.en


def text(en: str, zh: str) -> Text:
    """Short form for declarations: ``text("Layer", "层")``."""
    return Text(en=en, zh=zh)
