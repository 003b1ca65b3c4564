"""The labs as a person meets them: a turned digit, baselines beside the run, sums under a kernel."""

from __future__ import annotations

import re
from functools import partial

from playwright.sync_api import Locator, Page, expect
from safetensors.numpy import load

from tests.browser.browser_axe import violations
from tests.browser.conftest import NewContext, endless
from tests.browser.playground import Playground, number, pixels, until
from tests.support import LiveServer


def lab(page: Page, name: str) -> None:
    page.get_by_role("button", name="Labs", exact=True).click()
    page.get_by_role("menuitemradio", name=re.compile(f"^{name}")).click()


def test_turning_the_digit_changes_maps_and_prediction(playground: Playground, lenet: str) -> None:
    page = playground.open(lenet).page
    before = playground.pictures("conv1", "conv2")
    said = playground.prediction
    lab(page, "Invariance")
    panel = page.get_by_role("region", name="Invariance", exact=True)
    curve = panel.get_by_role("img", name=re.compile("^Chart: "))
    expect(curve).to_be_visible()
    turn = panel.get_by_role("slider", name="turn", exact=True)
    turn.focus()
    for _ in range(3):
        turn.press("PageUp")
    expect(turn).not_to_have_attribute("aria-valuetext", "0°")
    playground.expect_repainted(before)
    until(lambda: playground.prediction != said, "another prediction")
    turned = playground.pictures("conv1")
    assert violations(panel) == []
    bent = panel.get_by_role("slider", name="elastic", exact=True)
    bent.focus()
    bent.press("End")
    playground.expect_repainted(turned)
    once = playground.pictures("conv1")
    panel.get_by_role("button", name="Another random elastic bend").click()
    playground.expect_repainted(once)
    panel.get_by_role("button", name="Back to the original").click()
    expect(turn).to_have_attribute("aria-valuetext", "0°")
    playground.expect_repainted(turned)
    until(lambda: playground.prediction == said, "the first prediction")


def test_baselines_appear_beside_the_run(playground: Playground, clean: LiveServer) -> None:
    spec = clean.preset("digits8_mlp")
    page = playground.open(str(clean.create(spec)["id"])).page
    lab(page, "Baselines")
    panel = page.get_by_role("region", name="Baselines", exact=True)
    expect(panel.get_by_role("row", name=re.compile(spec["name"]))).to_contain_text("not trained")
    panel.get_by_role("button", name="Learn: Linear SVM").click()
    row = panel.get_by_role("row", name=re.compile("Linear SVM"))
    expect(row).to_contain_text("650")
    shares = [part for part in row.get_by_role("cell").all_inner_texts() if "%" in part]
    assert 85 < number(shares[0]) <= 100
    assert violations(panel) == []
    page.get_by_label("Options: Gradient boosting").click()
    rounds = panel.get_by_role("spinbutton", name="rounds")
    rounds.fill("3")
    rounds.press("Enter")
    panel.get_by_role("button", name="Learn: Gradient boosting").click()
    trees = panel.get_by_role("row", name=re.compile("Gradient boosting"))
    expect(trees).to_contain_text("with rounds 3")
    assert violations(panel) == []
    fewer = trees.get_by_role("cell").nth(1).inner_text()
    rounds.fill("6")
    rounds.press("Enter")
    panel.get_by_role("button", name="Again: Gradient boosting").click()
    expect(trees).to_contain_text("with rounds 6")
    assert number(trees.get_by_role("cell").nth(1).inner_text()) > number(fewer)


def test_a_cell_of_the_result_is_the_sum_of_its_products(
    context: NewContext, server: LiveServer
) -> None:
    page = context().new_page()
    page.goto(f"{server.url}/en/lab/kernels")
    result = page.get_by_role("button", name=re.compile("^Result: "))
    expect(page.get_by_text("result 128×128")).to_be_visible()
    box = result.bounding_box()
    assert box is not None
    heading = page.get_by_role("heading", name=re.compile("^Sum of cell"))
    first = heading.inner_text()
    page.mouse.move(box["x"] + 0.4 * box["width"], box["y"] + 0.4 * box["height"])
    expect(heading).not_to_have_text(first)
    products = page.locator("figure", has_text="products").locator(".cells span")
    terms = [number(text) for text in products.all_inner_texts()]
    assert len(terms) == 9
    value = number(page.locator(".sum b").inner_text())
    assert abs(sum(terms) - value) <= 9 * 0.0005 + 1e-4
    shown = pixels(result.locator("canvas"))
    page.get_by_role("button", name="Gaussian 5×5").click()
    until(lambda: pixels(result.locator("canvas")) != shown, "another result")
    expect(products).to_have_count(25)
    page.get_by_role("textbox", name="row 3, column 3", exact=True).fill("-100")
    page.keyboard.press("Tab")
    result.focus()
    result.press("ArrowRight")
    expect(heading).not_to_have_text(first)
    assert violations(page) == []


def test_the_kernel_slides_by_itself(context: NewContext, server: LiveServer) -> None:
    page = context(reduced_motion="reduce").new_page()
    page.goto(f"{server.url}/en/lab/kernels")
    expect(page.get_by_text(re.compile("^all 16.384 cells"))).to_be_visible()
    result = page.get_by_role("button", name=re.compile("^Result: "))
    whole = pixels(result.locator("canvas"))
    expect(page.get_by_role("radio", name="slow")).to_be_checked()
    page.get_by_role("button", name="One cell").click()
    expect(page.get_by_text(re.compile("^cell 1 of 16.384"))).to_be_visible()
    expect(page.get_by_role("heading", name=re.compile("^Sum of cell"))).to_contain_text("0")
    page.get_by_role("radio", name="fast").click()
    page.get_by_role("button", name="Slide", exact=True).click()
    expect(page.get_by_text(re.compile(r"^cell \d.\d\d\d of 16.384"))).to_be_visible()
    page.get_by_role("button", name="Pause").click()
    assert pixels(result.locator("canvas")) != whole
    assert violations(page) == []
    page.get_by_role("button", name="To the end").click()
    expect(page.get_by_text(re.compile("^all 16.384 cells"))).to_be_visible()
    assert pixels(result.locator("canvas")) == whole


def test_an_own_picture_is_not_sent_anywhere(context: NewContext, server: LiveServer) -> None:
    page = context().new_page()
    page.goto(f"{server.url}/zh/lab/kernels")
    expect(page.get_by_text("结果 128×128")).to_be_visible()
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url))
    picture = page.request.get(f"{server.url}/static/pictures/brick.png").body()
    chooser = page.locator("input[type=file]")
    chooser.set_input_files({"name": "own.png", "mimeType": "image/png", "buffer": picture})
    expect(page.get_by_role("button", name="自选图像")).to_have_attribute("aria-pressed", "true")
    assert sent == []
    chooser.set_input_files({"name": "no.png", "mimeType": "image/png", "buffer": b"nothing"})
    expect(page.get_by_role("alert")).to_contain_text("no.png")


def unlike(picture: Locator, others: list[str]) -> str | None:
    """What is painted, once it is none of those."""
    found = pixels(picture.locator("canvas").first)
    return None if found in others else found


def test_why_an_answer_is_what_it_is(playground: Playground, clean: LiveServer) -> None:
    """Four methods ask the same network of the same digit; what it says is what the network computes."""
    run = endless(clean, "digits8_cnn")
    page = playground.open(run).page
    path = f"/api/v1/runs/{run}"
    asked = clean.post(f"{path}/predictions", {"sample": {"kind": "stored", "index": 0}}).json()
    outputs = [float(one) for one in asked["outputs"]]
    best = outputs.index(max(outputs))
    lab(page, "Why this prediction?")
    panel = page.get_by_role("region", name="Why this prediction?", exact=True)

    def said(target: int) -> str:
        return f"step 0 · output {target} = {outputs[target]:.3f}".replace("-", "−")

    expect(panel).to_contain_text(said(best))
    shown: list[str] = []
    methods = {
        "saliency": "Saliency",
        "integrated_gradients": "Integrated gradients",
        "grad_cam": "Grad-CAM",
        "occlusion": "Occlusion",
    }
    for kind, title in methods.items():
        panel.get_by_label("Method").select_option(kind)
        picture = panel.get_by_role("button", name=f"{title} for {best}, over the input")
        shown.append(until(partial(unlike, picture, shown), f"a picture of its own for {title}"))
    panel.get_by_label("Method").select_option("integrated_gradients")
    other = (best + 3) % 10
    panel.get_by_label("Output to explain").select_option(str(other))
    expect(panel).to_contain_text(said(other))
    sums = panel.get_by_text(re.compile("^Σ = ")).inner_text()
    total, difference, missing = [number(one) for one in re.findall(r"−?\d+\.\d+", sums)]
    assert abs(total - difference - missing) < 2e-4
    assert abs(missing) < 0.02
    excited(page, clean, run)


def excited(page: Page, server: LiveServer, run: str) -> None:
    """The samples that excite a map: in order, as strong as they are, watched by a click."""
    card = page.locator('[data-card="conv1"]')
    card.locator("[data-open]").click()
    hand = page.get_by_role("region", name="conv1: By hand")
    hand.get_by_text("What excites it most").click()
    samples = hand.get_by_role("button", name=re.compile("^Watch training sample"))
    expect(samples).to_have_count(8)
    said = [str(one.get_attribute("aria-label")) for one in samples.all()]
    values = [number(one.split(": ")[-1]) for one in said]
    assert values == sorted(values, reverse=True)
    assert values[0] > values[-1]
    index = int(re.findall(r"\d+", said[0])[0])
    # That sample alone, looked at: its strongest cell of this map is the number that was said.
    body = {
        "roles": ["activation"],
        "nodes": ["relu1"],
        "samples": [{"kind": "stored", "split": "train", "index": index}],
    }
    held = load(server.post(f"/api/v1/runs/{run}/trace", body).body)
    assert abs(float(held["relu1.activation"][0, 0].max()) - values[0]) < 6e-4
    samples.first.click()
    expect(page.locator('[data-card="input"]')).to_contain_text(f"sample {index}")
    hand.get_by_role("radio", name="mean").click()
    expect(samples.first).not_to_have_accessible_name(said[0])
