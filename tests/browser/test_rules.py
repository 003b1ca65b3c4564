"""Schedule, rates of a layer and the range test, as a person uses them."""

from __future__ import annotations

import re

from playwright.sync_api import expect
from safetensors.numpy import load

from tests.browser.playground import Playground, number, until
from tests.support import LiveServer


def test_schedule_frozen_layer_and_range_test(
    playground: Playground, clean: LiveServer, circle: str
) -> None:
    page = playground.open(circle).page
    page.locator("summary", has_text="Training").first.click()

    schedule = page.get_by_role("combobox", name="Schedule of η")
    schedule.select_option(label="Exponential")
    plot = page.get_by_role("img", name=re.compile("^Learning rate over the run"))
    expect(plot).to_be_visible()
    now = playground.transport.locator("dl").filter(has_text="η now").locator("dd")
    first = number(now.inner_text())
    playground.play()
    until(lambda: number(now.inner_text()) < 0.9 * first, "a learning rate that falls")
    playground.pause()

    layer = playground.cards[1]
    playground.card(layer).get_by_role("button", name=layer, exact=True).click()
    rates = page.get_by_role("group", name=f"{layer}: How this layer learns")
    factor = rates.get_by_role("spinbutton", name="η ×", exact=True)
    factor.fill("0")
    factor.press("Enter")
    expect(rates).to_contain_text("frozen")
    address = f"/api/v1/runs/{circle}"
    until(lambda: clean.get(address).json()["settings"]["groups"], "the command to arrive")
    before = load(clean.get(f"{address}/tensors").body)
    step = playground.step
    playground.play()
    playground.wait_step(lambda at: at > step + 5)
    playground.pause()
    after = load(clean.get(f"{address}/tensors").body)
    same = {name for name in before if (before[name] == after[name]).all()}
    assert same == {name for name in before if name.startswith(f"{layer}.")}

    playground.transport.get_by_role("button", name="Reset").click()
    until(lambda: playground.step == 0, "the first step")
    page.get_by_role("button", name="Find a learning rate…").click()
    dialog = page.get_by_role("dialog", name="Learning-rate range test")
    dialog.get_by_role("button", name="Start", exact=True).click()
    use = dialog.get_by_role("button", name=re.compile("^Use η = "))
    expect(use).to_be_visible()
    said = number(use.inner_text().split("=")[1])
    use.click()
    expect(dialog).to_be_hidden()
    field = playground.transport.get_by_role("textbox", name="Learning rate")
    expect(field).to_have_value(re.compile(r"[0-9.e-]+"))
    assert abs(float(field.input_value()) - said) <= 0.02 * said
    assert clean.get(address).json()["step"] == 0


def test_label_smoothing_changes_in_a_living_run_and_is_undone(
    playground: Playground, clean: LiveServer, lenet: str
) -> None:
    page = playground.open(lenet).page
    playground.play()
    page.locator("summary", has_text="Training").first.click()
    field = page.get_by_role("spinbutton", name=re.compile("^label smoothing"))
    field.fill("0.2")
    field.press("Enter")
    address = f"/api/v1/runs/{lenet}"
    until(lambda: clean.get(address).json()["settings"]["loss"].get("label_smoothing"), "ε")
    expect(playground.transport.get_by_role("button", name="Pause", exact=True)).to_be_visible()
    page.get_by_role("button", name="Undo").click()
    said = {"label_smoothing": 0.0}
    until(lambda: clean.get(address).json()["settings"]["loss"] == said, "ε taken back")
    assert playground.run == lenet, "no other run was made"
