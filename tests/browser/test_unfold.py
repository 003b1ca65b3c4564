"""A step unfolded as a person walks it: by mouse and by keys, each number compared with ``POST /trace``."""

from __future__ import annotations

import re
from statistics import median
from typing import Any

import numpy as np
from playwright.sync_api import Locator, Page, expect
from safetensors.numpy import load

from tests.browser.conftest import NewContext
from tests.browser.playground import Playground, until
from tests.own.files import png, zipped
from tests.support import LiveServer

PHASES = ("Forward", "Loss", "Backward", "Update")
_SHOWN = """() => {
  window.delays = [];
  let start = 0;
  addEventListener('keydown', () => { start = performance.now(); }, true);
  const count = () => document.querySelector('section.caption .count')?.textContent;
  let last = count();
  new MutationObserver(() => {
    if (count() === last) return;
    last = count();
    requestAnimationFrame(() => window.delays.push(performance.now() - start));
  }).observe(document.body, { subtree: true, childList: true, characterData: true });
}"""
_FILLED = """(canvas) => {
  const copy = new OffscreenCanvas(28, 28).getContext('2d', { willReadFrequently: true });
  copy.drawImage(canvas, 0, 0);
  return copy.getImageData(0, 0, 28, 28).data.filter((v, i) => i % 4 === 3 && v > 0).length;
}"""
_CLICK_TO = """([button, shown]) => new Promise((done) => {
  const start = performance.now();
  document.querySelector(button).click();
  const look = () => document.querySelector(shown)
    ? requestAnimationFrame(() => done(performance.now() - start))
    : requestAnimationFrame(look);
  look();
})"""
SIDE = 64


class Walk:
    """The unfolded pass as it is read."""

    def __init__(self, page: Page, server: LiveServer, run: str) -> None:
        self.page, self.server, self.run = page, server, run
        self.caption = page.get_by_role("region", name="What happens")
        self.slider = page.get_by_role("slider", name="Operations of this step")
        self.layer = page.get_by_role("region", name=re.compile("^View of"))

    @property
    def at(self) -> tuple[int, int]:
        first, _, last = self.caption.locator(".count").inner_text().partition("/")
        return int(first), int(last)

    def wait(self, index: int) -> None:
        until(lambda: self.caption.locator(".count").count() and self.at[0] == index, str(index))

    @property
    def phase(self) -> str:
        return self.caption.locator(".phase").inner_text()

    @property
    def words(self) -> str:
        return self.caption.locator(".words").inner_text()

    @property
    def lit(self) -> list[str]:
        found: list[str] = self.page.locator("[data-card]").evaluate_all(
            "(all) => all.filter((one) => one.classList.contains('lit')).map((one) => one.dataset.card)"
        )
        return found

    def opacity(self, card: str) -> float:
        shown = self.page.locator(f'[data-card="{card}"]')
        return float(shown.evaluate("(one) => getComputedStyle(one).opacity"))

    def trace(self, **wanted: Any) -> dict[str, np.ndarray[Any, Any]]:
        answer = self.server.request("POST", f"/api/v1/runs/{self.run}/trace", wanted)
        assert answer.status == 200, answer.body
        return load(answer.body)

    def tab(self, name: str) -> Locator:
        return self.layer.get_by_role("tab", name=name, exact=True)

    def read(self, name: str, row: int, column: int, rows: int, columns: int) -> float:
        """The number under the pointer over one cell of a map."""
        cells = self.layer.get_by_role("button", name=name, exact=True)
        box = cells.bounding_box()
        assert box
        place = {
            "x": (column + 0.5) * box["width"] / columns,
            "y": (row + 0.5) * box["height"] / rows,
        }
        cells.hover(position=place)  # type: ignore[arg-type]
        shown = self.layer.locator(".reading b")
        expect(shown).to_be_visible()
        return float(shown.get_attribute("title") or "nan")


def begun(playground: Playground, server: LiveServer, run: str) -> Walk:
    playground.open(run)
    until(lambda: playground.painted("conv2"), "the first picture")
    return Walk(playground.page, server, run)


def test_by_keys_through_a_whole_step_and_into_the_next(
    playground: Playground, lenet: str, clean: LiveServer, figures: list[str]
) -> None:
    walk = begun(playground, clean, lenet)
    page = walk.page
    page.locator("#stage").focus()
    page.keyboard.press("ArrowRight")
    walk.wait(1)
    assert walk.phase == "Forward"
    assert "conv1" in walk.words
    assert walk.lit == ["conv1"]
    until(lambda: walk.opacity("pool1") < 0.7, "the others dimmed")
    assert walk.opacity("conv1") == 1
    listed = clean.request("POST", f"/api/v1/runs/{lenet}/operations", {}).json()["operations"]
    assert walk.at == (1, len(listed))

    page.evaluate(_SHOWN)
    phases = [walk.phase]
    for number in range(2, len(listed) + 1):
        page.keyboard.press("ArrowRight")
        walk.wait(number)
        phases.append(walk.phase)
        assert walk.words.startswith(listed[number - 1]["caption"]["en"])
    assert list(dict.fromkeys(phases)) == list(PHASES)
    delays: list[float] = page.evaluate("window.delays")
    figures.append(
        f"operation step → shown, LeNet-5: median {median(delays):.0f} ms,"
        f" longest {max(delays):.0f} ms (bar: 100)"
    )
    assert median(delays) < 500
    assert playground.step == 0, "nothing has been trained yet"

    page.keyboard.press("ArrowLeft")
    walk.wait(len(listed) - 1)
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    walk.wait(1)
    playground.wait_step(lambda step: step == 1, "the batch that was trained")
    expect(walk.caption).to_contain_text("step 1")

    page.keyboard.press("Space")
    until(lambda: walk.at[0] > 2, "operations played")
    page.keyboard.press("Space")
    expect(playground.button("Play operation by operation (Space)")).to_be_visible()
    page.keyboard.press("Escape")
    expect(walk.caption).to_have_count(0)
    assert walk.lit == []
    assert walk.opacity("pool1") == 1


def test_by_mouse_along_the_blocks_and_to_an_earlier_step(
    playground: Playground, lenet: str, clean: LiveServer
) -> None:
    walk = begun(playground, clean, lenet)
    page = walk.page
    clean.command(lenet, "step", unit="batch", count=5)
    playground.wait_step(lambda step: step == 5, "step 5")
    playground.transport.get_by_role("button", name="op", exact=True).click()
    walk.wait(1)
    box = walk.slider.bounding_box()
    assert box
    page.mouse.move(box["x"] + 5, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] - 5, box["y"] + box["height"] / 2, steps=4)
    page.mouse.up()
    assert walk.phase == "Update"
    expect(walk.slider).to_have_attribute("aria-valuetext", re.compile("Update, fc3.bias"))
    walk.slider.press("PageDown")
    walk.slider.press("PageDown")
    assert walk.phase == "Backward"
    walk.slider.press("Home")
    playground.button("To the next phase").click()
    assert walk.phase == "Loss"
    assert walk.lit == ["fc3"]
    walk.slider.press("ArrowRight")
    walk.slider.press("ArrowRight")
    place, words = walk.at, walk.words
    assert walk.phase == "Backward"

    playground.button("One batch back").click()
    expect(walk.caption).to_contain_text("step 4")
    assert walk.at == place, "the same operation, a step earlier"
    assert walk.words == words


def test_the_layers_numbers_are_pytorchs(
    playground: Playground, lenet: str, clean: LiveServer
) -> None:
    walk = begun(playground, clean, lenet)
    page = walk.page
    clean.command(lenet, "step", unit="batch", count=2)
    playground.wait_step(lambda step: step == 2, "step 2")
    page.locator('[data-card="conv1"] [data-open]').click()
    walk.tab("Backward").click()
    walk.wait(walk.at[0] if walk.caption.locator(".count").count() else 26)
    expect(walk.caption).to_contain_text("Backward through conv1")
    batch = walk.trace()
    delta = batch["conv1.sensitivity"][0, 0]
    row, column = np.unravel_index(np.abs(delta).argmax(), delta.shape)
    read = walk.read("δ = ∂E/∂u 0", int(row), int(column), 28, 28)
    assert read == delta[row, column] != 0
    slope = walk.read("slope φ′(u) 0", int(row), int(column), 28, 28)
    assert slope == batch["relu1.derivative"][0, 0, row, column] == 1
    gradient = walk.read("∂E/∂(weight) [0, 0]", 1, 3, 5, 5)
    assert gradient == batch["conv1.weight.gradient"][0, 0, 1, 3]

    page.get_by_role("radio", name="this sample").click()
    expect(walk.caption).to_contain_text("this sample")
    alone = walk.trace(samples=[{"kind": "stored", "split": "val", "index": 0}])
    expected = alone["conv1.weight.gradient"][0, 0, 1, 3]
    until(lambda: walk.read("∂E/∂(weight) [0, 0]", 1, 3, 5, 5) == expected, "its own gradient")
    page.get_by_role("radio", name="the batch").click()

    walk.tab("Update").click()
    assert walk.phase == "Update"
    new = batch["conv1.weight.update"][0, 0, 1, 3]
    until(lambda: walk.read("new value · conv1.weight [0, 0]", 1, 3, 5, 5) == new, "the new weight")
    old = walk.read("old value · conv1.weight [0, 0]", 1, 3, 5, 5)
    assert old == batch["conv1.weight.parameter"][0, 0, 1, 3]
    change = walk.read("change Δw · conv1.weight [0, 0]", 1, 3, 5, 5)
    assert change == new - old != 0

    walk.tab("Forward").click()
    value = walk.read("conv1 0", 7, 9, 28, 28)
    assert value == batch["conv1.activation"][0, 0, 7, 9]


def test_a_cell_is_opened_by_click_and_by_enter(
    playground: Playground, lenet: str, clean: LiveServer
) -> None:
    walk = begun(playground, clean, lenet)
    page = walk.page
    page.locator("#stage").focus()
    page.keyboard.press("ArrowRight")
    walk.wait(1)
    page.locator('[data-card="conv1"] [data-open]').click()
    value = walk.read("conv1 0", 7, 9, 28, 28)
    cells = walk.layer.get_by_role("button", name="conv1 0", exact=True)
    box = cells.bounding_box()
    assert box
    cells.click(position={"x": 9.5 * box["width"] / 28, "y": 7.5 * box["height"] / 28})
    view = page.get_by_role("region", name="Cell view", exact=True)
    head = view.get_by_role("heading", level=3).locator("b")
    until(lambda: float(head.get_attribute("title") or "nan") == value, "the number of the cell")

    page.mouse.move(0, 0)
    cells.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    other = walk.trace()["conv1.activation"][0, 0, 14, 15]
    until(lambda: float(head.get_attribute("title") or "nan") == other, "the one beside the middle")
    page.locator("#stage").focus()
    page.keyboard.press("Escape")
    expect(view).to_have_count(0)
    expect(walk.layer).to_be_visible()


def test_the_kernel_slides_and_can_be_stepped_and_skipped(
    context: NewContext, lenet: str, clean: LiveServer
) -> None:
    playground = Playground(context(reduced_motion="reduce").new_page(), clean.url)
    walk = begun(playground, clean, lenet)
    walk.page.locator('[data-card="conv1"] [data-open]').click()
    tools = walk.layer.get_by_role("group", name="Slide the kernel")
    tools.get_by_role("button", name="One cell on").click()
    tools.get_by_role("button", name="One cell on").click()
    output = walk.layer.get_by_role("button", name="conv1 0", exact=True)

    def filled() -> int:
        return int(output.locator("canvas").evaluate(_FILLED))

    until(lambda: filled() == 2, "two cells filled in")
    walk.read("conv1 0", 3, 4, 28, 28)
    until(lambda: filled() == 3 * 28 + 5, "filled up to the cell that is pointed at")
    tools.get_by_role("button", name="Slide the kernel").click()
    until(lambda: filled() == 784, "no motion: at once at the end")
    tools.get_by_role("button", name="Show everything again").click()
    expect(tools.get_by_role("button", name="Skip to the end")).to_have_count(0)


def large(server: LiveServer) -> str:
    """A run of a network of a million weights over pictures of 64×64×3."""
    random = np.random.default_rng(5)
    pictures = {
        f"{name}/{i}.png": png(random.integers(0, 255, (SIDE, SIDE, 3), np.uint8))
        for name in ("a", "b")
        for i in range(40)
    }
    found = server.request(
        "POST",
        f"/api/v1/uploads?size={SIDE}&colour=colour&filename=noise.zip",
        zipped(pictures),
        {"content-type": "application/zip"},
    ).json()
    done = until(
        lambda: (
            one
            if (one := server.get(f"/api/v1/uploads/{found['id']}").json())["state"] == "done"
            else None
        ),
        "the upload",
    )
    dataset = next(
        one["dataset"]
        for one in server.get("/api/v1/own-data").json()["sets"]
        if one["digest"] == done["digest"]
    )
    model = [
        {"type": "conv2d", "filters": 16, "kernel": 3, "padding": 1},
        {"type": "relu"},
        {"type": "max_pool2d", "size": 2, "stride": 2},
        {"type": "conv2d", "filters": 32, "kernel": 3, "padding": 1},
        {"type": "relu"},
        {"type": "max_pool2d", "size": 2, "stride": 2},
        {"type": "flatten"},
        {"type": "dense", "units": 120},
        {"type": "relu"},
        {"type": "dense", "units": 2},
    ]
    training = {"dataset": dataset, "phases": [{"batch_size": 32, "epochs": 10_000}]}
    run = server.create({"model": model, "training": training, "device": "cpu"})
    return str(run["id"])


def test_a_layer_of_a_large_network_opens_soon(
    playground: Playground, clean: LiveServer, figures: list[str]
) -> None:
    run = large(clean)
    page = playground.open(run).page
    until(lambda: playground.painted("conv1"), "the first picture")
    walk = Walk(page, clean, run)
    button = '[data-card="conv1"] [data-open]'
    first = page.evaluate(_CLICK_TO, [button, "section.view .body canvas"])
    tab = "section.view [role=tab]:nth-child(2)"
    unfolded = page.evaluate(
        _CLICK_TO, [tab, "section.view .body [aria-label^='from the layer after: ∂E/∂x']"]
    )
    walk.wait(walk.at[0])
    page.evaluate(_CLICK_TO, ["section.view header > .icon", "main:not(:has(section.view))"])
    again = page.evaluate(
        _CLICK_TO, [button.replace("conv1", "conv2"), "section.view .body canvas"]
    )
    figures.append(
        f"layer view of 1 M weights on 64×64×3: opens in {first:.0f} ms, next one {again:.0f} ms"
        f" (bar: 500); the batch of 32 unfolded in {unfolded:.0f} ms"
    )
    assert first < 3000
    assert again < 3000
    wanted = {"nodes": ["conv2"], "roles": ["gradient"], "precision": "float32"}
    exact = walk.trace(**wanted)["conv2.weight.gradient"]
    walk.tab("Backward").click()
    read = walk.read("∂E/∂(weight) [0, 0]", 0, 0, 3, 3)
    assert np.isclose(read, exact[0, 0, 0, 0], rtol=1e-3)
