"""The page in a real browser: what it weighs, how soon it can be used, and how fresh its pictures are.

A frame's age is taken when the browser has finished the picture that shows it: the task after the
animation frame in which the page drew it.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from statistics import median
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from benchmarks._report import at_most, percentile, plain, show
from benchmarks._serve import PATIENCE, Server, chromium, server

LOADS = 5
PLAYS = 10
WATCH_SECONDS = 20
SIZE = {"width": 1440, "height": 900}

RECORDER = """
(() => {
  const log = (window.__bench = { ready: null, clicked: null, curve: null, maps: null, ages: [] });
  const steps = new Map();
  let metrics = false;
  const painted = (then) => {
    const channel = new MessageChannel();
    channel.port1.onmessage = () => { channel.port1.close(); then(performance.now()); };
    channel.port2.postMessage(null);
  };
  const seen = (data) => {
    if (typeof data === 'string') {
      metrics ||= log.clicked !== null && data.includes('"type":"metrics"');
      return;
    }
    const size = Number(new DataView(data).getBigUint64(0, true));
    const head = JSON.parse(new TextDecoder().decode(new Uint8Array(data, 8, size)));
    steps.set(Number(head.__metadata__.sent), Number(head.__metadata__.step));
  };
  window.WebSocket = class extends WebSocket {
    constructor(...given) {
      super(...given);
      this.addEventListener('message', (message) => seen(message.data));
    }
  };
  const stroke = CanvasRenderingContext2D.prototype.stroke;
  CanvasRenderingContext2D.prototype.stroke = function (...given) {
    stroke.apply(this, given);
    if (metrics && log.curve === null && this.canvas.closest('.uplot')) {
      log.curve = 0;
      requestAnimationFrame(() => painted((now) => (log.curve = now - log.clicked)));
    }
  };
  window.addEventListener('glassnet:frame', (event) => {
    const sent = event.detail.sent;
    const step = steps.get(sent);
    steps.delete(sent);
    painted((now) => {
      log.ages.push(performance.timeOrigin + now - 1000 * sent);
      if (log.clicked !== null && log.maps === null && step > 0) log.maps = now - log.clicked;
    });
  });
  document.addEventListener('click', (event) => {
    if (event.target.closest('.play')) log.clicked ??= event.timeStamp;
  }, true);
  const watch = new MutationObserver(() => {
    if (log.ready !== null || !document.querySelector('.play:enabled')) return;
    log.ready = 0;
    watch.disconnect();
    requestAnimationFrame(() => painted((now) => (log.ready = now)));
  });
  watch.observe(document, { subtree: true, childList: true, attributes: true });
})();
"""


@contextmanager
def browser() -> Iterator[Browser]:
    """A headless Chromium, the one that the browser tests use."""
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
        try:
            yield started
        finally:
            started.close()


def opened(context: BrowserContext, to: Server) -> Page:
    """The page in a new tab, ready to be used."""
    page = context.new_page()
    page.add_init_script(RECORDER)
    page.goto(f"{to.url}/en/")
    wait(page, "window.__bench.ready > 0")
    return page


def wait(page: Page, expression: str) -> None:
    """Until an expression is true; Playwright's own way needs eval, which the page's policy forbids."""
    end = time.monotonic() + PATIENCE
    while not page.evaluate(expression):
        if time.monotonic() > end:
            raise TimeoutError(expression)
        page.wait_for_timeout(50)


def record(page: Page) -> dict[str, Any]:
    return dict(page.evaluate("window.__bench"))


def first_load(started: Browser, to: Server) -> tuple[int, int, float]:
    """(bytes over the network, requests, milliseconds until Play can be pressed), nothing cached."""
    context = started.new_context(viewport=SIZE)  # type: ignore[arg-type]
    page = context.new_page()
    sizes: list[int] = []
    network = context.new_cdp_session(page)
    network.on("Network.loadingFinished", lambda e: sizes.append(int(e["encodedDataLength"])))
    network.send("Network.enable")
    page.add_init_script(RECORDER)
    page.goto(f"{to.url}/en/")
    wait(page, "window.__bench.ready > 0")
    page.wait_for_load_state("networkidle")
    ready = float(record(page)["ready"])
    context.close()
    return sum(sizes), len(sizes), ready


def play(started: Browser, to: Server) -> tuple[float, float]:
    """Milliseconds from the press of Play to the first point of a curve and the first trained maps."""
    context = started.new_context(viewport=SIZE)  # type: ignore[arg-type]
    page = opened(context, to)
    page.locator(".play").click()
    wait(page, "window.__bench.curve > 0 && window.__bench.maps > 0")
    found = record(page)
    remove_run(page, to)
    context.close()
    return float(found["curve"]), float(found["maps"])


def remove_run(page: Page, to: Server) -> None:
    run = page.evaluate("new URLSearchParams(location.hash.slice(1)).get('run')")
    to.call("DELETE", f"/runs/{run}")


def ages(started: Browser, to: Server) -> tuple[list[float], float]:
    """Ages in milliseconds of the frames of some seconds of training, and frames a second."""
    context = started.new_context(viewport=SIZE)  # type: ignore[arg-type]
    page = opened(context, to)
    page.locator(".play").click()
    wait(page, "window.__bench.maps > 0")
    page.wait_for_timeout(1000)
    page.evaluate("window.__bench.ages.length = 0")
    page.wait_for_timeout(1000 * WATCH_SECONDS)
    found = [float(age) for age in record(page)["ages"]]
    remove_run(page, to)
    context.close()
    return found, len(found) / WATCH_SECONDS


def main() -> None:
    """Run it."""
    with server() as to, browser() as started:
        loads = [first_load(started, to) for _ in range(LOADS)]
        plays = [play(started, to) for _ in range(PLAYS)]
        found, rate = ages(started, to)
    curves, maps = zip(*plays, strict=True)
    both = [max(pair) for pair in plays]
    rows = [
        at_most("first load, compressed", max(size for size, _, _ in loads) / 1000, 400, "kB"),
        plain("… requests", max(count for _, count, _ in loads), ""),
        at_most("until Play can be pressed", median(ready for _, _, ready in loads), 1000, "ms"),
        at_most("Play → curve and maps on screen", median(both), 1000, "ms"),
        plain("… first point of a curve", median(curves), "ms"),
        plain("… first trained feature maps", median(maps), "ms"),
        plain("… slowest of all", max(both), "ms"),
        at_most("frame leaves the worker → painted, median", median(found), 50, "ms"),
        at_most("… 95 %", percentile(found, 0.95), 100, "ms"),
        plain("… frames painted a second", rate, "", 1),
    ]
    show(f"the page, {LOADS} loads, {PLAYS} plays, {len(found)} frames", rows)


if __name__ == "__main__":
    main()
