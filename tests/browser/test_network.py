"""The network is changed by mouse and by keys; numbers follow at once; what does not fit says so."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, expect

from tests.browser.playground import Playground, until

CARDS = ["input", "conv1", "pool1", "conv2", "pool2", "flat1", "fc1", "fc2", "fc3"]
_EDIT_TO_TEXT = """(text) => {
  const times = { shown: null };
  window.editing = times;
  let start = null;
  window.addEventListener('keydown', (event) => event.key === 'Enter' && (start ??= performance.now()), true);
  const look = () => {
    if (start !== null && document.body.textContent.includes(text)) times.shown = performance.now() - start;
    else requestAnimationFrame(look);
  };
  look();
}"""


def _inspector(playground: Playground, node: str) -> Locator:
    return playground.page.get_by_role("region", name=f"Layer {node}", exact=True)


def _open(playground: Playground, node: str) -> None:
    playground.card(node).get_by_role("button", name=node, exact=True).click()
    expect(_inspector(playground, node)).to_be_visible()


def _parameters(playground: Playground, count: str) -> None:
    wanted = re.compile("^" + count.replace(" ", r"\s") + " parameters$")
    expect(playground.page.get_by_text(wanted)).to_be_visible()


def test_layer_added_by_keys_moved_removed_and_undone(playground: Playground) -> None:
    page = playground.open().page
    page.keyboard.press("/")
    search = page.get_by_role("searchbox", name="Search parts")
    expect(search).to_be_focused()
    search.type("dense")
    search.press("Enter")
    added = [*CARDS[:-1], "fc4", "fc3"]
    until(lambda: playground.cards == added, "a new layer before the last")
    expect(_inspector(playground, "fc4")).to_contain_text("10×84+10 = 850")
    expect(_inspector(playground, "fc3")).to_have_count(0)
    _parameters(playground, "61 816")

    title = playground.card("fc4").get_by_role("button", name="fc4", exact=True)
    title.press("Alt+ArrowLeft")
    until(lambda: playground.cards == [*CARDS[:-2], "fc4", "fc2", "fc3"], "moved to the left")
    expect(title).to_be_focused()
    expect(_inspector(playground, "fc4")).to_contain_text("10×120+10 = 1210")
    title.press("Delete")
    until(lambda: playground.cards == CARDS, "removed")
    _parameters(playground, "61 706")
    for keys, cards in (
        ("Control+z", [*CARDS[:-2], "fc4", "fc2", "fc3"]),
        ("Control+z", added),
        ("Control+z", CARDS),
        ("Control+Shift+z", added),
        ("Control+z", CARDS),
    ):
        page.keyboard.press(keys)
        until(lambda cards=cards: playground.cards == cards, f"{cards} after {keys}")  # type: ignore[misc]
    _parameters(playground, "61 706")


def test_layer_added_by_mouse_behind_the_open_one_on_a_wire_and_by_drag(
    playground: Playground,
) -> None:
    page = playground.open().page
    part = page.locator('[data-part="mean_pool2d"]')
    _open(playground, "pool1")
    part.click()
    until(lambda: playground.cards[3] == "pool3", "a layer behind the open one")
    expect(playground.card("pool3")).to_contain_text("Mean pool")
    playground.button("Remove pool3").click()
    until(lambda: playground.cards == CARDS, "removed")

    page.get_by_role("button", name="Add a layer after fc2", exact=True).or_(
        page.get_by_role("button", name="Add a layer after relu4", exact=True)
    ).click()
    expect(page.get_by_role("searchbox", name="Search parts")).to_be_focused()
    page.get_by_role("button", name=re.compile("^Dropout")).click()
    until(lambda: "drop" in playground.card("fc2").inner_text().lower(), "dropout in fc2's card")
    playground.button("Undo").click()

    wire = page.get_by_role("button", name="Add a layer after pool2", exact=True)
    part.drag_to(wire)
    until(lambda: "pool3" in playground.cards, "the dragged layer")
    assert playground.cards.index("pool3") == playground.cards.index("pool2") + 1
    playground.button("Undo").click()
    until(lambda: playground.cards == CARDS, "as before")


def test_shapes_and_arithmetic_follow_an_edit(playground: Playground, figures: list[str]) -> None:
    page = playground.open().page
    _open(playground, "conv1")
    inspector = _inspector(playground, "conv1")
    expect(inspector).to_contain_text("6×(5×5×1)+6 = 156")
    expect(page.get_by_text("6×28×28").first).to_be_visible()
    page.evaluate(_EDIT_TO_TEXT, "6×(3×3×1)+6 = 60")
    kernel = inspector.get_by_role("spinbutton", name="kernel", exact=True)
    kernel.fill("3")
    kernel.press("Enter")
    expect(inspector).to_contain_text("6×(3×3×1)+6 = 60")
    expect(page.get_by_text("6×30×30").first).to_be_visible()
    _parameters(playground, "61 610")
    taken = until(lambda: page.evaluate("window.editing.shown"), "the time it took")
    figures.append(f"edit of a layer → new arithmetic on screen {taken:.0f} ms (bar: 100)")
    assert taken < 1500
    until(lambda: playground.painted("conv1"), "the maps of the new first weights")


def test_a_layer_that_does_not_fit_says_so_and_is_repaired(playground: Playground) -> None:
    page = playground.open().page
    until(lambda: playground.painted("conv2"), "the maps")
    good = {node: playground.pixels(node) for node in ("conv1", "pool2")}
    flat = playground.card("flat1").get_by_role("button", name="flat1", exact=True)
    flat.focus()
    flat.press("Delete")
    alert = playground.card("fc1").get_by_role("alert")
    expect(alert).to_contain_text("Dense expects a vector, but gets 16×5×5.")
    assert playground.painted("conv2"), "the good part is still shown"
    assert set(good) <= set(playground.cards)
    for node in good:
        assert playground.painted(node)
    expect(playground.card("fc2")).to_contain_text("waits for the layer before")
    expect(playground.play_button).to_be_disabled()
    totals = page.locator(".totals")
    expect(totals).to_contain_text("only the layers before the error")
    playground.transport.get_by_role("button", name="batch", exact=True).click()
    note = page.get_by_role("region", name="Notes").get_by_text("The network does not fit yet")
    expect(note).to_be_visible()

    alert.get_by_role("button", name="Insert Flatten before it").click()
    expect(page.get_by_role("alert")).to_have_count(0)
    until(lambda: playground.cards == CARDS, "Flatten is back")
    expect(note).to_have_count(0)
    expect(totals).to_contain_text("fits")
    expect(playground.play_button).to_be_enabled()
    playground.play_button.click()
    # The recorded picture has a step too: what trains is seen by its state.
    playground.expect_state("training")
    playground.wait_step(lambda step: step > 0, "the repaired network trains")
    playground.pause()
