"""What a person takes out of the page and brings in: a link, files, pasted text, dropped weights."""

from __future__ import annotations

import json
import re
import zipfile
from pathlib import Path

import pytest
from playwright.sync_api import FilePayload, Page, expect

from tests.browser.conftest import NewContext
from tests.browser.guard import Guard
from tests.browser.playground import Playground
from tests.support import LiveServer

SPEC = {
    "name": "Brought in",
    "model": [{"type": "flatten"}, {"type": "dense", "units": 7}, {"type": "dense", "units": 10}],
    "training": {"dataset": {"type": "digits8"}},
    "seed": 5,
}


def open_dialog(page: Page) -> None:
    page.get_by_role("button", name="Export").first.click()
    expect(page.get_by_role("dialog", name="Export and import")).to_be_visible()


def open_spec(page: Page, text: str) -> None:
    page.get_by_label("Or paste a network or a link").fill(text)
    page.get_by_role("button", name="Open", exact=True).click()


def test_a_shared_link_opens_the_same_network_in_another_tab(
    context: NewContext, clean: LiveServer
) -> None:
    tab = context(permissions=["clipboard-read", "clipboard-write"])
    page = tab.new_page()
    page.goto(f"{clean.url}/en/")
    expect(page.locator("[data-card]").first).to_be_visible()
    open_dialog(page)
    open_spec(page, json.dumps(SPEC))
    expect(page.get_by_text("The network was opened")).to_be_visible()
    page.get_by_role("button", name="Share").click()
    expect(page.get_by_text("Link copied").first).to_be_visible()
    link = page.evaluate("navigator.clipboard.readText()")
    assert re.fullmatch(rf"{clean.url}/en/#spec=[\w-]+", link)

    other = context().new_page()
    other.goto(link)
    expect(other.locator("[data-card]")).to_have_count(page.locator("[data-card]").count())
    expect(other.get_by_text("Brought in").first).to_be_visible()
    open_dialog(other)
    with other.expect_download() as started:
        other.get_by_role("button", name="Download brought-in-spec.json").click()
    found = json.loads(Path(started.value.path()).read_text(encoding="utf-8"))
    assert found["seed"] == 5
    assert [node["layer"]["type"] for node in found["model"]["nodes"]] == [
        "flatten",
        "dense",
        "dense",
    ]


@pytest.mark.parametrize("fragment", ["#spec=AAAA", "#spec=%%%", "#spec=" + "A" * 20_000])
def test_a_broken_link_says_so_and_shows_the_usual_network(
    playground: Playground, fragment: str
) -> None:
    page = playground.page
    page.goto(f"{playground.url}/en/{fragment}")
    expect(page.get_by_text("The link could not be opened")).to_be_visible()
    expect(page.get_by_text("it holds no network").first).to_be_visible()
    expect(page.locator("[data-card]").nth(5)).to_be_visible()
    assert "spec=" not in page.url


def test_code_goes_out_and_weights_come_back(playground: Playground, guard: Guard) -> None:
    guard.allow(r"status of 422")
    page = playground.page
    page.goto(f"{playground.url}/en/")
    expect(page.locator("[data-card]").first).to_be_visible()
    open_dialog(page)
    with page.expect_download() as started:
        page.get_by_role("button", name=re.compile(r"^Download .*code\.zip")).click()
    assert "train.py" in zipfile.ZipFile(started.value.path()).namelist()
    with page.expect_download() as started:
        page.get_by_role("button", name=re.compile(r"^Download .*weights\.safetensors")).click()
    chooser = page.get_by_label("A file with a network or with weights")
    with page.expect_download() as picture:
        page.get_by_role("button", name="Picture of the network, as PNG").click()
    assert Path(picture.value.path()).read_bytes()[:4] == b"\x89PNG"

    bad: FilePayload = {
        "name": "bad.safetensors",
        "mimeType": "application/octet-stream",
        "buffer": b"\0" * 20,
    }
    chooser.set_input_files(files=[bad])
    expect(page.get_by_role("alert")).to_contain_text("no safetensors file")
    weights = Path(started.value.path()).read_bytes()
    good: FilePayload = {"name": "w.safetensors", "mimeType": "", "buffer": weights}
    chooser.set_input_files(files=[good])
    expect(page.get_by_text("Weights imported")).to_be_visible()


def test_what_is_wrong_with_a_pasted_spec_stands_at_its_place(
    playground: Playground, guard: Guard
) -> None:
    guard.allow(r"status of 422")
    page = playground.page
    page.goto(f"{playground.url}/en/")
    expect(page.locator("[data-card]").first).to_be_visible()
    open_dialog(page)
    open_spec(page, '{"model": [')
    expect(page.get_by_role("alert")).to_contain_text("no JSON")
    open_spec(page, json.dumps({**SPEC, "seed": -4}))
    expect(page.get_by_role("alert")).to_contain_text("/seed")
    # What can be read and does not fit is opened: its layers say what is wrong, and how it is mended.
    misfit = {**SPEC, "model": [{"type": "flatten"}, {"type": "dense", "units": 7}]}
    open_spec(page, json.dumps(misfit))
    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(page.get_by_role("button", name="Set fc1 to 10")).to_be_visible()
