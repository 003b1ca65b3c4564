"""Graphs are built by keys, by mouse and by touch; layers are copied; what is broken is mended by a click."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import NewContext
from tests.browser.playground import Playground, until
from tests.support import LiveServer

CARDS = ["input", "conv1", "pool1", "conv2", "pool2", "flat1", "fc1", "fc2", "fc3"]


def _title(playground: Playground, node: str) -> Locator:
    return playground.card(node).get_by_role("button", name=node, exact=True)


def _wires(playground: Playground) -> set[str]:
    """Every wire that can be cut, by the name of its button: “pool1 to conv2”."""
    names: list[str] = playground.page.locator("[data-wire] .cut").evaluate_all(
        "(all) => all.map((one) => one.getAttribute('aria-label'))"
    )
    return {name.removeprefix("Cut the wire from ") for name in names}


def _fits(playground: Playground, parameters: str) -> None:
    page = playground.page
    pattern = re.compile("^" + parameters.replace(" ", r"\s") + " parameters$")
    expect(page.get_by_text(pattern)).to_be_visible()
    expect(page.get_by_role("alert")).to_have_count(0)
    expect(playground.play_button).to_be_enabled()


def _add_by_keys(page: Page, part: str) -> None:
    page.keyboard.press("/")
    search = page.get_by_role("searchbox", name="Search parts")
    expect(search).to_be_focused()
    search.fill(part)
    search.press("Enter")


def _residual(playground: Playground) -> None:
    """What a person sees of the residual block around conv3."""
    until(lambda: "add1" in playground.cards, "the join")
    wires = {"pool1 to conv3", "pool1 to add1", "conv3 to add1", "add1 to conv2"}
    until(lambda: wires <= _wires(playground), f"{wires}, not {_wires(playground)}")
    assert "pool1 to conv2" not in _wires(playground)
    expect(playground.card("add1")).to_contain_text("conv3 + pool1")
    # conv3: 6×(5×5×6)+6 = 906 more than LeNet-5 has.
    _fits(playground, "62 612")
    boxes = {node: playground.card(node).bounding_box() for node in ("pool1", "conv3", "add1")}
    left = [box["x"] for box in boxes.values() if box]
    assert left == sorted(left), "the block reads from left to right"


def test_a_residual_block_is_built_by_keys_alone(playground: Playground) -> None:
    page = playground.open().page
    keys = page.keyboard
    _title(playground, "pool1").focus()
    keys.press("Enter")
    _add_by_keys(page, "conv2d")
    until(lambda: playground.cards[3] == "conv3", "a convolution behind pool1")
    _add_by_keys(page, "add")
    until(lambda: playground.cards[4] == "add1", "a join behind it")
    alert = playground.card("add1").get_by_role("alert")
    expect(alert).to_contain_text("Add takes 2–16 inputs, not 1.")

    _title(playground, "pool1").focus()
    keys.press("w")
    status = page.locator(".sr-only[role=status]").last
    expect(status).to_contain_text("Wire from pool1")
    keys.press("Escape")
    expect(status).to_contain_text("No wire drawn")
    keys.press("w")
    for _ in range(12):
        if status.inner_text().strip() == "add1":
            break
        keys.press("ArrowRight")
    expect(status).to_have_text("add1")
    keys.press("Enter")
    expect(status).to_contain_text("add1 now reads from pool1")
    _residual(playground)
    keys.press("Control+z")
    expect(alert).to_be_visible()
    keys.press("Control+Shift+z")
    _residual(playground)


def _drag(page: Page, source: Locator, target: Locator) -> None:
    """From the middle of one to the left half of the other."""
    start, end = source.bounding_box(), target.bounding_box()
    assert start
    assert end
    page.mouse.move(start["x"] + start["width"] / 2, start["y"] + start["height"] / 2)
    page.mouse.down()
    page.mouse.move(end["x"] + 12, end["y"] + end["height"] / 2, steps=6)
    page.mouse.move(end["x"] + 14, end["y"] + end["height"] / 2)
    page.mouse.up()


def _port(playground: Playground, node: str) -> Locator:
    return playground.card(node).get_by_role("button", name=re.compile(f"^Draw a wire from {node}"))


def test_a_residual_block_is_built_by_mouse(playground: Playground) -> None:
    page = playground.open().page
    _title(playground, "pool1").click()
    page.get_by_role("button", name=re.compile("^Conv2d")).first.click()
    until(lambda: playground.cards[3] == "conv3", "a convolution behind pool1")
    page.keyboard.press("Escape")
    playground.card("pool1").hover()
    _drag(page, _port(playground, "pool1"), playground.card("conv2"))
    # conv2 takes one input and has one: the page asks how.
    choice = page.get_by_role("dialog", name=re.compile("conv2 takes one input and has conv3"))
    expect(choice).to_be_visible()
    choice.get_by_role("button", name="Combine with Add").click()
    expect(choice).to_have_count(0)
    _residual(playground)

    # A wire that would close a loop is refused, and says why.
    playground.card("conv2").hover()
    _drag(page, _port(playground, "conv2"), playground.card("conv3"))
    expect(page.get_by_text("conv2 already depends on conv3").first).to_be_visible()
    _residual(playground)

    # A cut leaves the join with one wire, and the repair takes it out.
    gap = page.locator('[data-wire="add1"][data-place="1"]')
    gap.hover()
    gap.get_by_role("button", name="Cut the wire from pool1 to add1").click()
    alert = playground.card("add1").get_by_role("alert")
    expect(alert).to_contain_text("Add takes 2–16 inputs, not 1.")
    alert.get_by_role("button", name="Remove add1").click()
    until(lambda: "add1" not in playground.cards, "the join is gone")
    _fits(playground, "62 612")


def test_layers_are_copied_pasted_and_duplicated(playground: Playground) -> None:
    page = playground.open().page
    keys = page.keyboard
    title = _title(playground, "conv2")
    title.focus()
    keys.press("Shift+ArrowRight")
    expect(page.locator(".sr-only[role=status]").last).to_contain_text("2 layers selected")
    keys.press("Control+c")
    keys.press("Control+v")
    pasted = [*CARDS[:5], "conv3", "pool3", *CARDS[5:]]
    until(lambda: playground.cards == pasted, f"{pasted}, not {playground.cards}")
    assert {"pool2 to conv3", "conv3 to pool3", "pool3 to flat1"} <= {
        wire.replace("relu5", "conv3") for wire in _wires(playground)
    }
    keys.press("Control+z")
    until(lambda: playground.cards == CARDS, "as before")
    keys.press("Escape")
    _title(playground, "fc2").focus()
    keys.press("Control+d")
    until(lambda: "fc4" in playground.cards, "fc2 twice")
    keys.press("Control+z")
    until(lambda: playground.cards == CARDS, "as before")

    # A layer is found by its kind.
    keys.press("g")
    find = page.get_by_role("combobox", name="Find a layer")
    expect(find).to_be_focused()
    find.type("flat")
    find.press("Enter")
    expect(_title(playground, "flat1")).to_be_focused()


def test_a_part_dropped_on_empty_space_waits_to_be_wired(playground: Playground) -> None:
    page = playground.open().page
    part = page.locator('[data-part="max_pool2d"]')
    view = page.locator(".view")
    box = view.bounding_box()
    assert box
    part.drag_to(view, target_position={"x": 20, "y": box["height"] - 20})
    alert = playground.card("pool3").get_by_role("alert")
    expect(alert).to_contain_text("Max pool reads from no layer yet.")
    alert.get_by_role("button").first.click()
    expect(alert).to_have_count(0)
    expect(playground.card("pool3")).to_contain_text("leads nowhere")
    playground.card("pool3").get_by_role("button", name="Remove pool3").click()
    until(lambda: playground.cards == CARDS, "gone again")
    _fits(playground, "61 706")


def test_memory_says_whether_it_fits_and_which_batch_would(playground: Playground) -> None:
    page = playground.open().page
    note = page.locator(".totals .memory")
    expect(note).to_contain_text("fits")
    expect(note).to_have_attribute("title", re.compile("One training step with batches of 64"))
    _title(playground, "conv1").click()
    inspector = page.get_by_role("region", name="Layer conv1", exact=True)
    expect(inspector).to_contain_text("in a step of 64")
    filters = inspector.get_by_role("spinbutton", name="output maps", exact=True)
    filters.fill("999")
    expect(inspector).to_contain_text("512")
    filters.press("Escape")


def test_a_layer_is_added_and_edited_by_touch(context: NewContext, clean: LiveServer) -> None:
    tablet = context(viewport={"width": 768, "height": 1024}, has_touch=True)
    playground = Playground(tablet.new_page(), clean.url)
    page = playground.open().page
    _title(playground, "pool1").tap()
    page.get_by_role("button", name=re.compile("^Conv2d")).first.tap()
    until(lambda: "conv3" in playground.cards, "a convolution behind pool1")
    inspector = page.get_by_role("region", name="Layer conv3", exact=True)
    expect(inspector).to_contain_text("6×(5×5×6)+6 = 906")
    filters = inspector.get_by_role("spinbutton", name="output maps", exact=True)
    filters.tap()
    filters.fill("7")
    filters.press("Enter")
    expect(inspector).to_contain_text("7×(5×5×6)+7 = 1057")
    # A tap on a port, then on a layer, draws a wire.
    _port(playground, "pool1").tap()
    playground.card("conv2").tap()
    choice = page.get_by_role("dialog", name=re.compile("conv2 takes one input"))
    choice.get_by_role("button", name="Combine with Concatenate").tap()
    until(lambda: "cat1" in playground.cards, "the join")
    until(lambda: "pool1 to cat1" in _wires(playground), "its wire")
    expect(page.get_by_role("alert")).to_have_count(0)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
