"""What every part of every family promises, asked of the registries."""

from __future__ import annotations

import json
import re
from typing import Any, get_args, get_origin

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from app.catalog.augmentations import AUGMENTATIONS
from app.catalog.datasets import DATASETS
from app.catalog.family import Family, Part, describe
from app.catalog.initializers import INITIALIZERS
from app.catalog.layers import LAYERS
from app.catalog.losses import LOSSES, Readout
from app.catalog.optimizers import OPTIMIZERS
from app.catalog.schedules import SCHEDULES
from app.core.text import Text
from tests.catalog.strategies import FAMILIES, PARTS, bounds, fewer, parts

CHINESE = re.compile(r"[\u4e00-\u9fff]")
HOSTILE: tuple[Any, ...] = (
    float("nan"),
    float("inf"),
    float("-inf"),
    1e308,
    -1e308,
    10**400,
    "12",
    [],
    {},
)


def name_of(value: Any) -> str:
    return str(value.kind())


each_part = pytest.mark.parametrize("part", PARTS, ids=name_of)
each_family = pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)


def family_of(part: type[Part]) -> Family[Any]:
    return next(family for family in FAMILIES if issubclass(part, family.base))


def fields() -> list[Any]:
    return [
        pytest.param(part, name, id=f"{part.kind()}.{name}")
        for part in PARTS
        for name in part.model_fields
        if name != "type"
    ]


each_field = pytest.mark.parametrize(("part", "field"), fields())


def read(part: type[Part], data: dict[str, Any]) -> Any:
    """The part from JSON, through its family's union, as a request would be read."""
    adapter: TypeAdapter[Any] = TypeAdapter(family_of(part).union())
    return adapter.validate_json(json.dumps(data), strict=True)


@each_family
def test_family_is_complete(family: Family[Any]) -> None:
    assert family.parts
    assert all(kind == part.kind() for kind, part in family.parts.items())
    assert [entry["type"] for entry in family.describe()] == list(family.parts)


@each_part
def test_says_what_it_is_in_both_languages(part: type[Part]) -> None:
    for said in (part.TITLE, part.SUMMARY, part.GROUP):
        assert said.en.strip() == said.en != ""
        assert said.zh.strip() == said.zh != ""
    assert CHINESE.search(part.SUMMARY.zh)
    assert not CHINESE.search(part.SUMMARY.en)
    assert not CHINESE.search(part.TITLE.en)
    # A title that is the same in both languages is a name: Adam, XOR, ReLU, Softmax.
    assert part.TITLE.zh != part.TITLE.en or re.fullmatch(r"[A-Z][\w-]*", part.TITLE.en)
    assert part.SUMMARY.en.endswith((".", "?", "!"))
    assert part.SUMMARY.zh.endswith(("。", "？", "！"))
    assert part.__doc__
    assert not CHINESE.search(part.__doc__)
    assert CHINESE.search(part.DOC_ZH)
    assert part.DOC_ZH.endswith("。")


@each_part
def test_formula_is_there_and_balanced(part: type[Part]) -> None:
    if family_of(part) is DATASETS:
        return
    assert part.FORMULA is not None
    assert part.FORMULA.forward
    # a rule of learning and an initialiser have no backward pass
    assert part.FORMULA.backward or family_of(part) in (
        OPTIMIZERS,
        INITIALIZERS,
        SCHEDULES,
        AUGMENTATIONS,
    )
    for latex in (part.FORMULA.forward, part.FORMULA.backward):
        bare = latex.replace(r"\{", "").replace(r"\}", "")
        assert bare.count("{") == bare.count("}")
        assert latex.count(r"\left") - latex.count(r"\leftarrow") == latex.count(
            r"\right"
        ) - latex.count(r"\rightarrow")


@each_field
def test_field_is_documented_and_bounded(part: type[Part], field: str) -> None:
    schema = part.model_json_schema()["properties"][field]
    for key in ("x-title", "x-help"):
        said = Text.model_validate(schema[key])
        assert said.en
        assert said.zh
    assert CHINESE.search(schema["x-help"]["zh"])
    assert schema["x-help"]["en"].endswith(".")
    info = part.model_fields[field]
    if info.annotation in (int, float):
        limits = bounds(info)
        assert limits.keys() & {"ge", "gt"}
        assert limits.keys() & {"le", "lt"}


@each_part
def test_live_fields_are_numbers(part: type[Part]) -> None:
    if family_of(part) is SCHEDULES:  # the command changes it as a whole
        assert set(part.model_fields) - {"type"} == part.LIVE
        return
    for field in part.LIVE:
        assert part.model_fields[field].annotation in (int, float, bool)


@each_part
def test_examples_are_valid(part: type[Part]) -> None:
    assert part.EXAMPLES
    for example in part.EXAMPLES:
        assert isinstance(read(part, example), part)


@each_part
def test_defaults_are_enough(part: type[Part]) -> None:
    assert read(part, {"type": part.kind()}) == part()


@each_part
@fewer(10)
@given(data=st.data())
def test_json_round_trip(part: type[Part], data: st.DataObject) -> None:
    value = data.draw(parts(part))
    assert read(part, json.loads(value.model_dump_json())) == value


@each_part
def test_is_frozen_and_closed(part: type[Part]) -> None:
    with pytest.raises(ValidationError, match="frozen"):
        part().type = "other"  # type: ignore[attr-defined]
    with pytest.raises(ValidationError, match="extra"):
        read(part, {"type": part.kind(), "no_such_field": 1})


@each_field
def test_hostile_values_are_refused(part: type[Part], field: str) -> None:
    annotation = part.model_fields[field].annotation
    values = list(HOSTILE)
    if annotation is not bool:
        values += [True, False]  # false is no int, and no float
    if annotation is int:
        values += [0.5, 1.5]
    form: Any = get_origin(annotation) or annotation
    for value in values:
        if (form is str and isinstance(value, str)) or (form is tuple and value == []):
            continue  # a text is a text, whatever it says; a list may be empty
        with pytest.raises((ValidationError, ValueError)):
            read(part, {"type": part.kind(), field: value})


@each_field
def test_bounds_are_exact(part: type[Part], field: str) -> None:
    info = part.model_fields[field]
    if info.annotation is not int:
        return
    limits = bounds(info)
    for inside, outside in ((limits["ge"], limits["ge"] - 1), (limits["le"], limits["le"] + 1)):
        assert getattr(read(part, {"type": part.kind(), field: inside}), field) == inside
        with pytest.raises(ValidationError):
            read(part, {"type": part.kind(), field: outside})


@each_part
def test_description_is_plain_data(part: type[Part]) -> None:
    described = describe(part)
    assert json.loads(json.dumps(described, allow_nan=False)) == described
    assert described["schema"]["additionalProperties"] is False
    assert described["live"] == sorted(part.LIVE)


@pytest.mark.parametrize("layer", LAYERS.parts.values(), ids=name_of)
def test_layer_names_its_nodes(layer: Any) -> None:
    assert re.fullmatch(r"[a-z][a-z0-9_]{0,15}", layer.ID_PREFIX)
    low, high = layer.ARITY
    assert 1 <= low <= high <= 16


def test_every_loss_says_its_tasks() -> None:
    for loss in LOSSES.parts.values():
        assert loss.TASKS
        assert {"classification", "regression", "reconstruction"} >= loss.TASKS
        assert loss.READOUT in get_args(Readout)
