"""A part's reference page, its example in the playground, and the picture that it draws of itself."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, expect

from tests.browser.playground import Playground, until


def _inspector(playground: Playground, node: str) -> Locator:
    playground.card(node).get_by_role("button", name=node, exact=True).click()
    found = playground.page.get_by_role("region", name=f"Layer {node}", exact=True)
    expect(found).to_be_visible()
    return found


def test_a_reference_page_leads_to_an_example_that_trains(playground: Playground) -> None:
    page = playground.open().page
    page.goto(f"{playground.url}/en/reference")
    page.get_by_role("searchbox").fill("exponential")
    page.get_by_role("button", name="Search").click()
    page.get_by_role("link", name="ELU", exact=True).click()
    expect(page.get_by_role("img", name="ELU")).to_be_visible()
    page.get_by_role("link", name="Open an example in the playground").click()
    expect(page.get_by_text("Example: ELU")).to_be_visible()
    playground.play()
    playground.wait_step(lambda step: step > 20, "the example to train")
    inspector = _inspector(playground, "fc1")
    picture = inspector.get_by_role("img", name="Picture of ELU")
    expect(picture).to_be_visible()
    expect(inspector.get_by_text(re.compile("grey: the values of fc1 now"))).to_be_visible()
    bars = picture.locator(".bars")
    before = bars.get_attribute("d")
    until(lambda: bars.get_attribute("d") != before or None, "the histogram to move")
    curve = picture.locator(".line-1").get_attribute("d")
    inspector.get_by_role("button", name="a: more").click()
    until(lambda: picture.locator(".line-1").get_attribute("d") != curve or None, "another curve")


def test_connections_are_chosen_in_a_grid(playground: Playground) -> None:
    page = playground.open().page
    page.goto(f"{playground.url}/en/?example=layers/lenet_conv2d")
    expect(page.get_by_text("Example: LeNet-5 C3 conv")).to_be_visible()
    inspector = _inspector(playground, "conv1")
    inspector.get_by_role("button", name="Choose", exact=True).click()
    cell = inspector.get_by_role("button", name="map 2 reads input 0")
    expect(cell).to_have_attribute("aria-pressed", "true")
    cell.click()
    expect(cell).to_have_attribute("aria-pressed", "false")
    repair = page.get_by_role("button", name="Keep the connections that fit").first
    repair.click()
    expect(cell).to_have_attribute("aria-pressed", "true")
