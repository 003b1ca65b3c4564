"""axe finds no serious or critical violation: every page and state, both themes, both languages."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.browser_axe import violations, violations_in_both_themes
from tests.browser.conftest import NewContext
from tests.browser.guard import Guard
from tests.browser.playground import Playground, until
from tests.support import LiveServer

LANGUAGES = ("en", "zh")
KEYS = {"en": "Keys (?)", "zh": "快捷键（?）"}
PAUSE = re.compile("Pause|暂停")
DIALOG = "dialog[open]"
RUNS = re.compile("^(Runs|运行)$")


@pytest.fixture
def tab(context: NewContext, clean: LiveServer) -> Page:
    """A tab of a context that lets axe in."""
    return context(color_scheme="light", bypass_csp=True).new_page()


@pytest.mark.parametrize("language", LANGUAGES)
def test_playground(tab: Page, clean: LiveServer, language: str) -> None:
    """Idle with the recorded picture, running, a layer open, both dialogs open, a menu open."""
    playground = Playground(tab, clean.url).open(language=language)
    until(lambda: tab.locator("[data-card=conv2] canvas").count(), "the maps")
    found = {"idle": violations_in_both_themes(tab)}
    playground.play_button.click()
    expect(playground.play_button).to_have_text(PAUSE)
    until(lambda: tab.locator(".recorded").count() == 0, "a live picture")
    found["running"] = violations_in_both_themes(tab)
    playground.play_button.click()
    expect(playground.play_button).not_to_have_text(PAUSE)
    tab.locator("[data-card=conv2] [data-open]").click()
    tab.locator("details > summary").first.click()
    expect(tab.locator("[data-card=conv2] [data-open]")).to_have_attribute("aria-expanded", "true")
    found["layer open"] = violations_in_both_themes(tab)
    tab.get_by_role("button", name=KEYS[language]).click()
    found["keys"] = violations_in_both_themes(tab.locator(DIALOG))
    tab.keyboard.press("Escape")
    tab.get_by_role("button", name=RUNS).click()
    expect(tab.get_by_role("dialog").get_by_role("listitem")).to_have_count(1)
    found["runs"] = violations_in_both_themes(tab.locator(DIALOG))
    tab.keyboard.press("Escape")
    tab.get_by_role("button", name=re.compile("^(Choose a network|选择网络)")).click()
    found["menu"] = violations_in_both_themes(tab.get_by_role("menu"))
    assert {state: lines for state, lines in found.items() if lines} == {}


@pytest.mark.parametrize("language", LANGUAGES)
def test_broken_network_and_plane(tab: Page, clean: LiveServer, circle: str, language: str) -> None:
    """The plane of 2-D data, and a network that does not fit."""
    playground = Playground(tab, clean.url).open(circle, language)
    playground.play_button.click()
    until(lambda: tab.locator("[data-card=fc1] canvas").count(), "the decision maps")
    playground.play_button.click()
    expect(playground.play_button).not_to_have_text(PAUSE)
    tab.locator("[data-card=fc2] [data-open]").click()
    found = {"plane": violations_in_both_themes(tab)}
    tab.keyboard.press("Delete")
    tab.locator("[data-part=conv2d]").click()
    expect(tab.get_by_role("alert").first).to_be_visible()
    found["broken"] = violations_in_both_themes(tab)
    assert {state: lines for state, lines in found.items() if lines} == {}


@pytest.mark.parametrize(
    "path",
    [
        "/en/reference",
        "/zh/reference",
        "/en/reference/layers/conv2d",
        "/zh/reference/layers/conv2d",
        "/en/runs",
        "/zh/runs",
        "/en/no-such-page",
    ],
)
def test_text_pages(tab: Page, clean: LiveServer, lenet: str, guard: Guard, path: str) -> None:
    if path.endswith("no-such-page"):
        guard.allow("404")
    tab.goto(clean.url + path)
    expect(tab.get_by_role("heading", level=1)).to_be_visible()
    assert violations_in_both_themes(tab) == []


def test_api_document(tab: Page, clean: LiveServer) -> None:
    """It has one theme and one language."""
    tab.goto(clean.url + "/docs")
    expect(tab.get_by_role("button", name=re.compile("api.v1.runs")).first).to_be_visible()
    assert violations(tab) == []
