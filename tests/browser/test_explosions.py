"""A training that leaves the numbers is explained and led on by one click; cells remember over lags."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.browser.browser_axe import violations
from tests.browser.playground import Playground, number, until
from tests.support import LiveServer

SPEC = {
    "name": "explodes",
    "model": [
        {"type": "lstm", "units": 8},
        {"type": "last_step"},
        {"type": "dense", "units": 1},
    ],
    "training": {
        "dataset": {"type": "adding", "length": 10, "samples": 200},
        "phases": [
            {
                "loss": {"type": "squared_error"},
                "optimizer": {"type": "sgd", "learning_rate": 100.0},
                "epochs": 10_000,
            }
        ],
    },
}


def test_a_run_that_explodes_goes_on_by_one_click(
    playground: Playground, clean: LiveServer
) -> None:
    run = str(clean.create(SPEC)["id"])
    page = playground.open(run).page
    playground.play_button.click()
    panel = page.get_by_role("region", name="Post-mortem", exact=True)
    expect(panel).to_contain_text("training step")
    note = clean.get(f"/api/v1/runs/{run}/events?limit=500").json()["events"]
    notes = [one["event"] for one in note if one["event"]["type"] == "note"]
    (found,) = (one for one in notes if one["code"] == "diverged")
    first = found["post_mortem"]["first"]
    said = panel.locator("dl")
    expect(said.locator("dd").first).to_have_text(str(first["step"]))
    expect(said).to_contain_text(first["node"])
    expect(said).to_contain_text("∞")
    expect(page.get_by_text("Training broke at step")).to_be_visible()
    chart = panel.get_by_role("img", name=re.compile("^Gradient norm before: from "))
    expect(chart).to_contain_text("clip")
    assert violations(panel) == []
    clip = panel.get_by_role("spinbutton", name=re.compile("^Clip the gradient"))
    clip.fill("0.01")
    clip.press("Enter")
    panel.get_by_role("button", name="Back to step 0, clip at 0.0100, go on").click()
    expect(panel).to_have_count(0)

    def trains() -> bool:
        info = clean.get(f"/api/v1/runs/{run}").json()
        clipped = info["settings"]["clip_norm"] == 0.01
        return bool(info["branch"] == 1 and clipped and info["step"] > 20)

    until(trains, "the run goes on, clipped")


def test_cells_are_compared_over_lags(playground: Playground, clean: LiveServer) -> None:
    page = playground.open(str(clean.create(SPEC)["id"]), language="en").page
    page.get_by_role("button", name="Labs", exact=True).click()
    page.get_by_role("menuitemradio", name=re.compile("^Lag experiment")).click()
    panel = page.get_by_role("region", name="Lag experiment", exact=True)
    panel.get_by_text("Settings", exact=True).click()
    lags = panel.get_by_role("textbox", name="Lags")
    lags.fill("3, 3")
    expect(panel.get_by_role("button", name="Run", exact=True)).to_be_disabled()
    lags.fill("3, 4")
    for cell in ("plain RNN", "GRU"):
        panel.get_by_role("checkbox", name=cell).uncheck()
    panel.get_by_role("button", name="Run", exact=True).click()
    panel.get_by_text("All numbers").click()
    rows = panel.get_by_role("table").get_by_role("row")
    expect(rows).to_have_count(5)
    shares = [number(text) for text in rows.locator("td:nth-child(5)").all_inner_texts()]
    assert all(share > 0 for share in shares)
    accuracy = panel.get_by_role("img", name=re.compile("^Accuracy by lag. ReLU RNN"))
    expect(accuracy).to_have_accessible_name(re.compile(r"LSTM: 3: \d+\s%, 4: \d+\s%$"))
    expect(panel.get_by_role("img", name=re.compile("^Gradient that reaches"))).to_be_visible()
    assert violations(panel) == []
    panel.get_by_role("button", name="Open in the playground: LSTM, lag 4").click()
    until(lambda: page.get_by_text("LSTM, recall, 4").count() > 0, "the run that was measured")
