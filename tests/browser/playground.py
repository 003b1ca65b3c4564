"""The playground as a person meets it: controls by role and name, numbers as they are read.

Holds no assertion about Glassnet itself; ``until`` waits for what a test wants to see.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import Locator, Page, expect

from tests.waiting import PATIENCE_S, until

__all__ = ["PATIENCE_S", "Playground", "colours", "number", "pixels", "until"]

_PIXELS = "(canvas) => canvas.width && canvas.height ? canvas.toDataURL() : ''"
_COLOURS = """(canvas) => {
  const { width, height } = canvas;
  if (!width || !height) return 0;
  const copy = new OffscreenCanvas(width, height).getContext('2d', { willReadFrequently: true });
  copy.drawImage(canvas, 0, 0);
  return new Set(new Uint32Array(copy.getImageData(0, 0, width, height).data.buffer)).size;
}"""
_THIN_SPACE = "\u202f"


class Playground:
    """One tab with the page ``/`` in English."""

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self.url = url
        page.set_default_timeout(PATIENCE_S * 1000)

    # --- getting there ---------------------------------------------------------------------------

    def open(self, run: str | None = None, language: str = "en") -> Playground:
        """Load the page; with a run, the one that the address names."""
        self.page.goto(f"{self.url}/{language}/" + (f"#run={run}" if run else ""))
        expect(self.play_button).to_be_enabled()
        if run:
            until(lambda: self.run == run, "the run in the address")
        return self

    def choose_network(self, title: str) -> None:
        """A preset from the menu in the header; waits until its run rests at step 0."""
        before = self.run
        self.page.get_by_role("button", name=re.compile("^Choose a network")).click()
        self.page.get_by_role("menuitemradio", name=title).click()
        until(lambda: self.run not in (None, before), f"a run of {title}")
        expect(self.play_button).to_be_enabled()

    @property
    def run(self) -> str | None:
        """The run that the address names."""
        found = re.search(r"#run=(\w+)", str(self.page.evaluate("location.hash")))
        return found.group(1) if found else None

    # --- controls ---------------------------------------------------------------------------------

    def button(self, name: str | re.Pattern[str]) -> Locator:
        return self.page.get_by_role("button", name=name, exact=isinstance(name, str))

    @property
    def transport(self) -> Locator:
        return self.page.get_by_role("region", name=re.compile("^(Training|训练)$"))

    @property
    def play_button(self) -> Locator:
        return self.transport.get_by_role(
            "button",
            name=re.compile(
                "^(Play|Pause|Start new run|Train further|训练|暂停|开始新运行|继续训练)$"
            ),
        )

    def play(self) -> None:
        """Press Play and wait until it says Pause."""
        self.transport.get_by_role("button", name=re.compile("^(Play|Train further)$")).click()
        expect(self.transport.get_by_role("button", name="Pause", exact=True)).to_be_visible()

    def pause(self) -> int:
        """Press Pause; the step at which the run rests."""
        self.transport.get_by_role("button", name="Pause", exact=True).click()
        self.expect_state("paused")
        return self.step

    def expect_state(self, state: str) -> None:
        expect(self.page.locator("header .state")).to_have_text(state)

    # --- numbers -----------------------------------------------------------------------------------

    def readout(self, term: str) -> str:
        """A number of the transport by the word under it, as it is read."""
        word = re.compile(f"^{term}$")
        pair = self.transport.locator("dl > div").filter(has=self.page.locator("dt", has_text=word))
        return pair.locator("dd").inner_text().replace(_THIN_SPACE, "").strip()

    @property
    def step(self) -> int:
        return int(self.readout("step"))

    @property
    def epoch(self) -> float:
        return float(self.readout("epoch").split("/")[0])

    def wait_step(self, reached: Callable[[int], bool], what: str = "the step") -> int:
        """Wait for the step in the transport; the step then."""
        found = until(lambda: (self.step,) if reached(self.step) else None, what)
        return found[0]

    def curve(self, title: str, series: str) -> tuple[float, int] | None:
        """Latest value of a curve and its step, as a screen reader gets it; None while it is empty."""
        item = (
            self.page.get_by_role("region", name=title, exact=True)
            .get_by_role("listitem")
            .filter(has_text=re.compile(f"{series}: latest"))
        )
        if item.count() == 0:
            return None
        text = item.first.text_content() or ""
        found = re.search(r"latest (\S+) at step ([\d\s]+?)[.;]", text.replace(_THIN_SPACE, ""))
        assert found, text
        return number(found.group(1)), int(found.group(2))

    @property
    def prediction(self) -> list[tuple[str, str]]:
        """The rows of the prediction: name of the output, its value."""
        rows = self.page.get_by_role("region", name="Prediction").get_by_role("row")
        read: list[str] = rows.all_inner_texts()
        return [pair for row in read[1:] if (pair := _cells(row))]

    # --- pictures ----------------------------------------------------------------------------------

    def maps(self, node: str) -> Locator:
        """The maps in a card of the stage."""
        return self.page.get_by_role("listbox", name=f"Maps of {node}", exact=True)

    def card(self, node: str) -> Locator:
        return self.page.locator(f'[data-card="{node}"]')

    @property
    def cards(self) -> list[str]:
        """Identifiers of the cards, from left to right."""
        found: list[str] = self.page.locator("[data-card]").evaluate_all(
            "(all) => all.map((one) => one.dataset.card)"
        )
        return found

    def pixels(self, node: str) -> str:
        """What is painted in a card, to compare."""
        return pixels(self.maps(node).locator("canvas"))

    def pictures(self, *nodes: str) -> dict[str, str]:
        """What is painted in these cards, once all are."""
        for node in nodes:
            self.expect_painted(node)
        return {node: self.pixels(node) for node in nodes}

    def expect_painted(self, node: str) -> None:
        until(lambda: self.painted(node), f"a picture in {node}")

    def expect_repainted(self, before: dict[str, str]) -> None:
        """Every one of these cards shows something else now."""
        until(
            lambda: all(self.pixels(node) != old for node, old in before.items()),
            f"other pictures in {', '.join(before)}",
        )

    def painted(self, node: str) -> bool:
        """Whether a card shows a picture: more than a background and one colour."""
        return colours(self.maps(node).locator("canvas")) > 3


def pixels(canvas: Locator) -> str:
    return str(canvas.evaluate(_PIXELS))


def colours(canvas: Locator) -> int:
    """How many different colours a canvas has."""
    return int(canvas.evaluate(_COLOURS))


def number(text: str) -> float:
    """A number as the page writes it: thin spaces, a true minus, per cent, powers of ten."""
    plain = text.replace(_THIN_SPACE, "").replace("−", "-").rstrip("%").strip()
    found = re.fullmatch(r"(-?[\d.]+)·10([⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+)", plain)
    if not found:
        return float(plain)
    exponent = found.group(2).translate(str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789"))
    return float(f"{found.group(1)}e{exponent}")


def _cells(row: str) -> tuple[str, str] | None:
    parts = [part.strip() for part in re.split(r"[\t\n]+", row) if part.strip()]
    return (parts[0], parts[-1]) if len(parts) > 1 else None
