"""Collects what a page must never do: errors in the console, uncaught exceptions, CSP violations."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from playwright.sync_api import BrowserContext, ConsoleMessage, Error, Page, Request

_CSP_LISTENER = """
window.addEventListener('securitypolicyviolation', (event) =>
  console.error(`CSP: ${event.violatedDirective} blocked ${event.blockedURI}`));
"""
_ABORTED = "net::ERR_ABORTED"
"""What the page itself gave up: a check that a newer edit has overtaken."""


@dataclass
class Guard:
    """Errors of all pages of the contexts it watches. ``allow`` names those a test brings about."""

    errors: list[str] = field(default_factory=list)
    allowed: list[re.Pattern[str]] = field(default_factory=list)

    def watch(self, context: BrowserContext) -> None:
        context.add_init_script(_CSP_LISTENER)
        context.on("page", self._page)

    def allow(self, pattern: str) -> None:
        """Errors that match are part of the test, such as a connection that is cut on purpose."""
        self.allowed.append(re.compile(pattern))

    def check(self) -> None:
        """Fails on every error that no test has asked for."""
        unexpected = [one for one in self.errors if not any(p.search(one) for p in self.allowed)]
        assert unexpected == [], "\n".join(unexpected)

    def _page(self, page: Page) -> None:
        page.on("console", self._console)
        page.on("pageerror", self._exception)
        page.on("requestfailed", self._failed)

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.errors.append(f"{message.type}: {message.text} ({message.location.get('url')})")

    def _exception(self, error: Error) -> None:
        self.errors.append(f"exception: {error.message} {error.stack}")

    def _failed(self, request: Request) -> None:
        if request.failure != _ABORTED:
            self.errors.append(f"request: {request.url} {request.failure}")
