"""A network that gives back its input: the picture, its reconstruction and the difference, side by side."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, expect

from tests.browser.playground import Playground, colours, number, pixels, until


def _loss(panel: Locator) -> float:
    row = panel.locator("dl > div").filter(has_text="loss of this sample")
    return number(row.locator("dd").inner_text())


def test_the_reconstruction_appears_beside_the_original(playground: Playground) -> None:
    page = playground.open().page
    playground.choose_network("Convolutional autoencoder")
    panel = page.get_by_role("region", name="Reconstruction")
    pictures = {
        name: panel.get_by_role("img", name=name, exact=True).locator("canvas")
        for name in ("input", "output", "output − input")
    }
    for picture in pictures.values():
        until(lambda picture=picture: colours(picture) > 10, "a picture")  # type: ignore[misc]
    original, untrained = pixels(pictures["input"]), pixels(pictures["output"])
    first = _loss(panel)

    playground.play()
    until(lambda: playground.curve("Loss", "validation"), "a validation")
    until(lambda: pixels(pictures["output"]) != untrained, "another reconstruction")
    until(lambda: _loss(panel) < first / 2, "a loss half as large")
    playground.pause()
    assert pixels(pictures["input"]) == original
    assert playground.card("conv4").get_by_text("Sigmoid").count() == 1
    expect(page.get_by_text("there is no right or wrong")).to_be_visible()
    expect(page.get_by_role("region", name="Accuracy")).to_have_count(0)
    expect(page.get_by_role("region", name="Prediction")).to_have_count(0)

    page.get_by_role("option", name=re.compile(r"^sample 3, label")).click()
    until(lambda: pixels(pictures["input"]) != original, "another sample")
