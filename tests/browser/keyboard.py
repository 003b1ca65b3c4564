"""Moves by the tab key that see to it that the focus can be seen on the way."""

from __future__ import annotations

from playwright.sync_api import Locator, Page

_FOCUS = """(goal) => {
  const one = document.activeElement;
  if (!one || one === document.body) return null;
  const ring = (of) => { const s = getComputedStyle(of);
    return s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) >= 1 || s.boxShadow !== 'none'; };
  const box = one.getBoundingClientRect();
  return {
    there: one === goal,
    what: one.outerHTML.slice(0, 140),
    ring: ring(one) || ring(one.parentElement) ||
      getComputedStyle(one.parentElement).borderColor === getComputedStyle(document.documentElement).getPropertyValue('--accent'),
    seen: box.width > 0 && box.height > 0,
  };
}"""


def tab_to(page: Page, goal: Locator, most: int = 80) -> int:
    """Press Tab until ``goal`` has the focus; how often that was."""
    there = goal.element_handle()
    for presses in range(1, most + 1):
        page.keyboard.press("Tab")
        focus = page.evaluate(_FOCUS, there)
        if focus is None:
            continue
        assert focus["seen"], focus["what"]
        assert focus["ring"], f"the focus is not visible on {focus['what']}"
        if focus["there"]:
            return presses
    raise AssertionError(f"{goal} is not reached by {most} presses of Tab")
