"""The main path with the keyboard alone, with the focus visible all the way."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.browser.keyboard import tab_to
from tests.browser.playground import Playground, until


def test_main_path_by_keyboard_alone(playground: Playground, lenet: str) -> None:
    page = playground.open(lenet).page
    keys = page.keyboard
    tab_to(page, page.get_by_role("link", name="To the network"), 1)
    assert tab_to(page, playground.play_button) < 30
    keys.press("Enter")
    expect(playground.play_button).to_have_text(re.compile("Pause"))
    playground.wait_step(lambda step: step > 3, "some steps")
    keys.press("Space")
    playground.expect_state("paused")
    rested = playground.step

    page.get_by_role("main", name="Network").focus()
    keys.press("Shift+ArrowRight")
    playground.wait_step(lambda step: step == rested + 1, "one batch on")
    playground.expect_state("paused")
    keys.press("ArrowLeft")
    playground.wait_step(lambda step: step == rested, "one batch back")
    keys.press("Space")
    expect(playground.play_button).to_have_text(re.compile("Pause"))
    keys.press("Space")
    playground.expect_state("paused")

    conv2 = playground.card("conv2").get_by_role("button", name="conv2", exact=True)
    tab_to(page, conv2)
    keys.press("Enter")
    inspector = page.get_by_role("region", name="Layer conv2", exact=True)
    expect(inspector).to_be_visible()
    keys.press("Tab")
    maps = playground.maps("conv2")
    if not maps.evaluate("(one) => one === document.activeElement"):
        tab_to(page, maps)
    keys.press("ArrowRight")
    expect(maps.get_by_role("option", name="relu2, map 1")).to_have_count(1)
    expect(page.get_by_role("heading", name=re.compile(r"^relu2 \[1\]"))).to_be_visible()
    keys.press("Escape")
    expect(inspector).to_have_count(0)


def test_every_stop_of_the_keyboard_shows_the_focus(playground: Playground) -> None:
    page = playground.open().page
    footer = page.get_by_role("searchbox", name="Search parts")
    assert tab_to(page, footer) > 20


def test_list_of_keys(playground: Playground) -> None:
    page = playground.open().page
    opener = playground.button("Keys (?)")
    opener.focus()
    page.keyboard.press("?")
    dialog = page.get_by_role("dialog", name="Keys")
    expect(dialog).to_be_visible()
    for words in (
        "Play, pause",
        "One batch on",
        "Back one step",
        "Undo",
        "Move into the cell view",
    ):
        expect(dialog).to_contain_text(words)
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    until(lambda: opener.evaluate("(one) => one === document.activeElement"), "the focus is back")
    page.keyboard.press("p")
    expect(page.locator("html")).to_have_attribute("data-size", "large")
