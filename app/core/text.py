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
        """Fill the named places of both languages; a parameter may itself be a text in both."""
        return Text(
            en=self.en.format(**{name: _said(value, "en") for name, value in params.items()}),
            zh=self.zh.format(**{name: _said(value, "zh") for name, value in params.items()}),
        )

    def say(self, language: Language) -> str:
        return self.zh if language == "zh" else self.en


def _said(value: Any, language: Language) -> Any:
    """A text in one language, also one that has been through JSON; anything else as it is."""
    if isinstance(value, Text):
        return value.say(language)
    if isinstance(value, dict) and value.keys() == set(LANGUAGES):
        return value[language]
    return value


def text(en: str, zh: str) -> Text:
    """Short form for declarations: ``text("Layer", "层")``."""
    return Text(en=en, zh=zh)
