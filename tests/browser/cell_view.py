"""The cell view in a browser: what it shows, where its links lead, and how keys get there."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import numpy as np
from playwright.sync_api import Locator, Page, Request, expect
from safetensors.numpy import load

from tests.browser.keyboard import tab_to
from tests.browser.playground import until
from tests.support import LiveServer

TRACED = ("activation", "sensitivity", "gradient", "update")

_SHOWN = """() => {
  const view = document.querySelector('section[aria-label="Cell view"]');
  const links = [...view?.querySelectorAll('[data-link]') ?? []];
  return {
    name: view?.querySelector('h3 span')?.textContent ?? '',
    value: view?.querySelector('h3 b')?.title ?? 'nan',
    summed: /from the formula/.test(view?.textContent ?? ''),
    stored: /the run’s own/.test(view?.textContent ?? ''),
    agree: /They agree/.test(view?.textContent ?? ''),
    goes: view?.querySelector('[aria-selected=true]')?.textContent === 'Goes to',
    links: links.map((one) => one.textContent.trim()),
    focus: links.indexOf(document.activeElement),
    seen: document.activeElement?.matches(':focus-visible') ?? false,
  };
}"""


class CellView:
    """The open number, as it is read; and what the page asked the server for."""

    def __init__(self, page: Page, server: LiveServer, run: str) -> None:
        self.page, self.server, self.run = page, server, run
        self.region = page.get_by_role("region", name="Cell view", exact=True)
        self.asked: list[dict[str, Any]] = []
        self.answers: dict[str, dict[str, Any]] = {}
        self.traces: dict[str, dict[str, np.ndarray[Any, Any]]] = {}
        page.on("request", self._request)

    def _request(self, request: Request) -> None:
        if request.url.endswith("/explain"):
            self.asked.append(json.loads(request.post_data or "{}"))

    def shown(self) -> dict[str, Any]:
        """Name and exact value, what the page says of the sum, the links, and which one has the focus."""
        found: dict[str, Any] = self.page.evaluate(_SHOWN)
        return found

    @property
    def head(self) -> Locator:
        return self.region.get_by_role("heading", level=3)

    @property
    def name(self) -> str:
        return str(self.shown()["name"])

    @property
    def value(self) -> float:
        """The exact number that its short form stands for."""
        return float(self.shown()["value"])

    def links(self, name: str) -> Locator:
        return self.region.get_by_role("list", name=name, exact=True).get_by_role("button")

    def moved(self, before: str) -> None:
        """Wait until another number is shown."""
        until(lambda: self.name != before, f"another number than {before}")

    def follow(self, link: Locator) -> None:
        before = self.name
        link.first.click()
        self.moved(before)

    def onward(self, start: str = "") -> None:
        """Follow the first link of "Goes to" that begins so."""
        if not self.shown()["goes"]:
            self.region.get_by_role("tab", name="Goes to").click()
        links = self.links("Goes to")
        self.follow(links.filter(has_text=re.compile(f"^{re.escape(start)}")))

    def wanted(self, value: float) -> dict[str, Any]:
        """The question whose answer is shown: PyTorch's value beside the sum of the terms."""
        for asked in reversed(self.asked):
            wanted: dict[str, Any] = asked
            answer = self.answer(wanted)
            if answer.get("value") == value:
                assert answer["stored"] or abs(answer["difference"]) <= 1e-9 * max(
                    answer["scale"], 1e-300
                )
                return wanted
        raise AssertionError(f"no answer of the server is {value}")

    def answer(self, wanted: dict[str, Any]) -> dict[str, Any]:
        """The server's, asked once."""
        key = json.dumps(wanted, sort_keys=True)
        if key not in self.answers:
            found = self.server.post(f"/api/v1/runs/{self.run}/explain", wanted)
            self.answers[key] = found.json()
        return dict(self.answers[key])

    def check(self) -> str:
        """What is read is the server's, is PyTorch's, and the page says that the sum agrees."""
        shown = self.shown()
        value = float(shown["value"])
        wanted = self.wanted(value)
        cell = wanted["cell"]
        role = str(cell["role"])
        if cell.get("operation") is None and role in TRACED:
            assert value == self.traced(wanted)
        assert shown["agree"] or shown["stored"] or not shown["summed"]
        return role

    def traced(self, wanted: dict[str, Any]) -> float:
        cell = wanted["cell"]
        body: dict[str, Any] = {
            k: wanted[k] for k in ("step", "samples", "precision") if k in wanted
        }
        body["roles"] = list(TRACED)
        key = json.dumps(body)
        if key not in self.traces:  # a pass does not change
            answer = self.server.post(f"/api/v1/runs/{self.run}/trace", body)
            assert answer.status == 200, answer.body
            self.traces[key] = load(answer.body)
        parts = [cell["node"], cell.get("tensor"), cell["role"]]
        tensor = self.traces[key][".".join(p for p in parts if p)]
        sample = cell.get("sample")
        index = tuple(cell["index"]) if sample is None else (sample, *cell["index"])
        return float(tensor[index])

    def walk(self, onward: Callable[[str], None]) -> None:
        """From a pixel to the loss, back by the δ's to a kernel's gradient and its update; every
        number on the way is checked. ``onward`` follows the first link that begins so."""
        assert self.name.startswith("input [0](")
        assert self.check() == "activation"
        forward = self.until_role(onward, "", "loss")
        nodes = list(dict.fromkeys(name.split(" ")[0] for name in forward))
        assert [n for n in nodes if n.startswith(("conv", "pool", "fc"))] == [
            *("conv1", "pool1", "conv2", "pool2", "fc1", "fc2", "fc3")
        ]
        back = self.until_role(onward, "δ", "sensitivity", "δ conv1")
        nodes = list(dict.fromkeys(name.split(" ")[1] for name in back))
        assert [n for n in nodes if n.startswith(("conv", "pool", "fc"))] == [
            *("fc3", "fc2", "fc1", "pool2", "conv2", "pool1", "conv1")
        ]
        assert self.value != 0
        onward("∂E/∂ conv1.weight")
        assert self.check() == "gradient"
        assert self.value != 0
        onward("conv1.weight new")
        assert self.check() == "update"

    def until_role(
        self, onward: Callable[[str], None], start: str, role: str, name: str = ""
    ) -> list[str]:
        """Onward until a number of this role and name; the names of all on the way."""
        seen = []
        for _ in range(40):
            onward(start)
            seen.append(self.name)
            if self.check() == role and self.name.startswith(name):
                return seen
        raise AssertionError(f"no {role} {name} on {seen}")


def layer(page: Page, node: str) -> None:
    page.locator(f'[data-card="{node}"] [data-open]').click()
    expect(page.get_by_role("button", name=f"{node} 0", exact=True)).to_be_visible()


def open_cell(cell: CellView, row: int, column: int) -> None:
    """Click a cell of the first map of conv1."""
    canvas = cell.page.get_by_role("button", name="conv1 0", exact=True)
    box = canvas.bounding_box()
    assert box
    place = {"x": (column + 0.5) * box["width"] / 28, "y": (row + 0.5) * box["height"] / 28}
    canvas.click(position=place)  # type: ignore[arg-type]
    expect(cell.head).to_contain_text(f"({row}, {column})")


class Keys:
    """A walk with the keyboard alone: the focus is visible at every stop."""

    def __init__(self, cell: CellView) -> None:
        self.cell, self.page = cell, cell.page

    def open_pixel(self) -> None:
        """From the network to the card of conv1, its input, a pixel of it, and into the number."""
        self.page.get_by_role("main", name="Network").focus()
        tab_to(self.page, self.page.locator('[data-card="conv1"] [data-open]'))
        self.page.keyboard.press("Enter")
        tab_to(self.page, self.page.get_by_role("button", name="input 0", exact=True))
        for key in ("ArrowDown", "ArrowLeft", "ArrowLeft", "Enter"):
            self.page.keyboard.press(key)
        expect(self.cell.head).to_be_visible()
        self.page.keyboard.press("c")
        tab_to(self.page, self.cell.region.get_by_role("tab", name="Made of"), 30)
        self.page.keyboard.press("ArrowRight")
        expect(self.cell.region.get_by_role("tab", name="Goes to")).to_be_focused()
        expect(self.cell.links("Goes to").first).to_be_visible()
        self.page.keyboard.press("Tab")

    def onward(self, start: str = "") -> None:
        """Down the list to the first link that begins so, and along it."""
        shown = until(lambda: (now := self.cell.shown())["focus"] == 0 and now, "the first link")
        assert shown["seen"]
        row = next(k for k, text in enumerate(shown["links"]) if text.startswith(start))
        for _ in range(row):
            self.page.keyboard.press("ArrowDown")
        self.page.keyboard.press("Enter")
        self.cell.moved(shown["name"])
