"""Whatever a person names: refused with field and repair where it breaks a line, put right where it does no harm."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET
from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.core.test_quoted import HOSTILE
from tests.waiting import until

LAYERS = [{"type": "flatten"}, {"type": "dense", "units": 10}]
SPEC: dict[str, Any] = {"model": LAYERS, "training": {"dataset": {"type": "digits8"}}}
BREAKING = {"a\x00b": "U+0000", "a\u202eb": "U+202E", "a\nb": "U+000A", "\x1b[31m": "U+001B"}


@pytest.mark.parametrize("path", ["/api/v1/runs", "/api/v1/specs:check"])
@pytest.mark.parametrize("name", BREAKING)
def test_a_run_s_name_that_breaks_a_line_is_refused(
    client: TestClient, path: str, name: str
) -> None:
    answer = client.post(path, json={**SPEC, "name": name})
    assert answer.status_code == 422
    (problem,) = answer.json()["problems"]
    assert (problem["pointer"], problem["code"]) == ("/name", "name_character")
    assert "“name”" in problem["message"]["en"]
    assert BREAKING[name] in problem["message"]["en"]
    assert BREAKING[name] in problem["message"]["zh"]


@pytest.mark.parametrize(
    ("typed", "kept"),
    [("  my net ", "my net"), (" \u3000 ", ""), ("e\u0301", "é"), ("\u200bx", "x"), ("a\\", "a\\")],
)
def test_blanks_and_forms_of_a_name_are_put_right(
    client: TestClient, typed: str, kept: str
) -> None:
    answer = client.post("/api/v1/specs:check", json={**SPEC, "name": typed})
    assert answer.status_code == 200
    assert answer.json()["spec"]["name"] == kept
    made = client.post("/api/v1/runs", json={**SPEC, "name": typed}).json()
    assert (made["name"], made["spec"]["name"]) == (kept, kept)
    client.delete(f"/api/v1/runs/{made['id']}")


@pytest.mark.parametrize("place", ["id", "inputs", "outputs"])
@pytest.mark.parametrize("name", ["a\x00", "a b", "ａ", "a\n", "A", "", "__x", "a" * 33, "é"])
def test_names_of_nodes_are_plain_identifiers(client: TestClient, place: str, name: str) -> None:
    node: dict[str, Any] = {"id": "a", "layer": LAYERS[0], "inputs": ["input"]}
    model: dict[str, Any] = {"nodes": [node], "outputs": ["a"]}
    if place == "outputs":
        model["outputs"] = [name]
    else:
        node[place] = name if place == "id" else [name]
    assert client.post("/api/v1/specs:check", json={**SPEC, "model": model}).status_code == 422


def test_own_data_are_named_likewise(client: TestClient) -> None:
    content = "a,b\n" + "1,x\n2,y\n" * 20
    query = {"filename": "x\u202egpj.csv", "name": "t\x00a\u202eb\n "}
    upload = client.post("/api/v1/uploads", content=content.encode(), params=query).json()
    state = f"/api/v1/uploads/{upload['id']}"
    digest = until(lambda: client.get(state).json().get("digest"), "the set that was read")
    address = f"/api/v1/own-data/{digest}"
    found = client.get(address).json()
    assert (found["name"], found["report"]["filename"]) == ("tab", "xgpj.csv")
    for field in ("name", "licence", "source"):
        answer = client.patch(address, json={field: "a\u202eb"})
        assert answer.status_code == 422
        assert answer.json()["problems"][0]["pointer"] == f"/{field}"
        assert client.patch(address, json={field: " a "}).json()[field] == "a"
    assert client.patch(address, json={"name": " \u200d "}).status_code == 422
    assert client.delete(address).status_code == 204


@pytest.mark.parametrize("name", [one for one in HOSTILE if one.isprintable()])
def test_a_hostile_name_is_data_in_every_header_page_and_picture(
    client: TestClient, name: str
) -> None:
    made = client.post("/api/v1/runs", json={**SPEC, "name": name}).json()
    address, shown = f"/api/v1/runs/{made['id']}", name.strip()
    for file in ("spec.json", "network.svg"):
        answer = client.get(f"{address}/exports/{file}")
        disposition = answer.headers["content-disposition"]
        assert re.fullmatch(r'attachment; filename="[a-z0-9.-]+"', disposition)
    picture = ET.fromstring(client.get(f"{address}/exports/network.svg").content)
    assert picture.findtext("{http://www.w3.org/2000/svg}title") == shown
    assert not [one for one in picture.iter() if one.tag.endswith(("script", "a", "image"))]
    assert json.loads(client.get(f"{address}/exports/spec.json").content)["name"] == shown
    page = client.get("/en/runs").text
    for sign in ("<script>alert", "<b>", "</title><"):
        assert sign not in page
    client.delete(address)
