"""Runs axe-core in a page and reports what it finds serious or critical."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Locator, Page

from tests.support import ROOT

SOURCE = ROOT / "node_modules/axe-core/axe.min.js"
BAD = ("serious", "critical")
_RUN = """([within, only]) => axe.run(within ?? document, {
  resultTypes: ['violations'], ...(only && { runOnly: only }),
})"""
_SETTLED = """() => document.getAnimations()
  .filter((one) => one instanceof CSSTransition)
  .forEach((one) => one.finish())
"""


def violations(shown: Page | Locator, only: list[str] | None = None) -> list[str]:
    """One line for every element with a serious or critical violation: of a page, or of the part that is new."""
    page = shown.page if isinstance(shown, Locator) else shown
    part = shown.element_handle() if isinstance(shown, Locator) else None
    if not page.evaluate("typeof axe === 'object'"):
        page.evaluate(SOURCE.read_text(encoding="utf-8"))
    found: list[dict[str, Any]] = page.evaluate(_RUN, [part, only])["violations"]
    return [
        f"{rule['id']} ({rule['impact']}): {node['html'][:160]} | {node['failureSummary'][:300]}"
        for rule in found
        if rule["impact"] in BAD
        for node in rule["nodes"]
    ]


def violations_in_both_themes(shown: Page | Locator) -> list[str]:
    """The same, and what is wrong with the colours of the dark theme; the page is left in the light."""
    page = shown.page if isinstance(shown, Locator) else shown
    found = violations(shown)
    page.emulate_media(color_scheme="dark")
    page.evaluate(_SETTLED)
    found += [f"dark: {line}" for line in violations(shown, ["color-contrast"])]
    page.emulate_media(color_scheme="light")
    page.evaluate(_SETTLED)
    return found
