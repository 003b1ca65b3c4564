"""The labs of words as a person meets them: a sentence tagged, near words and their plane, a sentence judged."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
from playwright.sync_api import Page, expect
from safetensors.numpy import load

from tests.browser.browser_axe import violations
from tests.browser.guard import Guard
from tests.browser.playground import Playground, number
from tests.support import LiveServer

WORDS = {"type": "part_of_speech", "words": 500, "sentences": 200, "longest": 10}
JUDGED = {"type": "sentiment", "words": 300, "longest": 12}
READS: list[dict[str, Any]] = [{"type": "embedding", "size": 8}, {"type": "gru", "units": 8}]


def run_of(server: LiveServer, dataset: dict[str, Any], *layers: dict[str, Any]) -> str:
    training = {"dataset": dataset, "phases": [{"batch_size": 16, "epochs": 10_000}]}
    return str(server.create({"model": [*READS, *layers], "training": training})["id"])


def lab(page: Page, labs: str, name: str) -> None:
    page.get_by_role("button", name=labs, exact=True).click()
    page.get_by_role("menuitemradio", name=re.compile(f"^{name}")).click()


def nearest(server: LiveServer, run: str, plus: list[str], minus: list[str]) -> dict[str, float]:
    """The ten words with the largest cosine to a sum of unit vectors, by NumPy."""
    facts = server.post("/api/v1/datasets:describe", {"dataset": WORDS}).json()
    words = facts["vocabulary"]
    weights = load(server.get(f"/api/v1/runs/{run}/tensors").body)["embed1.weight"]
    unit = weights[1:].astype(np.float64)
    unit /= np.linalg.norm(unit, axis=1, keepdims=True)
    places = {word: k for k, word in enumerate(words[1:])}
    asked = sum(unit[places[w]] for w in plus) - sum(unit[places[w]] for w in minus)
    cosines = unit @ asked / np.linalg.norm(asked)
    for word in (*plus, *minus):
        cosines[places[word]] = -np.inf
    best = np.argsort(-cosines)[:10]
    return {words[1 + k]: float(cosines[k]) for k in best}


def test_words_are_tagged_and_have_neighbours(
    playground: Playground, clean: LiveServer, guard: Guard
) -> None:
    run = run_of(clean, WORDS, {"type": "dense_steps", "units": 12})
    page = playground.open(run).page
    lab(page, "Labs", "In your own words")
    panel = page.get_by_role("region", name="In your own words", exact=True)
    written = panel.get_by_label("A sentence")
    written.fill("The old Zork said.")
    words = panel.get_by_role("list").last.get_by_role("listitem")
    expect(words).to_have_count(5)
    expect(panel).to_contain_text("1 not among the known words")
    facts = clean.post("/api/v1/datasets:describe", {"dataset": WORDS}).json()
    sample = {"kind": "text", "text": "The old Zork said."}
    steps = clean.post(f"/api/v1/runs/{run}/predictions", {"sample": sample}).json()["steps"]
    pieces = ["The", "old", "Zork", "said", "."]
    for item, step, piece in zip(words.all(), steps, pieces, strict=True):
        label, share = step["top"][0]
        expect(item).to_contain_text(piece)
        expect(item).to_contain_text(facts["classes"][label]["en"])
        expect(item).to_contain_text(re.compile(rf"{100 * share:.0f}\s%"))
    expect(words.nth(2)).to_contain_text("‹Name›")
    written.fill("one two three four five six seven eight nine ten eleven")
    expect(panel.get_by_role("alert")).to_contain_text("10 words at most; this has 11")
    written.fill("The old man said.")
    playground.transport.get_by_role("button", name="batch", exact=True).click()
    expect(panel).to_contain_text("after step 1")
    assert violations(panel) == []
    guard.allow("status of 422.*neighbours")
    found_near(page, clean, run)


def found_near(page: Page, server: LiveServer, run: str) -> None:
    """Near words and sums of words, and their plane, in the lab of the same network."""
    lab(page, "Labs", "Word vectors")
    panel = page.get_by_role("region", name="Word vectors", exact=True)
    search = panel.get_by_role("textbox", name="Find near words")
    rows = panel.get_by_role("row")
    for sum_, plus, minus in (
        ("man", ["man"], []),
        ("man − he + she", ["man", "she"], ["he"]),
    ):
        search.fill(sum_)
        expected = nearest(server, run, plus, minus)
        expect(rows.first).to_contain_text(next(iter(expected)))
        expect(rows).to_have_count(10)
        for row, (word, cosine) in zip(rows.all(), expected.items(), strict=True):
            expect(row).to_contain_text(word)
            assert abs(number(row.inner_text().split()[-1]) - cosine) < 6e-4
    name = panel.get_by_role("img").get_attribute("aria-label") or ""
    shown = re.match(r"Map of (\d+) word vectors; nearest to man \+ she − he", name)
    assert shown is not None
    expect(panel.locator("svg g")).to_have_count(int(shown.group(1)))
    first = rows.first.get_by_role("button")
    chosen = first.inner_text()
    first.click()
    expect(search).to_have_value(chosen)
    search.fill("zyzzyva")
    expect(panel.get_by_role("alert")).to_contain_text("zyzzyva")


def test_a_sentence_is_judged_in_chinese(playground: Playground, clean: LiveServer) -> None:
    run = run_of(clean, JUDGED, {"type": "last_step"}, {"type": "dense", "units": 2})
    page = playground.open(run, "zh").page
    lab(page, "实验室", "自己输入")
    panel = page.get_by_role("region", name="自己输入", exact=True)
    panel.get_by_label("一个句子").fill("a wonderful film .")
    expect(panel).to_contain_text("4 个，至多 12 个")
    sample = {"kind": "text", "text": "a wonderful film ."}
    found = clean.post(f"/api/v1/runs/{run}/predictions", {"sample": sample}).json()
    for name, share in zip(("贬", "褒"), found["probabilities"], strict=True):
        row = panel.get_by_role("listitem").filter(has_text=name)
        expect(row).to_contain_text(re.compile(rf"{100 * share:.1f}\s?%"))
    expect(panel).to_contain_text("第 0 步之后")
