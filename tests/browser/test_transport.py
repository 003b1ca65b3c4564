"""Time in the hands of a person: pause, steps of a batch and an epoch, back, reset, η and speed."""

from __future__ import annotations

import re
from typing import Any

from playwright.sync_api import expect

from tests.browser.playground import Playground, number, until
from tests.support import LiveServer

PICTURES = ("conv1", "pool1", "conv2", "pool2", "fc1", "fc2", "fc3")
STEPS_PER_EPOCH = 63


def at_step(playground: Playground, step: int) -> None:
    """The transport and the pictures both stand at this step."""
    playground.wait_step(lambda shown: shown == step, f"step {step}")
    caption = re.compile(rf"^step\s{_grouped(step)}$")
    expect(playground.page.locator("aside .step").filter(has_text=caption)).to_be_visible()


def _grouped(step: int) -> str:
    return f"{step:,}".replace(",", r"\s")


def settings(server: LiveServer, run: str) -> dict[str, Any]:
    return dict(server.get(f"/api/v1/runs/{run}").json()["settings"])


def test_pause_step_epoch_play_on_and_reset(playground: Playground, lenet: str) -> None:
    page = playground.open(lenet).page
    at_step(playground, 0)
    until(lambda: playground.painted("fc3"), "the first maps")
    first = {node: playground.pixels(node) for node in PICTURES}

    playground.play()
    playground.wait_step(lambda step: step > 10, "some steps")
    rested = playground.pause()
    at_step(playground, rested)
    playground.transport.get_by_role("button", name="batch", exact=True).click()
    at_step(playground, rested + 1)
    playground.expect_state("paused")
    playground.transport.get_by_role("button", name="epoch", exact=True).click()
    whole = (rested // STEPS_PER_EPOCH + 1) * STEPS_PER_EPOCH
    at_step(playground, whole)
    playground.expect_state("paused")
    assert playground.epoch == whole / STEPS_PER_EPOCH
    assert playground.pixels("conv1") != first["conv1"]

    playground.play()
    playground.wait_step(lambda step: step > whole + 5, "further steps")
    playground.pause()
    playground.button("Reset").click()
    at_step(playground, 0)
    assert playground.epoch == 0
    until(
        lambda: {node: playground.pixels(node) for node in PICTURES} == first,
        "the first maps, the same in every pixel",
    )
    expect(page.get_by_text("before going back").first).to_be_visible()


def test_learning_rate_and_speed_change_while_it_runs(
    playground: Playground, lenet: str, clean: LiveServer
) -> None:
    playground.open(lenet)
    playground.play()
    playground.button("Raise the learning rate").click()
    field = playground.page.get_by_role("textbox", name="Learning rate", exact=True)
    expect(field).to_have_value("0.05")
    until(lambda: settings(clean, lenet)["optimizer"]["learning_rate"] == 0.05, "η 0.05 applied")
    field.fill("0.004")
    field.press("Enter")
    until(lambda: settings(clean, lenet)["optimizer"]["learning_rate"] == 0.004, "η 0.004 applied")

    playground.button("Speed: full speed").click()
    playground.page.get_by_role("menuitemradio", name="10 steps/s").click()
    expect(playground.button("Speed: 10 steps/s")).to_be_visible()
    until(lambda: settings(clean, lenet)["speed"] == 10, "the speed applied")
    rate = playground.page.locator("header .rate")
    until(lambda: number(rate.inner_text()) < 900, "no more than 10 batches of 64 samples a second")
    playground.expect_state("training")
    before = playground.step
    playground.wait_step(lambda step: step > before, "it still trains")
    playground.pause()


def test_back_one_batch_and_to_a_snapshot(
    playground: Playground, lenet: str, clean: LiveServer
) -> None:
    page = playground.open(lenet).page
    clean.command(lenet, "step", unit="batch", count=12)
    at_step(playground, 12)
    playground.play()
    playground.wait_step(lambda step: step > 20, "some steps")
    rested = playground.pause()
    at_step(playground, rested)

    playground.button("One batch back").click()
    at_step(playground, rested - 1)
    timeline = page.get_by_role("slider", name="Timeline")
    timeline.focus()
    timeline.press("PageDown")
    timeline.press("Enter")
    playground.wait_step(lambda step: step < rested - 1, "an earlier mark")
    marks = clean.get(f"/api/v1/runs/{lenet}/snapshots").json()["snapshots"]
    assert playground.step in {mark["step"] for mark in marks}
    timeline.press("Home")
    timeline.press("Enter")
    at_step(playground, 0)
    playground.transport.get_by_role("button", name="batch", exact=True).click()
    at_step(playground, 1)
