"""One real server and one Chromium a process for the tests of this folder; a fresh context for every test.

They run in processes of their own (``make test``): Playwright's sync API and asyncio tests do not share
one. ``make bench ONLY=browser`` runs those that measure, alone.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Playwright, expect, sync_playwright

from tests.browser.guard import Guard
from tests.browser.playground import PATIENCE_S, Playground
from tests.support import LiveServer, live_server

ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
NAMES = ("chromium-headless-shell", "chromium")
SCREEN = {"width": 1280, "height": 720}
NewContext = Callable[..., BrowserContext]
expect.set_options(timeout=PATIENCE_S * 1000)

MEASURING = os.environ.get("GLASSNET_MEASURE") == "1"
"""Whether the figures are what the tests are run for."""
FIGURES = pytest.StashKey[list[str]]()


def pytest_configure(config: pytest.Config) -> None:
    config.stash[FIGURES] = []


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """What was measured on the way; slow machines make it larger and fail no test by it."""
    lines = terminalreporter.config.stash.get(FIGURES, [])
    if lines:
        terminalreporter.section("measured in the browser")
        for line in lines:
            terminalreporter.line(line)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "browser" in item.path.parts:
            item.add_marker(pytest.mark.browser)
            if "figures" in getattr(item, "fixturenames", ()):
                item.add_marker(pytest.mark.measured)


@pytest.fixture
def figures(pytestconfig: pytest.Config) -> list[str]:
    """Lines for the end of the report."""
    return pytestconfig.stash[FIGURES]


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as started:
        yield started


@pytest.fixture(scope="session")
def chromium(playwright: Playwright) -> Iterator[Browser]:
    """``GLASSNET_CHROMIUM``, else a Chromium of this machine, else Playwright's own."""
    program = os.environ.get("GLASSNET_CHROMIUM") or next(
        filter(None, map(shutil.which, NAMES)), None
    )
    browser = playwright.chromium.launch(executable_path=program, args=ARGUMENTS)
    yield browser
    browser.close()


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    with live_server(tmp_path_factory.mktemp("data")) as started:
        yield started


@pytest.fixture
def guard() -> Iterator[Guard]:
    """No test of this folder passes if a page logged an error."""
    watching = Guard()
    yield watching
    watching.check()


@pytest.fixture
def clean(server: LiveServer) -> Iterator[LiveServer]:
    """The server without any run or own data, before (what a page asked for may come late) and after."""
    emptied(server)
    yield server
    emptied(server)


def emptied(server: LiveServer) -> None:
    for run in server.get("/api/v1/runs?limit=100").json()["runs"]:
        server.request("DELETE", f"/api/v1/runs/{run['id']}")
    for own in server.get("/api/v1/own-data").json()["sets"]:
        server.request("DELETE", f"/api/v1/own-data/{own['digest']}")


@pytest.fixture
def context(chromium: Browser, guard: Guard, clean: LiveServer) -> Iterator[NewContext]:
    """Makes browser contexts, as many as a test wants; ``context(color_scheme="dark")``.

    They are closed before the runs are removed: a page must not see its run go away.
    """
    opened: list[BrowserContext] = []

    def new(**options: Any) -> BrowserContext:
        made = chromium.new_context(**{"viewport": SCREEN, "locale": "en-GB", **options})
        guard.watch(made)
        opened.append(made)
        return made

    yield new
    for one in opened:
        one.close()


@pytest.fixture
def playground(context: NewContext, clean: LiveServer) -> Playground:
    """A tab that has not been anywhere yet, on a server without runs."""
    return Playground(context().new_page(), clean.url)


@pytest.fixture
def lenet(clean: LiveServer) -> str:
    """A run of LeNet-5 that rests at step 0 and cannot end within a test."""
    return endless(clean, "lenet5")


@pytest.fixture
def circle(clean: LiveServer) -> str:
    """The same of the circle in a ring."""
    return endless(clean, "points_circle")


def endless(server: LiveServer, preset: str) -> str:
    spec = server.preset(preset)
    spec["training"]["phases"][0]["epochs"] = 10_000
    return str(server.create(spec)["id"])
