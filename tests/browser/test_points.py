"""2-D points: every unit draws its decision map, the output is large with the points on it."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, expect

from tests.browser.playground import Playground, colours, pixels, until

CARDS = ("fc1", "fc2", "fc3")


def _plane(playground: Playground) -> tuple[Locator, Locator]:
    """The canvas of the output over the plane, and that of the points on it."""
    plane = playground.page.get_by_role("button", name=re.compile("^Output over the plane"))
    return plane.locator("canvas").first, plane.locator("canvas").last


def _set(playground: Playground, field: str, value: str) -> None:
    spin = playground.page.get_by_role("spinbutton", name=field, exact=True)
    spin.fill(value)
    spin.press("Enter")


def _expect_other(canvas: Locator, before: str) -> None:
    until(lambda: pixels(canvas) != before, "another picture")


def test_circle_shows_and_learns(playground: Playground) -> None:
    page = playground.open().page
    playground.choose_network("Circle in a ring")
    field, dots = _plane(playground)
    until(lambda: colours(field) > 10, "the output over the plane")
    until(lambda: colours(dots) > 3, "the points")
    for node in ("input", *CARDS):
        playground.expect_painted(node)
    before = playground.pictures(*CARDS)
    output = pixels(field)
    playground.play()
    until(lambda: pixels(field) != output, "another output")
    playground.expect_repainted(before)
    loss, _ = until(lambda: playground.curve("Loss", "train"), "a loss")
    playground.wait_step(lambda step: step > 300, "300 steps")
    until(lambda: (playground.curve("Loss", "train") or (9, 0))[0] < loss, "a smaller loss")
    playground.pause()

    playground.maps("fc1").hover(position={"x": 12, "y": 12})
    expect(page.get_by_role("heading", name=re.compile(r"^tanh1 \[0\]"))).to_be_visible()
    page.mouse.move(0, 0)
    expect(page.get_by_role("heading", name=re.compile("^Output over the plane"))).to_be_visible()


def test_a_point_is_asked_by_mouse_and_by_keys(playground: Playground, circle: str) -> None:
    page = playground.open(circle).page
    plane = page.get_by_role("button", name=re.compile("^Output over the plane"))
    until(lambda: colours(_plane(playground)[0]) > 10, "the output over the plane")
    expect(page.get_by_text(re.compile(r"^fc3\[0\] =|^tanh3\[0\] ="))).to_be_visible()
    value = page.get_by_text(re.compile(r"^(fc3|tanh3)\[0\] ="))
    before = value.inner_text()
    box = plane.bounding_box()
    assert box is not None
    plane.click(position={"x": box["width"] / 2, "y": box["height"] / 4})
    expect(plane).to_have_accessible_name(re.compile("asked at −?0.0., (2.9|3.0)"))
    until(lambda: value.inner_text() != before, "the output at that point")
    asked = value.inner_text()
    plane.press("ArrowRight")
    expect(plane).to_have_accessible_name(re.compile("asked at 0.2"))
    until(lambda: value.inner_text() != asked, "the output at the next point")


def test_set_noise_and_size(playground: Playground) -> None:
    page = playground.open().page
    playground.choose_network("Circle in a ring")
    _, dots = _plane(playground)
    until(lambda: colours(dots) > 3, "the points")
    sizes = page.locator("aside .sizes")
    for field, value in (("noise", "0.4"), ("points", "300"), ("training share", "0.8")):
        before = pixels(dots)
        _set(playground, field, value)
        _expect_other(dots, before)
    expect(sizes).to_have_text(re.compile("240.*60", re.DOTALL))
    page.get_by_role("button", name=re.compile("^Data set:")).click()
    page.get_by_role("menuitemradio", name="XOR").click()
    expect(playground.button("Data set: XOR")).to_be_visible()
    until(lambda: colours(_plane(playground)[0]) > 10, "the output over the plane of XOR")
    for node in CARDS:
        playground.expect_painted(node)
