"""The OpenAPI document: committed and current, complete, with every reference resolved."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from app.api.catalog import part_schemas
from app.main import page_document
from tests.document import served_document
from tests.support import ROOT

COMMITTED = ROOT / "static/src/protocol/openapi.json"
COMMITTED_PAGE = json.loads(COMMITTED.read_text(encoding="utf-8"))
DOCUMENT = served_document()
OPERATIONS = [
    (method, path, operation)
    for path, methods in DOCUMENT["paths"].items()
    for method, operation in methods.items()
]


def references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for inner in value.values():
            yield from references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from references(inner)


def test_the_committed_document_is_current() -> None:
    assert page_document() == COMMITTED_PAGE, "run: make types"


def test_the_committed_document_names_no_part() -> None:
    """A new layer changes no generated file."""
    names = set(COMMITTED_PAGE["components"]["schemas"])
    assert names.isdisjoint(part_schemas())
    assert "PartValue" in names
    node = COMMITTED_PAGE["components"]["schemas"]["Node"]["properties"]["layer"]
    assert node == {"$ref": "#/components/schemas/PartValue"}
    assert COMMITTED_PAGE["paths"].keys() == DOCUMENT["paths"].keys()


def test_schemas_have_plain_names() -> None:
    """Two classes of one name would be told apart by their modules, which are nobody's business."""
    names = DOCUMENT["components"]["schemas"]
    assert [name for name in names if "__" in name] == []


def test_every_reference_leads_somewhere() -> None:
    for document, reference in {
        (name, one)
        for name, whole in (("served", DOCUMENT), ("committed", COMMITTED_PAGE))
        for one in references(whole)
    }:
        place: Any = DOCUMENT if document == "served" else COMMITTED_PAGE
        for part in reference.removeprefix("#/").split("/"):
            place = place[part]


@pytest.mark.parametrize(
    ("method", "path", "operation"), OPERATIONS, ids=[f"{m} {p}" for m, p, _ in OPERATIONS]
)
def test_every_route_is_documented(method: str, path: str, operation: dict[str, Any]) -> None:
    assert operation["summary"]
    assert operation["description"]
    assert re.fullmatch(r"[a-z]+(_[a-z]+)*", operation["operationId"])
    problem = operation["responses"]["default"]["content"]["application/problem+json"]
    assert problem["schema"]["$ref"].endswith("/ProblemDetails")
    if method == "post":
        bodies = dict(operation["requestBody"]["content"])
        if "application/json" not in bodies:  # a file
            form = bodies.pop("multipart/form-data", None)
            assert form is None or form["schema"]["required"] == ["file"]
            assert all(body["schema"] for body in bodies.values())
            return
        content = bodies["application/json"]
        assert content["schema"]["$ref"].startswith("#/components/schemas/")
        assert content["examples"]


def test_operations_have_names_of_their_own() -> None:
    names = [operation["operationId"] for _, _, operation in OPERATIONS]
    assert len(names) == len(set(names))


@pytest.mark.parametrize(
    "name",
    ["ClientMessage", "ServerMessage", "AnyEvent", "AnyCommand", "Tap", "RunSpec", "RunInfo",
     "Report", "AnyLayer", "ProblemDetails", "Catalog", "StoredEvent"],
)  # fmt: skip
def test_the_protocol_is_in_the_document(name: str) -> None:
    assert name in DOCUMENT["components"]["schemas"]


def test_bounds_are_in_the_document() -> None:
    filters = DOCUMENT["components"]["schemas"]["Conv2d"]["properties"]["filters"]
    assert (filters["minimum"], filters["maximum"], filters["default"]) == (1, 512, 8)
    assert filters["x-title"]["zh"] == "输出特征图数"
