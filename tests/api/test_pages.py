"""The HTML pages, in both languages: complete, without inline code, without foreign addresses."""

from __future__ import annotations

import json
from html.parser import HTMLParser

import pytest
from markupsafe import escape
from starlette.testclient import TestClient

from app.api.catalog import FAMILIES
from app.api.reference import field_rows
from app.api.words import WORDS
from app.catalog.family import Part
from app.catalog.layers.conv2d import Conv2d
from app.core.text import LANGUAGES
from app.spec.examples import example

PARTS = [(name, kind) for name, family in FAMILIES.items() for kind in family.parts]
ADDRESSES = [
    *(f"/{language}{path}" for language in LANGUAGES for path in ("/", "/reference", "/runs")),
    "/docs",
    "/nothing",
]


class Inspector(HTMLParser):
    """Collects what a content security policy would refuse, and every address."""

    def __init__(self) -> None:
        super().__init__()
        self.faults: list[str] = []
        self.addresses: list[str] = []
        self.language = ""
        self._script: dict[str, str | None] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        if tag == "html":
            self.language = found.get("lang") or ""
        self._script = found if tag == "script" else None
        self.faults += [name for name in found if name == "style" or name.startswith("on")]
        self.faults += [tag] if tag in ("style", "iframe", "base") else []
        self.addresses += [found[name] or "" for name in ("src", "href", "action") if name in found]

    def handle_data(self, data: str) -> None:
        if self._script is None or not data.strip():
            return
        if self._script.get("type") != "application/json":
            self.faults.append("inline script")


def inspect(html: str) -> Inspector:
    inspector = Inspector()
    inspector.feed(html)
    assert inspector.faults == []
    assert [one for one in inspector.addresses if not one.startswith(("/", "#"))] == []
    assert [one for one in inspector.addresses if one.startswith("//")] == []
    return inspector


@pytest.mark.parametrize("address", ADDRESSES)
def test_pages_hold_no_inline_code_and_no_foreign_address(client: TestClient, address: str) -> None:
    answer = client.get(address, headers={"accept": "text/html"})
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    found = inspect(answer.text)
    assert found.language == ("zh-Hans" if address.startswith("/zh") else "en")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("family", "kind"), PARTS)
def test_every_part_has_a_page(client: TestClient, language: str, family: str, kind: str) -> None:
    answer = client.get(f"/{language}/reference/{family}/{kind}")
    assert answer.status_code == 200
    part: type[Part] = FAMILIES[family].parts[kind]
    html = answer.text
    inspect(html)
    assert ("<math" in html) == (part.FORMULA is not None)
    assert '<svg viewBox="' in html
    opens = f'href="/{language}/?example={family}/{kind}"' in html
    assert opens == (example(part) is not None)
    said = part.DOC_ZH if language == "zh" else (part.__doc__ or "")
    assert escape(" ".join(said.split("\n\n")[0].split())) in html
    for name in part.model_fields:
        assert name == "type" or f"<code>{name}</code>" in html
    for alias in part.ALIASES:
        assert alias in html.replace("&#39;", "'").replace("&amp;", "&")


def test_fields_come_with_bounds_defaults_and_help() -> None:
    rows = {row.name: row for row in field_rows(Conv2d, "en")}
    assert rows["filters"].bounds == "1 … 512"
    assert rows["filters"].default == "8"
    assert rows["filters"].help == "Number of output maps."
    assert "he" in rows["init"].choices
    assert rows["init"].default == "default"
    assert {row.name: row for row in field_rows(Conv2d, "zh")}["filters"].title == "输出特征图数"


def test_the_reference_lists_every_part(client: TestClient) -> None:
    html = client.get("/en/reference").text
    for family, kind in PARTS:
        assert f'href="/en/reference/{family}/{kind}"' in html


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("互熵损失", ("losses", "cross_entropy")),
        ("nin", ("layers", "mlpconv")),
        ("卷积 序列", ("layers", "conv1d")),
        ("COSINE annealing", ("schedules", "cosine")),
    ],
)
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_search_knows_other_names(
    client: TestClient, language: str, query: str, found: tuple[str, str]
) -> None:
    html = client.get(f"/{language}/reference", params={"q": query}).text
    inspect(html)
    assert f'href="/{language}/reference/{found[0]}/{found[1]}"' in html
    assert 'href="/en/reference/layers/identity"' not in html
    assert f'value="{query}"' in html


def test_a_search_without_a_find_says_so(client: TestClient) -> None:
    html = client.get("/en/reference", params={"q": "<b>nothing</b>" * 20}).text
    inspect(html)
    assert "No part is called that." in html
    assert "<b>" not in html


@pytest.mark.parametrize(
    "address",
    ["/fr/", "/en/reference/layers/none", "/en/reference/none/conv2d", "/fr/runs", "/en/none"],
)
def test_what_is_not_there_is_a_page_too(client: TestClient, address: str) -> None:
    answer = client.get(address, headers={"accept": "text/html"})
    assert answer.status_code == 404
    inspect(answer.text)


@pytest.mark.parametrize(
    ("headers", "language"),
    [
        ({}, "en"),
        ({"accept-language": "zh-CN,zh;q=0.9,en;q=0.8"}, "zh"),
        ({"accept-language": "fr,en;q=0.5,zh;q=0.4"}, "en"),
        ({"accept-language": "en;q=0.1, zh;q=high, zh-Hans;q=0.2"}, "zh"),
        ({"accept-language": "zh", "cookie": "language=en"}, "en"),
        ({"cookie": "language=zh"}, "zh"),
        ({"cookie": "language=xx; broken"}, "en"),
    ],
)
def test_the_root_leads_to_a_language(
    client: TestClient, headers: dict[str, str], language: str
) -> None:
    answer = client.get("/", headers=headers)
    assert (answer.status_code, answer.headers["location"]) == (302, f"/{language}/")


def test_a_language_once_opened_is_remembered(client: TestClient) -> None:
    answer = client.get("/zh/")
    assert answer.headers["set-cookie"].startswith("language=zh;")
    assert client.get("/zh").headers["location"] == "/zh/"


def test_the_shell_carries_its_boot_data_and_files(client: TestClient) -> None:
    html = client.get("/zh/").text
    boot = json.loads(html.partition('id="boot">')[2].partition("</script>")[0])
    assert boot["language"] == "zh"
    assert boot["authenticated"] is True
    for address in ("main-1.js", "main-1.css", "x-1.css", "x-1.js"):
        assert f"/static/assets/{address}" in html


def test_words_are_in_both_languages() -> None:
    same = {"api", "api_title"}
    for key, word in WORDS.items():
        assert word.en, key
        assert word.zh, key
        assert word.en != word.zh or key in same
