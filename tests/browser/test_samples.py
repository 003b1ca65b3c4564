"""Another sample, and digits drawn with mouse, finger and keys: all are classified at once."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import CDPSession, Locator, Page, expect

from tests.browser.conftest import NewContext
from tests.browser.playground import Playground, until
from tests.support import LiveServer

TABLET = {"width": 768, "height": 1024}
Path = list[tuple[float, float]]
ONE: Path = [(0.5, 0.12 + 0.04 * step) for step in range(20)]
"""A vertical stroke, in shares of the pad's side."""


def _pad(page: Page) -> Locator:
    return page.get_by_role("application", name="Drawing pad, 28 by 28")


def _along(pad: Locator, path: Path) -> Path:
    pad.scroll_into_view_if_needed()
    box = pad.bounding_box()
    assert box is not None
    return [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in path]


def _with_mouse(page: Page) -> None:
    (x, y), *rest = _along(_pad(page), ONE)
    page.mouse.move(x, y)
    page.mouse.down()
    for x, y in rest:
        page.mouse.move(x, y)
    page.mouse.up()


def _with_finger(page: Page) -> None:
    finger: CDPSession = page.context.new_cdp_session(page)
    path = _along(_pad(page), ONE)
    for number, (x, y) in enumerate(path):
        kind = "touchMove" if number else "touchStart"
        points = [{"x": x, "y": y}]
        finger.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    finger.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    finger.detach()


def _with_keys(page: Page) -> None:
    pad = _pad(page)
    pad.focus()
    for _ in range(9):
        pad.press("ArrowUp")
    for _ in range(16):
        pad.press("Space")
        pad.press("ArrowDown")
    expect(page.get_by_text(re.compile(r"^row \d+, column 15$"))).to_have_count(1)


@pytest.fixture
def trained(clean: LiveServer) -> str:
    """A run of the preset after three epochs: it knows its digits."""
    run = str(clean.create(clean.preset())["id"])
    clean.command(run, "step", unit="epoch", count=3)
    until(lambda: _rests(clean, run), "three epochs", timeout=90)
    return run


def _rests(server: LiveServer, run: str) -> bool:
    info = server.get(f"/api/v1/runs/{run}").json()
    return bool(info["state"] == "paused" and info["step"] == 189)


def test_another_sample(playground: Playground, lenet: str) -> None:
    page = playground.open(lenet).page
    samples = page.get_by_role("listbox", name="Samples").get_by_role("option")
    expect(samples.first).to_have_attribute("aria-selected", "true")
    until(lambda: playground.prediction, "a prediction")
    seen = playground.prediction
    pictures = playground.pictures("input", "conv1", "fc3")
    third = page.get_by_role("option", name=re.compile(r"^sample 3, label \d$"))
    third.click()
    expect(third).to_have_attribute("aria-selected", "true")
    until(lambda: playground.prediction != seen, "another prediction")
    playground.expect_repainted(pictures)

    third.press("ArrowRight")
    fourth = page.get_by_role("option", name=re.compile(r"^sample 4, label \d$"))
    expect(fourth).to_have_attribute("aria-selected", "true")
    expect(fourth).to_be_focused()
    expect(playground.card("input")).to_contain_text("sample 3")
    count = samples.count()
    playground.button("Other samples").click()
    until(lambda: samples.count() > count, "more samples")


def test_a_one_drawn_in_every_way_is_a_one(
    context: NewContext, clean: LiveServer, trained: str
) -> None:
    tab = context(viewport=TABLET, has_touch=True).new_page()
    playground = Playground(tab, clean.url).open(trained)
    until(lambda: playground.prediction, "the prediction of the sample")
    of_sample = playground.prediction
    for draw in (_with_mouse, _with_finger, _with_keys):
        playground.button("Clear").click()
        expect(_pad(tab).get_by_text("Draw here")).to_be_visible()
        expect(playground.card("input")).not_to_contain_text("drawn")
        until(lambda: playground.prediction == of_sample, "the prediction of the sample")
        sample = playground.pictures("input")
        draw(tab)
        expect(playground.card("input")).to_contain_text("drawn")
        playground.expect_repainted(sample)
        expect(tab.get_by_role("region", name="Prediction")).to_contain_text("predicted: 1")
