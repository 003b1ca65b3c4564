"""How heavy the page is, how soon it can be used, and how long a frame takes from worker to screen."""

from __future__ import annotations

from statistics import quantiles
from typing import Any

from playwright.sync_api import Page

from tests.browser.conftest import MEASURING, NewContext
from tests.browser.playground import Playground, until
from tests.support import LiveServer

MOST_BYTES = 400_000
_READY = """
(() => {
  const look = () => {
    const play = document.querySelector('section button.play');
    if (play && !play.disabled) window.interactive = performance.now();
    else requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
})();
"""
_FRAMES = """() => {
  window.frames_painted = [];
  window.addEventListener('glassnet:frame', (event) => window.frames_painted.push(event.detail));
}"""


def answered(page: Page, names: dict[str, str], sizes: dict[str, float]) -> bool:
    """Events of the network arrive only while Playwright is asked something."""
    page.wait_for_timeout(20)
    return set(names) == set(sizes)


def test_page_is_light_and_soon_interactive(
    context: NewContext, clean: LiveServer, figures: list[str]
) -> None:
    Playground(context().new_page(), clean.url).open()
    fresh = context()
    fresh.add_init_script(_READY)
    page = fresh.new_page()
    network = fresh.new_cdp_session(page)
    sizes: dict[str, float] = {}
    names: dict[str, str] = {}
    network.on(
        "Network.requestWillBeSent", lambda e: names.update({e["requestId"]: e["request"]["url"]})
    )
    network.on(
        "Network.loadingFinished", lambda e: sizes.update({e["requestId"]: e["encodedDataLength"]})
    )
    # A question that a newer one made needless is taken back: it has no answer to wait for.
    network.on("Network.loadingFailed", lambda e: sizes.update({e["requestId"]: 0.0}))
    network.send("Network.enable")
    playground = Playground(page, clean.url).open()
    until(lambda: playground.painted("conv2"), "the first picture")
    until(lambda: answered(page, names, sizes), "every answer")
    total = sum(sizes.values())
    ready = page.evaluate("window.interactive")
    figures.append(
        f"first load {total / 1000:.0f} kB in {len(sizes)} answers (bar: 400),"
        f" interactive after {ready:.0f} ms (bar: 1000)"
    )
    assert total <= MOST_BYTES
    assert ready <= 3000


def test_frames_are_painted_soon_after_they_left_the_worker(
    playground: Playground, lenet: str, figures: list[str]
) -> None:
    page = playground.open(lenet).page
    page.evaluate(_FRAMES)
    playground.play()
    wanted = 60 if MEASURING else 20
    frames: list[dict[str, Any]] = until(
        lambda: _enough(page.evaluate("window.frames_painted"), wanted), f"{wanted} frames"
    )
    playground.pause()
    delays = [1000 * (frame["painted"] - frame["sent"]) for frame in frames]
    cuts = quantiles(delays, n=20)
    figures.append(
        f"frame leaves the worker → painted: median {cuts[9]:.0f} ms, 95 % {cuts[18]:.0f} ms"
        f" (bars: 50, 100), {len(frames)} frames of {frames[-1]['bytes'] / 1000:.0f} kB"
    )
    assert cuts[9] < 500


def _enough(frames: list[dict[str, Any]], count: int) -> list[dict[str, Any]] | None:
    return frames if len(frames) >= count else None
