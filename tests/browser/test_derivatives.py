"""Health of the derivatives as a person sees it: over time, by depth, by mouse and by keys."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, Page, expect

from tests.browser.browser_axe import violations
from tests.browser.playground import Playground, number, until
from tests.support import LiveServer


def reached(server: LiveServer, name: str, steps: int) -> str:
    run = str(server.create(server.preset(name))["id"])
    server.command(run, "step", unit="batch", count=steps)
    until(lambda: server.get(f"/api/v1/runs/{run}").json()["state"] == "paused", "a run at rest")
    return run


def opened(page: Page) -> Locator:
    page.get_by_role("button", name="over time", exact=True).click()
    dialog = page.get_by_role("dialog", name="Health of the derivatives")
    expect(dialog.get_by_role("img")).to_be_visible()
    expect(dialog.get_by_role("status")).to_have_text("")
    return dialog


def values(dialog: Locator) -> dict[str, float]:
    """What the legend says of every layer."""
    names = dialog.get_by_role("list", name="Layers").get_by_role("button")
    texts = [names.nth(k).inner_text().split("\n") for k in range(names.count())]
    return {node: number(value) for node, value in texts}


def test_a_vanishing_gradient_is_seen_over_time_and_by_depth(
    playground: Playground, server: LiveServer
) -> None:
    run = reached(server, "deep_sigmoid", 12)
    page = playground.open(run).page
    dialog = opened(page)
    told = server.post(f"/api/v1/runs/{run}/health", {"points": 24}).json()
    assert told["complete"]
    assert told["steps"] == list(range(13))
    by_node = {one["node"]: one for one in told["layers"]}
    seen = values(dialog)
    assert list(seen) == [f"fc{k}" for k in range(1, 10)]
    for node, value in seen.items():
        assert abs(value - by_node[node]["gradient"][12]) <= 0.06 * value + 0.0005
    first = dialog.get_by_role("button", name=re.compile("^fc1: "))
    expect(first).to_have_accessible_name(re.compile(r"below 1\.0·10⁻⁴$"))
    expect(dialog.get_by_role("button", name=re.compile("^fc9: "))).to_have_accessible_name(
        re.compile("in range$")
    )
    expect(dialog.get_by_role("img")).to_have_accessible_name(
        "Chart: gradient |∂E/∂W| of 9 layers from step 0 to step 12"
    )
    assert violations(dialog) == []

    step = dialog.get_by_role("slider", name="Step that is read")
    step.focus()
    step.press("Home")
    expect(step).to_have_attribute("aria-valuetext", "step 0")
    at_start = values(dialog)["fc9"]
    assert abs(at_start - by_node["fc9"]["gradient"][0]) <= 0.001
    chart = dialog.get_by_role("img")
    box = chart.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 0.6 * box["width"], box["y"] + 0.5 * box["height"])
    expect(step).not_to_have_attribute("aria-valuetext", "step 0")

    dialog.get_by_role("radio", name="by depth").click()
    expect(chart).to_have_accessible_name(re.compile(r"^Chart: gradient .* from input to output$"))
    dialog.get_by_label("Measure").select_option("saturated cells")
    assert list(values(dialog)) == [f"sigm{k}" for k in range(1, 9)]
    dialog.get_by_label("Measure").select_option("dead units")
    expect(dialog.get_by_text("No layer of this network has this measure.")).to_be_visible()
    assert violations(dialog) == []
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(page.get_by_role("button", name="over time", exact=True)).to_be_focused()


def test_a_layer_without_a_gradient_says_none_and_another_opens(
    playground: Playground, server: LiveServer
) -> None:
    spec = server.preset("digits8_mlp")
    spec["training"]["phases"][0]["groups"] = [{"of": "fc1", "learning_rate": 0.0}]
    run = str(server.create(spec)["id"])
    page = playground.open(run).page
    dialog = opened(page)
    dialog.get_by_label("Measure").select_option("update")
    assert "fc1" not in values(dialog)
    dialog.get_by_label("Measure").select_option("gradient")
    assert values(dialog)["fc1"] > 0
    dialog.get_by_role("button", name=re.compile("^fc2: ")).click()
    expect(dialog).to_be_hidden()
    expect(page.get_by_role("region", name=re.compile("fc2")).first).to_be_visible()
