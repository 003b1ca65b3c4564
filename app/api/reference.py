"""What a reference page shows of a part: its fields as rows, read from the part's JSON schema."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from inspect import cleandoc
from typing import Any

from app.catalog.family import Part
from app.core.numbers import TINY
from app.core.text import Language, Text

_TYPES = {
    "integer": Text(en="whole number", zh="整数"),
    "number": Text(en="number", zh="数"),
    "boolean": Text(en="true or false", zh="真或假"),
    "string": Text(en="text", zh="文本"),
    "array": Text(en="list", zh="列表"),
    "null": Text(en="nothing", zh="空"),
}
_BOUNDS = (("minimum", "≥"), ("exclusiveMinimum", ">"), ("maximum", "≤"), ("exclusiveMaximum", "<"))


@dataclass(frozen=True)
class FieldRow:
    """One field of a part in one language; ``choices`` are values, or names of other parts."""

    name: str
    title: str
    help: str
    kind: str
    bounds: str
    default: str | None
    live: bool
    choices: tuple[str, ...] = ()


def field_rows(part: type[Part], language: Language) -> list[FieldRow]:
    """Every field but ``type``, in the order of the class."""
    schema = part.model_json_schema()
    required = set(schema.get("required", ()))
    rows = []
    for name, one in schema["properties"].items():
        if name == "type":
            continue
        title, help_text = one.get("x-title", {}), one.get("x-help", {})
        rows.append(
            FieldRow(
                name=name,
                title=title.get(language, name),
                help=help_text.get(language, ""),
                kind=", ".join(dict.fromkeys(_kinds(one, language))),
                bounds=_bounds(one),
                default=None if name in required else _written(one.get("default")),
                live=name in part.LIVE,
                choices=tuple(_choices(one)),
            )
        )
    return rows


def _alternatives(schema: dict[str, Any]) -> list[dict[str, Any]]:
    return schema.get("anyOf") or schema.get("oneOf") or [schema]


def _kinds(schema: dict[str, Any], language: Language) -> Iterator[str]:
    for one in _alternatives(schema):
        if one.get("type") in _TYPES and "enum" not in one and "const" not in one:
            yield _TYPES[one["type"]].say(language)


def _bounds(schema: dict[str, Any]) -> str:
    """``1 … 512`` where both ends belong to it, else ``> 0, ≤ 1``; empty where there are none."""
    return ", ".join(filter(None, map(_range, _alternatives(schema))))


def _range(schema: dict[str, Any]) -> str:
    if schema.get("minimum") == TINY:
        schema = {**schema, "exclusiveMinimum": 0}
        del schema["minimum"]
    if "minimum" in schema and "maximum" in schema:
        return f"{_number(schema['minimum'])} … {_number(schema['maximum'])}"
    return ", ".join(f"{sign} {_number(schema[key])}" for key, sign in _BOUNDS if key in schema)


def _choices(schema: dict[str, Any]) -> Iterator[str]:
    yield from schema.get("discriminator", {}).get("mapping", ())
    for one in _alternatives(schema):
        yield from (_written(value) for value in one.get("enum", ()))
        if "const" in one:
            yield _written(one["const"])


def _number(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _written(value: Any) -> str:
    """A default or a choice as one would type it; a part by its type."""
    if isinstance(value, str):
        return value
    named = value.get("type") if isinstance(value, dict) else None
    return str(named) if named else json.dumps(value, ensure_ascii=False)


def example_json(part: type[Part]) -> list[str]:
    """The part's examples as JSON text."""
    return [json.dumps(example, ensure_ascii=False, indent=2) for example in part.EXAMPLES]


def paragraphs(part: type[Part], language: Language) -> list[str]:
    """The part's documentation; in English where there is none in Chinese."""
    said = part.DOC_ZH if language == "zh" and part.DOC_ZH else part.__doc__
    return [" ".join(block.split()) for block in cleandoc(said or "").split("\n\n")]


def plot_note(part: type[Part]) -> Text | None:
    """Which case the part's own picture shows."""
    made = part.model_validate(part.EXAMPLES[0]) if part.EXAMPLES else part()
    plot = made.plot()
    return plot.note if plot else None


def matches(part: type[Part], query: str) -> bool:
    """Whether every word of the query is in a name, an alias or the summary, in either language."""
    names = (part.kind(), part.TITLE.en, part.TITLE.zh, part.GROUP.en, part.GROUP.zh)
    held = " ".join((*names, *part.ALIASES, part.SUMMARY.en, part.SUMMARY.zh)).lower()
    return all(word in held for word in query.lower().split())
