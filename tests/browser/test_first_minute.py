"""The first minute: a good picture before anything ran, then Play, and everything grows and moves."""

from __future__ import annotations

import re
from typing import Any

from playwright.sync_api import Page, expect

from tests.browser.playground import Playground, colours, number, until
from tests.support import LiveServer

CARDS = ["input", "conv1", "pool1", "conv2", "pool2", "flat1", "fc1", "fc2", "fc3"]
PICTURES = ["input", "conv1", "pool1", "conv2", "pool2", "fc1", "fc2", "fc3"]
_STOPWATCH = """() => {
  const times = { frame: null, curve: null };
  let start = null;
  window.stopwatch = times;
  const since = () => performance.now() - start;
  window.addEventListener('click', () => (start ??= performance.now()), true);
  window.addEventListener('glassnet:frame', () => (times.frame ??= since()));
  const look = () => {
    const curve = document.querySelector('[role=slider][aria-label="Loss, read a step"]');
    const recorded = document.querySelector('header .state') === null;
    if (start !== null && curve && !recorded) times.curve ??= since();
    if (times.curve === null) requestAnimationFrame(look);
  };
  look();
}"""
_WATCH_NUMBERS = """() => {
  const seen = { rate: [], left: [], step: [], epoch: [] };
  window.seen = seen;
  const look = () => {
    const text = (selector) => document.querySelector(selector)?.textContent.trim();
    const [step, epoch, left] = [...document.querySelectorAll('dl dd')].map((one) => one.textContent.trim());
    for (const [name, value] of Object.entries({ rate: text('header .rate'), left, step, epoch }))
      if (value && value !== seen[name].at(-1)) seen[name].push(value);
    requestAnimationFrame(look);
  };
  look();
}"""


def test_a_good_picture_before_anything_ran(playground: Playground, server: LiveServer) -> None:
    page = playground.open().page
    expect(playground.button(re.compile("^Choose a network: LeNet-5"))).to_be_visible()
    expect(page.get_by_text("recorded", exact=True)).to_be_visible()
    assert playground.cards == CARDS
    for node in PICTURES:
        playground.expect_painted(node)
    expect(playground.card("conv1")).to_contain_text("156")
    expect(page.get_by_text(re.compile(r"^61\s706 parameters$"))).to_be_visible()
    loss, _ = until(lambda: playground.curve("Loss", "train"), "the recorded loss curve")
    assert 0 < loss < 2.3
    assert len(until(lambda: playground.prediction, "a prediction")) == 10
    assert server.get("/api/v1/runs").json()["runs"] == []


def test_play_makes_everything_grow_and_move(
    playground: Playground, server: LiveServer, figures: list[str]
) -> None:
    page = playground.open().page
    recorded = playground.pictures(*PICTURES[1:])
    page.evaluate(_STOPWATCH)
    page.evaluate(_WATCH_NUMBERS)
    playground.play_button.click()

    times = until(lambda: _times(page), "a first point of the curve and first live maps")
    figures.append(f"Play → first live maps {times['frame']:.0f} ms, warm (bar: 1000)")
    figures.append(f"Play → first curve point {times['curve']:.0f} ms, warm (bar: 1000)")
    assert max(times.values()) < 5000
    expect(page.get_by_text("recorded", exact=True)).to_have_count(0)
    playground.expect_repainted(recorded)

    first = until(lambda: playground.curve("Loss", "train"), "a point of the loss curve")
    playground.wait_step(lambda step: step > first[1] + 80, "80 more steps")
    later = playground.curve("Loss", "train")
    assert later is not None
    assert later[1] > first[1]
    assert later[0] < 2.3, "the loss falls below that of guessing"
    accuracy = until(lambda: playground.curve("Accuracy", "validation"), "validation accuracy")
    assert accuracy[0] > 0.3
    for title in ("Loss", "Accuracy"):
        chart = page.get_by_role("region", name=title, exact=True).locator("canvas").first
        assert colours(chart) > 3
    _numbers_were_shown(page)
    assert [run["name"] for run in server.get("/api/v1/runs").json()["runs"]] == ["LeNet-5"]


def _times(page: Page) -> dict[str, float] | None:
    times: dict[str, Any] = page.evaluate("window.stopwatch")
    return times if all(times.values()) else None


def _numbers_were_shown(page: Page) -> None:
    seen: dict[str, list[str]] = page.evaluate("window.seen")
    assert any(number(text) > 0 for text in seen["rate"]), seen["rate"]
    assert any(re.fullmatch(r"\d+:\d\d", text) for text in seen["left"]), seen["left"]
    steps = [int(number(text)) for text in seen["step"]]
    assert len(steps) > 3
    assert any(re.fullmatch(r"[\d.]+/8", text) for text in seen["epoch"]), seen["epoch"]
