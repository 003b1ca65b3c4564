"""Runs axe-core in a page and reports what it finds serious or critical."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Page

from tests.support import ROOT

SOURCE = ROOT / "node_modules/axe-core/axe.min.js"
BAD = ("serious", "critical")
_RUN = "() => axe.run(document, { resultTypes: ['violations'] })"


def violations(page: Page) -> list[str]:
    """One line for every element with a serious or critical violation, as the page stands."""
    if not page.evaluate("typeof axe === 'object'"):
        page.evaluate(SOURCE.read_text(encoding="utf-8"))
    found: list[dict[str, Any]] = page.evaluate(_RUN)["violations"]
    return [
        f"{rule['id']} ({rule['impact']}): {node['html'][:160]} | {node['failureSummary'][:300]}"
        for rule in found
        if rule["impact"] in BAD
        for node in rule["nodes"]
    ]
