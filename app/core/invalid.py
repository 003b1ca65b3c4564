"""Turns pydantic's ValidationError into Problems: place in the body, code, and both languages."""

from __future__ import annotations

import math
from typing import Any

import pydantic_core
from pydantic import ValidationError

from app.core.errors import Problem
from app.core.text import Text, text

MOST_PROBLEMS = 50
LONGEST_ECHO = 80
MOST_LISTED = 2000
"""Misfits that are looked at; each takes some microseconds in which nothing else is done."""

MESSAGES: dict[str, Text] = {
    "json_invalid": text("This is not valid JSON: {error}.", "不是合法的 JSON：{error}。"),
    "not_finite": text(
        "“{field}” must be a finite number, not NaN or infinite.",
        "“{field}”必须是有限的数，不能是 NaN 或无穷。",
    ),
    "missing": text("“{field}” is missing.", "缺少“{field}”。"),
    "extra_forbidden": text("There is no field “{field}” here.", "此处没有字段“{field}”。"),
    "model_type": text("“{field}” must be an object.", "“{field}”必须是对象。"),
    "dict_type": text("“{field}” must be an object.", "“{field}”必须是对象。"),
    "list_type": text("“{field}” must be a list.", "“{field}”必须是列表。"),
    "tuple_type": text("“{field}” must be a list.", "“{field}”必须是列表。"),
    "string_type": text("“{field}” must be a string.", "“{field}”必须是字符串。"),
    "int_type": text("“{field}” must be a whole number.", "“{field}”必须是整数。"),
    "int_from_float": text("“{field}” must be a whole number.", "“{field}”必须是整数。"),
    "int_parsing": text("“{field}” must be a whole number.", "“{field}”必须是整数。"),
    "int_parsing_size": text("“{field}” has too many digits.", "“{field}”的位数过多。"),
    "float_type": text("“{field}” must be a number.", "“{field}”必须是数。"),
    "float_parsing": text("“{field}” must be a number.", "“{field}”必须是数。"),
    "bool_type": text("“{field}” must be true or false.", "“{field}”必须是 true 或 false。"),
    "greater_than": text("“{field}” must be above {gt}.", "“{field}”必须大于 {gt}。"),
    "greater_than_equal": text("“{field}” must be at least {ge}.", "“{field}”不得小于 {ge}。"),
    "less_than": text("“{field}” must be below {lt}.", "“{field}”必须小于 {lt}。"),
    "less_than_equal": text("“{field}” must be at most {le}.", "“{field}”不得大于 {le}。"),
    "too_short": text(
        "“{field}” must have at least {min_length} items.", "“{field}”至少须有 {min_length} 项。"
    ),
    "too_long": text(
        "“{field}” must have at most {max_length} items.", "“{field}”最多只能有 {max_length} 项。"
    ),
    "string_too_short": text(
        "“{field}” must have at least {min_length} characters.",
        "“{field}”至少须有 {min_length} 个字符。",
    ),
    "string_too_long": text(
        "“{field}” must have at most {max_length} characters.",
        "“{field}”最多只能有 {max_length} 个字符。",
    ),
    "string_pattern_mismatch": text(
        "“{field}” must have the form {pattern}.", "“{field}”的格式须为 {pattern}。"
    ),
    "name_character": text(
        "“{field}” holds the character {character} at place {place}, which breaks a line or turns its "
        "order. Take it out, or type the name anew.",
        "“{field}”的第 {place} 个字符 {character} 会断行或改变文字的显示顺序，请删去该字符或重新输入名称。",
    ),
    "name_empty": text(
        "“{field}” says nothing that can be seen. Type a letter, a digit or a sign.",
        "“{field}”没有任何可见的字符，请输入字母、数字或符号。",
    ),
    "literal_error": text("“{field}” must be {expected}.", "“{field}”只能是 {expected}。"),
    "union_tag_not_found": text(
        "“{field}” needs a {discriminator}.", "“{field}”缺少 {discriminator}。"
    ),
    "union_tag_invalid": text(
        "There is no “{tag}”. Choose one of: {expected_tags}.",
        "没有“{tag}”。可选：{expected_tags}。",
    ),
}
"""Our words for pydantic's error types; what is not here is said in pydantic's words."""

OTHERWISE = text("“{field}”: {said}.", "“{field}”不合要求：{said}。")
MANY = text(
    "The body does not fit in {count} places. Is it meant for another address?",
    "请求正文有 {count} 处不符合格式。它是否本应发往别的地址？",
)
BODY = text("the body", "请求正文")


def problems(error: ValidationError, body: bytes | None = None) -> tuple[Problem, ...]:
    """Every misfit once, with a JSON pointer into ``body`` (the raw JSON that was validated)."""
    if error.error_count() > MOST_LISTED:
        count = error.error_count()
        return (Problem(code="many_misfits", message=MANY.format(count=count)),)
    document = _parsed(body)
    found: dict[str, Problem] = {}
    for detail in error.errors(include_url=False):
        place = _place(detail["loc"], document)
        pointer = "".join(f"/{_escaped(part)}" for part in place)
        if pointer not in found and len(found) < MOST_PROBLEMS:
            found[pointer] = _problem(dict(detail), place, pointer)
    kept = [p for p in found.values() if not _follows_from_another(p, found)]
    return tuple(kept[:MOST_PROBLEMS])


def _parsed(body: bytes | None) -> Any:
    try:
        return pydantic_core.from_json(body) if body is not None else None
    except ValueError:
        return None


def _place(loc: tuple[int | str, ...], document: Any) -> tuple[int | str, ...]:
    """``loc`` without the names of union members, which are no part of the document."""
    if document is None:
        return loc
    place: list[int | str] = []
    here = document
    for part in loc:
        if isinstance(here, dict):
            if part not in here and part in (
                here.get("type"),
                here.get("kind"),
                here.get("family"),
                "graph",
                "long",
            ):
                continue
            place.append(part)
            here = here.get(part)
        elif isinstance(here, list):
            if not isinstance(part, int) or part >= len(here):
                continue
            place.append(part)
            here = here[part]
        else:
            break
    return tuple(place)


def _escaped(part: int | str) -> str:
    return str(part).replace("~", "~0").replace("/", "~1")[:LONGEST_ECHO]


def _follows_from_another(problem: Problem, found: dict[str, Problem]) -> bool:
    """A list is also called too short when its items are wrong."""
    if problem.code != "too_short":
        return False
    return any(pointer.startswith(f"{problem.pointer}/") for pointer in found)


def _problem(detail: dict[str, Any], place: tuple[int | str, ...], pointer: str) -> Problem:
    code = str(detail["type"])
    value = detail.get("input")
    if code == "finite_number" or (isinstance(value, float) and not math.isfinite(value)):
        code = "not_finite"
    params = {key: _plain(key, item) for key, item in detail.get("ctx", {}).items()}
    return Problem(
        code=code, message=_message(code, detail, params, place), pointer=pointer, params=params
    )


def _message(
    code: str, detail: dict[str, Any], params: dict[str, Any], place: tuple[int | str, ...]
) -> Text:
    said = str(detail["msg"]).removeprefix("Value error, ").rstrip(".")
    if "zh" in params:
        return text(f"{said}.", str(params["zh"]))
    message = MESSAGES.get(code, OTHERWISE)
    field = _label(place)
    return Text(
        en=message.en.format_map({**params, "field": field.en, "said": said}),
        zh=message.zh.format_map({**params, "field": field.zh, "said": said}),
    )


def _label(place: tuple[int | str, ...]) -> Text:
    if not place:
        return BODY
    last = str(place[-1])[:LONGEST_ECHO]
    if isinstance(place[-1], int):
        named = [str(part) for part in place if isinstance(part, str)]
        last = f"{named[-1] if named else ''}[{last}]"
    return text(last, last)


def _plain(name: str, value: Any) -> Any:
    """A parameter as JSON can hold it; what a client sent (a tag) is cut short."""
    if isinstance(value, bool | int | float):
        return value
    written = str(value).replace("'", "")
    if name == "tag" and len(written) > LONGEST_ECHO:
        return f"{written[:LONGEST_ECHO]}…"
    return written
