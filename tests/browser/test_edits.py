"""Units silenced and frozen, a weight written, as a person does it: by mouse and by keys, seen at once."""

from __future__ import annotations

import re

import numpy as np
from playwright.sync_api import expect
from safetensors.numpy import load

from tests.browser.playground import Playground
from tests.support import LiveServer


def test_a_map_is_silenced_and_frozen_and_released(
    playground: Playground, clean: LiveServer, lenet: str
) -> None:
    page = playground.open(lenet).page
    before = playground.pictures("conv1", "pool1", "fc1")
    playground.card("conv1").get_by_role("button", name="conv1", exact=True).click()
    hand = page.get_by_role("region", name="conv1: By hand")
    silence = hand.get_by_role("button", name="Silence map 0 of relu1")
    silence.click()
    expect(silence).to_have_attribute("aria-pressed", "true")
    playground.expect_repainted(before)
    marks = playground.card("conv1").locator("[data-marked]")
    expect(marks).to_have_count(1)
    expect(playground.card("conv1").get_by_role("img", name="Silenced: 0")).to_be_visible()

    hand.get_by_role("button", name="Freeze map 0 of conv1").click()
    expect(hand).to_contain_text("Frozen: 0")
    address = f"/api/v1/runs/{lenet}/tensors"
    old = load(clean.get(address).body)
    playground.transport.get_by_role("button", name="batch", exact=True).click()
    playground.wait_step(lambda at: at == 1)
    new = load(clean.get(address).body)
    still = (new["conv1.weight"] == old["conv1.weight"]).reshape(6, -1).all(1)
    assert still.tolist() == [True] + 5 * [False]

    hand.get_by_role("button", name="Release all").click()
    expect(marks).to_have_count(0)
    settings = clean.get(f"/api/v1/runs/{lenet}").json()["settings"]
    assert (settings["frozen"], settings["silenced"]) == ({}, {})


_REPAINTED = """async ([button, cards]) => {
  const pictures = () => cards.map(
    (id) => document.querySelector(`[data-card="${id}"] [role=listbox] canvas`).toDataURL(),
  );
  const before = pictures();
  const start = performance.now();
  button.click();
  for (;;) {
    await new Promise(requestAnimationFrame);
    if (pictures().every((now, i) => now !== before[i])) return performance.now() - start;
    if (performance.now() - start > 20_000) return null;
  }
}"""


def test_a_map_is_silenced_in_an_unfolded_pass(
    playground: Playground, clean: LiveServer, lenet: str, figures: list[str]
) -> None:
    """Everything downstream follows: the maps of every layer."""
    page = playground.open(lenet).page
    playground.card("conv1").get_by_role("button", name="conv1", exact=True).click()
    downstream = ["conv1", "pool1", "conv2", "fc1"]
    count = page.get_by_role("region", name="What happens").locator(".count")
    page.locator("#stage").press("ArrowRight")
    expect(count).to_be_visible()
    page.get_by_role("slider", name="Operations of this step").press("End")
    playground.pictures(*downstream)
    silence = page.get_by_role("button", name="Silence map 0 of relu1")
    took = []
    for number in range(4):
        took.append(page.evaluate(_REPAINTED, [silence.element_handle(), downstream]))
        expect(silence).to_have_attribute("aria-pressed", "false" if number % 2 else "true")
    assert None not in took
    figures.append(f"map silenced → the unfolded pass repainted: {max(took):.0f} ms")


def test_a_weight_is_written_by_keys_and_taken_back(
    playground: Playground, clean: LiveServer, lenet: str
) -> None:
    page = playground.open(lenet).page
    before = playground.pictures("conv1", "fc1")
    playground.card("conv1").get_by_role("button", name="conv1", exact=True).click()
    hand = page.get_by_role("region", name="conv1: By hand")
    hand.get_by_text("Edit a weight…").click()
    cells = hand.get_by_role("group", name="Weights of conv1.weight to choose from")
    first = cells.get_by_role("button").first
    first.focus()
    first.press("ArrowDown")
    cell = cells.get_by_role("button", name=re.compile(r"^\[0,0,1,0\]"))
    expect(cell).to_be_focused()
    cell.press("Enter")
    field = hand.get_by_role("textbox", name="New value of conv1.weight[0,0,1,0]")
    expect(field).to_be_focused()
    old = field.input_value()

    field.fill("nonsense")
    field.press("Enter")
    expect(hand.get_by_role("alert")).to_have_text("Enter a finite number.")
    field.fill("2.5")
    field.press("Enter")
    expect(cell).to_have_accessible_name(re.compile(r"2\.5000$"))
    playground.expect_repainted(before)
    address = f"/api/v1/runs/{lenet}/tensors"
    assert float(load(clean.get(address).body)["conv1.weight"][0, 0, 1, 0]) == 2.5

    hand.get_by_role("button", name=re.compile("^Undo: back to")).click()
    expect(field).to_have_value(old)
    back = float(load(clean.get(address).body)["conv1.weight"][0, 0, 1, 0])
    assert back == np.float32(old)
    field.press("Escape")
    expect(field).to_be_hidden()
