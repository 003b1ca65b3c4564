"""A digit read row by row, as a person sees it: heat maps over time, gates, δ, one number explained."""

from __future__ import annotations

import re

import numpy as np
import pytest
import torch
from playwright.sync_api import expect
from safetensors.torch import load

from tests.browser.browser_axe import violations
from tests.browser.cell_view import CellView
from tests.browser.conftest import endless
from tests.browser.playground import Playground
from tests.support import LiveServer

LAYER = {"en": "output · lstm1", "zh": "输出 · lstm1"}


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_gate_on_the_screen_is_pytorchs(
    playground: Playground, clean: LiveServer, language: str
) -> None:
    """The forget gate of one unit at one step: read in the picture, computed by nn.LSTM's formula."""
    run = endless(clean, "lstm_digits")
    page = playground.open(run, language).page
    page.locator('[data-card="lstm1"] [data-open]').click()
    view = page.get_by_role("region", name=re.compile("lstm1"))
    gate = view.get_by_role("button", name="f", exact=True)
    expect(view.get_by_role("button", name=LAYER[language])).to_be_visible()
    for name in "ifgoc":
        expect(view.get_by_role("button", name=name, exact=True)).to_be_visible()
    box = gate.bounding_box()
    assert box is not None
    # Unit 47 is the top row, step 5 the sixth column.
    gate.hover(position={"x": (5 + 0.5) / 28 * box["width"], "y": 0.5 / 48 * box["height"]})
    reading = view.locator(".reading")
    expect(reading).to_contain_text("f[47](t = 5)")
    shown = re.search(r"\) = (−?[\d.]+)", reading.inner_text())
    assert shown is not None
    expected = forget_gate(clean, run, unit=47, step=5)
    assert abs(float(shown.group(1).replace("−", "-")) - expected) < 0.01
    assert violations(view.first) == []
    if language == "en":
        cell = CellView(page, clean, run)
        gate.click(position={"x": (5 + 0.5) / 28 * box["width"], "y": 0.5 / 48 * box["height"]})
        expect(cell.region).to_contain_text("from PyTorch")
        assert cell.value == pytest.approx(expected, abs=1e-6)
        cell.region.get_by_role("button", name="Close the cell view").last.click()
        silenced(playground, clean, run)


def forget_gate(server: LiveServer, run: str, unit: int, step: int) -> float:
    """σ(W_f x_t + U_f h_{t−1} + b) of validation sample 0, from the run's own weights, in NumPy."""
    wanted = {"roles": ["parameter", "activation"], "samples": [{"kind": "stored", "index": 0}]}
    held = load(server.post(f"/api/v1/runs/{run}/trace", wanted).body)
    names = ("weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0")
    w, u, b, c = (held[f"lstm1.{name}.parameter"].numpy() for name in names)
    rows = held["input.activation"].reshape(28, 28).numpy()
    size = u.shape[1]
    h, cell = np.zeros(size), np.zeros(size)
    for t in range(step + 1):
        i, f, g, o = np.split(w @ rows[t] + u @ h + b + c, 4)
        i, f, o = (1 / (1 + np.exp(-q)) for q in (i, f, o))
        cell = f * cell + i * np.tanh(g)
        h = o * np.tanh(cell)
    return float(f[unit])


def test_a_hidden_value_and_its_sensitivity_are_opened(
    playground: Playground, clean: LiveServer
) -> None:
    """A hidden value opens as a product of gate and tanh c; δ comes to the last step alone."""
    page = playground.open(endless(clean, "lstm_digits")).page
    page.locator('[data-card="lstm1"] [data-open]').click()
    view = page.get_by_role("region", name=re.compile("lstm1"))
    picture = view.get_by_role("button", name=LAYER["en"])
    expect(picture).to_be_visible()
    box = picture.bounding_box()
    assert box is not None
    picture.click(position={"x": (20 + 0.5) / 28 * box["width"], "y": 0.5 / 48 * box["height"]})
    cell = page.get_by_role("region", name="Cell view", exact=True)
    expect(cell).to_contain_text("lstm1 [20, 47]")
    expect(cell).to_contain_text("from PyTorch")
    view.get_by_role("tab", name="Backward").click()
    view.get_by_role("button", name="Through time").click()
    expect(view.get_by_role("button", name="from the layer after: ∂E/∂x")).to_be_visible()
    expect(view.get_by_role("button", name="passed back: ∂E/∂x")).to_be_visible()


def silenced(playground: Playground, server: LiveServer, run: str) -> None:
    """All units share one heat map: the unit is chosen by its number and hatched in its row."""
    page, card = playground.page, playground.card("lstm1")
    before = playground.pictures("lstm1", "last1", "fc1")
    hand = page.get_by_role("region", name="lstm1: By hand")
    hand.get_by_label("Unit", exact=True).fill("40")
    expect(page.get_by_role("group", name="Map", exact=True)).to_contain_text("40 / 47")
    silence = hand.get_by_role("button", name="Silence unit 40 of lstm1")
    silence.click()
    expect(silence).to_have_attribute("aria-pressed", "true")
    expect(card.get_by_role("img", name="Silenced: 40")).to_be_visible()
    playground.expect_repainted(before)
    mark, heat = card.locator("[data-marked='40']"), card.locator("canvas").first
    row, whole = mark.bounding_box(), heat.bounding_box()
    assert row is not None
    assert whole is not None
    assert abs(row["y"] - whole["y"] - 7 / 48 * whole["height"]) < 4  # 47 is the top row
    hand.get_by_role("button", name="Freeze unit 40 of lstm1").click()
    expect(hand).to_contain_text("Frozen: 40")
    settings = server.get(f"/api/v1/runs/{run}").json()["settings"]
    marks = {"lstm1": {"whole": False, "units": [40]}}
    assert (settings["silenced"], settings["frozen"]) == (marks, marks)


def test_the_cell_is_drawn_with_pytorchs_numbers(playground: Playground, clean: LiveServer) -> None:
    """A time step opened: gates, c and h of a unit chosen by fields are those of nn.LSTM; one of them opens."""
    run = endless(clean, "lstm_digits")
    page = playground.open(run).page
    page.locator('[data-card="lstm1"] [data-open]').click()
    view = page.get_by_role("region", name=re.compile("lstm1"))
    view.get_by_role("tab", name="Time step").click()
    view.get_by_label("unit", exact=True).fill("47")
    view.get_by_label("t", exact=True).fill("5")
    cell = view.get_by_role("group", name="Unit 47 of lstm1 at t = 5")
    h, c = pytorchs_state(clean, run, unit=47, steps=6)
    wanted = {"f": forget_gate(clean, run, unit=47, step=5), "h": h, "c": c}
    for name, value in wanted.items():
        shown = cell.locator(f'[data-value="{name}"] .value')
        expect(shown).to_have_text(f"{value:.3f}".replace("-", "−"))
    _, before = pytorchs_state(clean, run, unit=47, steps=5)
    expect(cell.locator('[data-value="c before"] .value')).to_have_text(
        f"{before:.3f}".replace("-", "−")
    )
    assert violations(view.first) == []
    view.get_by_role("button", name=re.compile("h of all units")).press("ArrowLeft")
    expect(view.get_by_label("t", exact=True)).to_have_value("4")
    cell = view.get_by_role("group", name="Unit 47 of lstm1 at t = 4")
    cell.locator('[data-value="f"]').press("Enter")
    opened = page.get_by_role("region", name="Cell view", exact=True)
    expect(opened).to_contain_text("from PyTorch")
    expect(opened).to_contain_text(f"{forget_gate(clean, run, unit=47, step=4):.3f}"[:5])


def pytorchs_state(server: LiveServer, run: str, unit: int, steps: int) -> tuple[float, float]:
    """h and c of validation sample 0 after so many rows, by nn.LSTM with the run's own weights."""
    wanted = {"roles": ["parameter", "activation"], "samples": [{"kind": "stored", "index": 0}]}
    held = load(server.post(f"/api/v1/runs/{run}/trace", wanted).body)
    lstm = torch.nn.LSTM(28, 48, batch_first=True).double()
    with torch.no_grad():
        for name, parameter in lstm.named_parameters():
            parameter.copy_(held[f"lstm1.{name}.parameter"])
        rows = held["input.activation"].reshape(1, 28, 28)[:, :steps]
        _, (h, c) = lstm(rows.double())
    return float(h[0, 0, unit]), float(c[0, 0, unit])
