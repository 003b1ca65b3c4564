"""A recurrent layer through time, as a person sees it: δ(t) on the screen, the terms of a sum, long sequences."""

from __future__ import annotations

import re
from statistics import quantiles
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect
from safetensors.torch import load

from tests.browser.browser_axe import violations
from tests.browser.conftest import MEASURING
from tests.browser.playground import Playground, until
from tests.support import LiveServer

FRAME_MS = 33.0
FRAMES = """async (box) => {
  const times = [];
  const most = box.scrollWidth - box.clientWidth;
  await new Promise((done) => {
    const step = (now) => {
      times.push(now);
      box.scrollLeft = (box.scrollLeft + 37) % most;
      times.length < 120 ? requestAnimationFrame(step) : done();
    };
    requestAnimationFrame(step);
  });
  return times.slice(1).map((time, i) => time - times[i]);
}"""
TERM = {
    "en": re.compile(r"the term of t = 7"),
    "zh": re.compile(r"t = 7 的一项"),
}


def sequences(
    server: LiveServer, layer: dict[str, Any], length: int, *, each: bool, batch: int = 4
) -> str:
    """A run on the adding problem that rests at step 0; with an output at every step, or at the last."""
    tail: list[dict[str, Any]] = [{"type": "dense_steps", "units": 2}]
    if not each:
        tail = [{"type": "last_step"}, {"type": "dense", "units": 1}]
    phase = {
        "optimizer": {"type": "adam"},
        "loss": {"type": "squared_error"},
        "target": "input" if each else "label",
        "batch_size": batch,
        "epochs": 10_000,
    }
    dataset = {"type": "adding", "length": length, "samples": 100}
    spec = {
        "model": [layer, *tail],
        "training": {"dataset": dataset, "phases": [phase]},
        "device": "cpu",
        "seed": 3,
    }
    return str(server.create(spec)["id"])


def opened(page: Page, node: str) -> Locator:
    page.locator(f'[data-card="{node}"] [data-open]').click()
    return page.get_by_role("region", name=re.compile(node)).first


def read(view: Locator) -> float:
    shown = re.search(
        r"\) = (−?[\d.]+)(?:·10(⁻?)([⁰¹²³⁴-⁹]+))?", view.locator(".reading").inner_text()
    )
    assert shown is not None
    digits = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789")
    sign = -1 if shown.group(2) else 1
    power = sign * int((shown.group(3) or "0").translate(digits))
    return float(shown.group(1).replace("−", "-")) * 10.0**power


@pytest.mark.parametrize("language", ["en", "zh"])
def test_what_flows_back_on_the_screen_is_pytorchs(
    playground: Playground, clean: LiveServer, language: str
) -> None:
    """∂E/∂s of one unit at one step and |∂E_τ/∂s_t|, read in the picture; a step's term is opened."""
    run = sequences(clean, {"type": "rnn", "units": 6}, 12, each=True)
    page = playground.open(run, language).page
    until(
        lambda: page.locator("header .state").inner_text() in ("paused", "已暂停"), "a run at rest"
    )
    view = opened(page, "rnn1")
    view.get_by_role("tab").nth(1).click()
    heat = view.locator('[data-track="s"]')
    expect(heat).to_be_visible()
    held = load(clean.post(f"/api/v1/runs/{run}/through_time", {"node": "rnn1"}).body)
    area = heat.bounding_box()
    assert area is not None
    cell = area["width"] / 12
    heat.hover(position={"x": 7.5 * cell, "y": area["height"] / 12})
    expect(view.locator(".reading")).to_contain_text("[5](t = 7)")
    expected = float(held["rnn1.s.sensitivity"][7, 5])
    assert read(view) == pytest.approx(expected, rel=1e-4)

    matrix = view.locator("aside .frame button")
    box = matrix.bounding_box()
    assert box is not None
    matrix.hover(position={"x": 3.5 / 12 * box["width"], "y": 2.5 / 12 * box["height"]})
    expect(view.locator(".reading")).to_contain_text("τ = 9")
    assert read(view) == pytest.approx(float(held["matrix.s"][9, 3]), rel=1e-4)

    view.locator('[data-track="sum rnn1.weight_hh_l0"]').click(position={"x": 7.5 * cell, "y": 20})
    term = view.get_by_role("region", name=TERM[language])
    expect(term).to_be_visible()
    term.get_by_role("button").last.click(position={"x": 4, "y": 4})
    number = page.locator("section.cell")
    expect(number).to_contain_text("rnn1.weight_hh_l0 [0, 0]")
    heat.click(position={"x": 4, "y": 4})
    expect(number).to_contain_text("rnn1")
    expect(number).not_to_contain_text("weight_hh_l0 [0, 0]")
    found = violations(view) + violations(number)
    assert [one for one in found if "aria-haspopup" not in one] == []


def test_a_thousand_steps_scroll_smoothly(
    playground: Playground, clean: LiveServer, figures: list[str]
) -> None:
    """1,000 steps of 256 units, nothing training: what is in sight is drawn, frame by frame."""
    units = 256 if MEASURING else 32
    run = sequences(clean, {"type": "lstm", "units": units}, 1000, each=False, batch=1)
    page = playground.open(run).page
    playground.expect_painted("lstm1")
    view = opened(page, "lstm1")
    view.get_by_role("button", name="Through time").click()
    strip = view.locator(".scroller")
    expect(strip).to_be_visible()
    assert strip.evaluate("(box) => box.scrollWidth / box.clientWidth") > 4
    for name in ("forward", "backward"):
        if name == "backward":
            view.get_by_role("tab").nth(1).click()
            expect(view.locator("aside svg")).to_be_visible(timeout=120_000)
        intervals = strip.evaluate(FRAMES)
        share = sum(one <= FRAME_MS for one in intervals) / len(intervals)
        slow = quantiles(intervals, n=20)[-1]
        figures.append(
            f"1,000 steps × {units} units, {name}: {share:.0%} of the frames within {FRAME_MS:.0f} ms, "
            f"95 % within {slow:.0f} ms"
        )
