"""A Chinese text as a person meets it: read with what is expected next, trained, continued; one of one's own."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.browser.browser_axe import violations
from tests.browser.guard import Guard
from tests.browser.playground import Playground
from tests.support import LiveServer

POEM = "床前明月光，疑是地上霜。\n举头望明月，低头思故乡。\n"


def text_run(server: LiveServer) -> str:
    """A small LSTM that learns a poem by heart, at step 0."""
    spec = server.preset("lstm_digits")
    spec["training"]["dataset"] = {"type": "own_text", "text": POEM * 12, "length": 16}
    phase = spec["training"]["phases"][0]
    phase["epochs"], phase["batch_size"] = 10_000, 16
    phase["optimizer"] = {"type": "adam", "learning_rate": 0.02}
    spec["model"] = [
        {"type": "embedding", "size": 16},
        {"type": "lstm", "units": 48},
        {"type": "dense_steps", "units": len(set(POEM)) + 1},
    ]
    spec.pop("layout", None)
    return str(server.create(spec)["id"])


def test_a_chinese_text_is_trained_and_continued(
    playground: Playground, clean: LiveServer, guard: Guard
) -> None:
    page = playground.open(text_run(clean), "zh").page
    results = page.get_by_role("complementary").last
    reading = results.get_by_role("slider", name="网络读到的内容")
    expect(reading).to_contain_text("床前明月光，")
    # Its own first text is as good as any: every character is one of the poem's.
    newest = results.locator(".piece.newest")
    expect(newest).to_contain_text("第 0 步")
    own = page.get_by_label("随时输入自己的文本")
    guard.allow("status of 422.*tokens")
    own.fill("举头望喵")
    expect(page.get_by_text(re.compile("“喵”（第 4 个）不在“自己的文本”的词表中"))).to_be_visible()
    results.get_by_label("温度").fill("0")
    results.get_by_label("长度").fill("25")
    results.get_by_label("开头").fill("举头望明月，")
    results.get_by_role("button", name="续写", exact=True).click()
    expect(newest.locator("b")).to_have_text("举头望明月，")
    playground.play_button.click()
    # While it trains, a text of one's own is read, and what it writes comes to be the poem.
    own.fill("举头望明月")
    expect(reading).to_have_text(re.compile("举头望明月"))
    expect(newest).to_contain_text("举头望明月，低头思故乡。")
    reading.press("ArrowRight")
    expect(results.get_by_text("“头”之后，网络预期")).to_be_visible()
    expect(results.locator(".next li").first).to_contain_text("望")
    assert violations(results) == []
    # The loss as perplexity; the text in the card of the input and along the edge of the unrolled layer.
    page.get_by_role("radio", name="困惑度").click()
    expect(page.get_by_role("slider", name="困惑度，逐步读数")).to_be_visible()
    expect(page.locator('[data-card="input"] li').filter(has_text="月")).to_have_count(1)
    page.locator('[data-card="lstm1"] [data-open]').click()
    view = page.get_by_role("region", name=re.compile("lstm1")).first
    view.get_by_role("button", name="按时间").click()
    edge = view.locator('[data-track="words"]')
    expect(edge).to_have_attribute("aria-label", "读到的文本：举头望明月")
    assert violations(page) == []
