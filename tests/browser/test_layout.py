"""The page keeps its shape: at 1280 the transport is whole, at 768 one column, at 390 readable."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import NewContext
from tests.browser.playground import Playground, until
from tests.support import LiveServer

_OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
_BOXES = """(all) => all.map((one) => {
  const { x, y, width, height } = one.getBoundingClientRect();
  return [x, y, width, height].map((value) => Math.round(10 * value) / 10).join(' ');
})"""
_WATCH_BOXES = """() => {
  const seen = new Set();
  window.boxes = seen;
  const read = () => [...document.querySelectorAll('[data-card], .transport button, .transport dd, aside canvas')]
    .map((one) => { const b = one.getBoundingClientRect(); return [b.x, b.y, b.width, b.height].map(Math.round).join(' '); });
  const look = () => { seen.add(read().join('; ')); requestAnimationFrame(look); };
  look();
}"""
PAGES = ("/en/", "/zh/", "/en/reference", "/en/reference/layers/conv2d", "/en/runs")


def _box(locator: Locator) -> dict[str, float]:
    box = locator.bounding_box()
    assert box is not None
    return {"x": box["x"], "y": box["y"], "width": box["width"], "height": box["height"]}


def test_transport_is_whole_at_1280(playground: Playground) -> None:
    page = playground.open().page
    assert page.evaluate(_OVERFLOW) == 0
    for control in playground.transport.locator("button, dd, [role=slider]").all():
        box = _box(control)
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 1280
        assert box["y"] + box["height"] <= 720
    training = page.locator("summary", has_text="Training").first
    training.click()
    expect(page.get_by_role("combobox", name="Schedule of η")).to_be_attached()
    assert page.evaluate("document.documentElement.scrollHeight") <= 720, (
        "long columns scroll alone"
    )
    training.click()
    main = _box(page.get_by_role("main"))
    for card in page.locator("[data-card]").all():
        box = _box(card)
        assert box["y"] >= main["y"]
        assert box["y"] + box["height"] <= main["y"] + main["height"]
        assert box["x"] + box["width"] <= main["x"] + main["width"], "all cards are on screen"


@pytest.mark.parametrize("width", [768, 390])
def test_narrow_screens_have_one_column(context: NewContext, clean: LiveServer, width: int) -> None:
    page = context(viewport={"width": width, "height": 1024}, has_touch=True).new_page()
    playground = Playground(page, clean.url).open()
    assert page.evaluate(_OVERFLOW) == 0
    stage = _box(page.get_by_role("main"))
    results = _box(page.get_by_role("complementary", name="Output, layer and curves"))
    data = _box(page.get_by_role("complementary", name="Data, training and parts"))
    for column in (stage, results, data):
        assert column["x"] == 0
        assert column["width"] == width
    # On a tablet the results follow the network; on a phone what it learns from comes first.
    order = [stage, results, data] if width > 600 else [stage, data, results]
    for above, below in pairwise(order):
        assert above["y"] + above["height"] <= below["y"]
    play = _box(playground.play_button)
    assert play["x"] >= 0
    assert play["x"] + play["width"] <= width
    assert play["height"] >= 24
    expect(page.get_by_role("region", name="Loss", exact=True)).to_be_visible()
    assert _smallest_text(page) >= 10
    for path in PAGES[2:]:
        page.goto(clean.url + path)
        assert page.evaluate(_OVERFLOW) == 0, path


def _smallest_text(page: Page) -> float:
    return float(
        page.evaluate("""() => Math.min(...[...document.querySelectorAll('body *')]
          .filter((one) => one.checkVisibility() && [...one.childNodes].some(
            (node) => node.nodeType === 3 && node.textContent.trim()))
          .map((one) => parseFloat(getComputedStyle(one).fontSize)))""")
    )


def test_nothing_moves_while_numbers_change(playground: Playground, clean: LiveServer) -> None:
    spec = clean.preset()
    spec["training"]["phases"][0]["epochs"] = 60
    lenet = str(clean.create(spec)["id"])
    clean.command(lenet, "step", unit="batch", count=101)
    page = playground.open(lenet).page
    playground.wait_step(lambda step: step >= 101, "three digits")
    clean.command(lenet, "set_speed", steps_per_second=40)
    expect(playground.button("Speed: 40 steps/s")).to_be_visible()
    playground.play()
    start = playground.wait_step(lambda step: step > 110, "it trains")
    until(lambda: page.locator("header .rate").count() == 1, "the speed is shown")
    page.evaluate(_WATCH_BOXES)
    playground.wait_step(lambda step: step > start + 60, "two seconds of training")
    shapes: Any = page.evaluate("[...window.boxes]")
    assert len(shapes) == 1, _difference(shapes)


def _difference(shapes: list[str]) -> list[tuple[str, str]]:
    first, second = (shape.split("; ") for shape in shapes[:2])
    return [pair for pair in zip(first, second, strict=False) if pair[0] != pair[1]]
