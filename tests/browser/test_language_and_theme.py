"""Both languages and both themes: every text is translated, the run goes on, the choice is kept."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import NewContext
from tests.browser.playground import Playground, until
from tests.support import LiveServer

_TEXTS = """() => {
  const found = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const parent = node.parentElement;
    if (parent.closest('script, style, [lang=en], code, math, .katex')) continue;
    if (node.textContent.trim()) found.push(node.textContent.trim());
  }
  for (const one of document.querySelectorAll('[aria-label], [title], [placeholder]'))
    for (const name of ['aria-label', 'title', 'placeholder'])
      if (one.getAttribute(name)) found.push(one.getAttribute(name));
  return found;
}"""
KEY = re.compile(
    r"\b(app|header|transport|state|runs?|data|training|parts|stage|health|banner|output|inspector"
    r"|curves|layer|common|gradient|prediction|draw|form|palette|timeline|samples|legend|call"
    r"|toasts|keys)\.[a-z]\w+\b|\{\w+\}|\bundefined\b"
)
CHINESE = re.compile(r"[\u4e00-\u9fff]")
WORD = re.compile(r"[A-Za-z]{3,}")
SAME_IN_CHINESE = re.compile(
    r"Glassnet|LeNet|MNIST|API|MAC|KiB|MiB|CPU|CUDA|cpu|cuda|SGD|Ada\w+|RMSprop|Xavier|LeCun|Nesterov|curl|Python|log"
    r"|(conv|relu|pool|flat|fc|tanh|input|drop)\d*|Shift|Ctrl|Del|Esc|Alt|Tab|Enter|[Ss]oftmax|bias|weight"
)


def _texts(page: Page) -> list[str]:
    found: list[str] = page.evaluate(_TEXTS)
    return found


def _untranslated(texts: list[str]) -> list[str]:
    return [
        text
        for text in texts
        if not CHINESE.search(text) and WORD.search(SAME_IN_CHINESE.sub("", text))
    ]


def test_no_key_and_no_english_is_left_in_chinese(context: NewContext, clean: LiveServer) -> None:
    page = context().new_page()
    playground = Playground(page, clean.url).open(language="zh")
    page.locator("details > summary").first.click()
    page.locator("[data-card=conv1] [data-open]").click()
    expect(page.get_by_role("region", name="层 conv1", exact=True)).to_be_visible()
    texts = _texts(page)
    playground.button("快捷键（?）").click()
    expect(page.get_by_role("dialog", name="快捷键")).to_be_visible()
    texts += _texts(page)
    assert [text for text in texts if KEY.search(text)] == []
    assert sorted(set(_untranslated(texts))) == []
    assert page.locator("html").get_attribute("lang") == "zh-Hans"


def test_no_key_is_left_in_english(playground: Playground) -> None:
    page = playground.open().page
    page.locator("details > summary").first.click()
    page.locator("[data-card=conv1] [data-open]").click()
    playground.button("Keys (?)").click()
    texts = _texts(page)
    assert [text for text in texts if KEY.search(text)] == []
    chinese = [text for text in texts if CHINESE.search(text)]
    expected = page.locator("[data-part] [lang=zh-Hans], header [lang=zh-Hans]").all_inner_texts()
    assert set(chinese) <= set(expected), "only the palette and the switch show Chinese names"


def test_the_other_language_keeps_the_run(
    playground: Playground, lenet: str, clean: LiveServer
) -> None:
    clean.command(lenet, "set_speed", steps_per_second=20)
    page = playground.open(lenet).page
    playground.play()
    before = playground.wait_step(lambda step: step > 3, "some steps")
    playground.button(re.compile("Change the language")).click()
    expect(page.locator("html")).to_have_attribute("lang", "zh-Hans")
    expect(playground.play_button).to_have_text(re.compile("暂停"))
    assert playground.page.evaluate("location.pathname") == "/zh/"
    assert playground.run == lenet
    until(lambda: int(playground.readout("步")) > before + 3, "the run goes on")
    page.reload()
    expect(playground.play_button).to_have_text(re.compile("暂停"))
    page.goto(clean.url + "/")
    expect(page.locator("html")).to_have_attribute("lang", "zh-Hans")
    playground.button(re.compile("切换语言")).click()
    expect(playground.play_button).to_have_text(re.compile("Play"))


@pytest.mark.parametrize(("system", "other"), [("light", "dark"), ("dark", "light")])
def test_theme_follows_the_system_until_it_is_chosen(
    context: NewContext, clean: LiveServer, system: str, other: str
) -> None:
    page = context(color_scheme=system).new_page()
    playground = Playground(page, clean.url).open()
    until(lambda: playground.painted("conv1"), "the maps")
    assert _is_dark(page) == (system == "dark")
    maps = playground.pixels("conv1")
    playground.button(f"{other.capitalize()} theme").click()
    expect(page.locator("html")).to_have_attribute("data-theme", other)
    until(lambda: _is_dark(page) == (other == "dark"), f"a {other} page")
    until(lambda: playground.pixels("conv1") != maps, "maps in the colours of the theme")
    page.reload()
    expect(playground.play_button).to_be_enabled()
    assert _is_dark(page) == (other == "dark")


def _is_dark(page: Page) -> bool:
    red, green, blue = map(
        int,
        re.findall(r"\d+", page.evaluate("getComputedStyle(document.body).backgroundColor"))[:3],
    )
    return red + green + blue < 3 * 128
