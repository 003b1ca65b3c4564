"""Own data by the file chooser, and points set by click: both are seen, and trained on."""

from __future__ import annotations

import base64
import json
import re

import numpy as np
from playwright.sync_api import FilePayload, expect
from safetensors.numpy import save

from tests.browser.guard import Guard
from tests.browser.playground import Playground, colours, pixels, until
from tests.own.files import shades, zipped

TABLE = "length,kind\n" + "".join(f"{i % 2 + i / 1000},{'ab'[i % 2]}\n" for i in range(80))


def bring(playground: Playground, name: str, content: bytes) -> None:
    """Open the window for own data and choose a file."""
    page = playground.page
    page.get_by_role("button", name=re.compile("^Data set:")).click()
    page.get_by_role("menuitemradio", name="Own data…").click()
    kind = "application/octet-stream"
    file = FilePayload(name=name, mimeType=kind, buffer=content)
    page.locator("input[type=file]").set_input_files(file)


def train(playground: Playground) -> None:
    """Take the small network that is offered, and train it a little."""
    page = playground.page
    page.get_by_role("button", name="Use a small network that fits").click()
    expect(page.get_by_role("button", name="Use a small network that fits")).to_be_hidden()
    epochs = page.get_by_role("spinbutton", name="epochs", exact=True)
    if not epochs.is_visible():
        page.locator("summary", has_text="Training").first.click()
    # A few samples are trained on to the end faster than anybody sees it.
    epochs.fill("10000")
    epochs.press("Enter")
    playground.transport.get_by_role("button", name=re.compile("^(Play|Start new run)$")).click()
    playground.expect_state("training")
    until(lambda: playground.curve("Loss", "train"), "a loss")


def test_table_and_pictures_are_brought_seen_and_trained_on(playground: Playground) -> None:
    page = playground.open().page
    bring(playground, "flowers.csv", f"{TABLE}oops,a\n1,2,3\n".encode())
    expect(page.get_by_text("2 problems")).to_be_visible()
    expect(page.get_by_text(re.compile("line 82 · length"))).to_be_visible()
    expect(page.get_by_role("columnheader", name=re.compile("length.*number"))).to_be_visible()
    page.get_by_role("textbox", name="licence").fill("CC0")
    page.get_by_role("textbox", name="licence").press("Enter")
    page.get_by_role("button", name="Train on it").click()
    expect(playground.button("Data set: flowers")).to_be_visible()
    expect(page.get_by_text(re.compile("^CC0 · flowers.csv"))).to_be_visible()
    train(playground)
    page.get_by_role("spinbutton", name="length").fill("0.9")
    page.get_by_role("spinbutton", name="length").press("Enter")
    expect(page.get_by_text("your own row", exact=True)).to_be_visible()
    until(lambda: [name for name, _ in playground.prediction] == ["a", "b"], "both classes")

    bring(playground, "nothing.csv", b"only\n1\n2\n")
    expect(page.get_by_role("alert").filter(has_text="one column only")).to_be_visible()
    zip_file = zipped({**shades("cat", "dog", each=12), "cat/broken.png": b"no"})
    page.locator("input[type=file]").set_input_files(
        FilePayload(name="pets.zip", mimeType="application/zip", buffer=zip_file)
    )
    expect(page.get_by_text("cat/broken.png")).to_be_visible()
    page.get_by_role("button", name="Train on it").first.click()
    expect(playground.button("Data set: pets")).to_be_visible()
    train(playground)


def test_the_header_of_a_table_is_as_the_user_says(playground: Playground) -> None:
    page = playground.open().page
    years = "2019,2020\n" + "".join(f"{i},{i % 2}\n" for i in range(30))
    bring(playground, "years.csv", years.encode())
    expect(page.get_by_role("columnheader", name=re.compile("column 1"))).to_be_visible()
    page.get_by_label("first row", exact=True).select_option("names the columns")
    expect(page.get_by_role("columnheader", name=re.compile("2019"))).to_be_visible()
    page.get_by_label("separator").select_option("tab")
    expect(page.get_by_role("alert").filter(has_text="With the separator “tab”")).to_be_visible()


DROP = """([name, content]) => {
  const data = new DataTransfer();
  const bytes = Uint8Array.from(atob(content), (one) => one.charCodeAt(0));
  data.items.add(new File([bytes], name));
  const stage = document.querySelector('#stage');
  for (const kind of ['dragover', 'drop']) {
    const event = new DragEvent(kind, { dataTransfer: data, bubbles: true, cancelable: true });
    stage.dispatchEvent(event);
    if (kind === 'dragover') window.veiled = event.defaultPrevented;
  }
  return window.veiled;
}"""


def drop(playground: Playground, name: str, content: bytes) -> None:
    """Drag a file from outside over the network and let it go there."""
    assert playground.page.evaluate(DROP, [name, base64.b64encode(content).decode()])


def test_files_are_dropped_on_the_page(playground: Playground, guard: Guard) -> None:
    guard.allow(r"status of 422")
    page = playground.open().page
    drop(playground, "dropped.csv", TABLE.encode())
    dialog = page.get_by_role("dialog", name="Own data")
    expect(dialog.get_by_role("columnheader", name=re.compile("length.*number"))).to_be_visible()
    drop(playground, "animals.zip", zipped(shades("cat", "dog", each=13)))
    expect(dialog.get_by_role("button", name="Show animals", expanded=True)).to_be_visible()
    page.keyboard.press("Escape")
    spec = {
        "name": "Dropped in",
        "model": [{"type": "flatten"}, {"type": "dense", "units": 10}],
        "training": {"dataset": {"type": "digits8"}},
    }
    drop(playground, "net.json", json.dumps(spec).encode())
    expect(page.get_by_text("The network was opened")).to_be_visible()
    expect(page.get_by_text("Dropped in").first).to_be_visible()
    weights = {"fc1.weight": np.zeros((10, 64), np.float32), "fc1.bias": np.ones(10, np.float32)}
    drop(playground, "w.safetensors", save(weights))
    expect(page.get_by_text("Weights imported")).to_be_visible()
    drop(playground, "bad.safetensors", save({"other": np.zeros(3, np.float32)}))
    expect(
        page.get_by_role("alert").filter(has_text="bad.safetensors could not be imported")
    ).to_be_visible()
    page.keyboard.press("Escape")
    drop(playground, "letter.docx", b"PK")
    expect(page.get_by_text("Only networks (.json), weights (.safetensors)").first).to_be_visible()


def test_points_are_set_by_click_and_by_keys(playground: Playground) -> None:
    page = playground.open().page
    playground.choose_network("Circle in a ring")
    plane = page.get_by_role("button", name=re.compile("^(Output over the plane|The plane)"))
    until(lambda: colours(plane.locator("canvas").last) > 3, "the points")
    page.get_by_role("button", name="Edit these points").click()
    expect(page.get_by_text(re.compile("^500 of 2.000 points"))).to_be_visible()
    page.get_by_role("button", name="Clear all").click()
    page.get_by_role("button", name="More classes").click()
    for number in range(3):
        page.get_by_role("radio", name=f"class {number + 1}", exact=True).click()
        for step in range(4):
            plane.click(position={"x": 40 + 60 * number, "y": 40 + 30 * step})
    expect(page.get_by_text(re.compile("^12 of"))).to_be_visible()
    plane.press("ArrowRight")
    plane.press("Enter")
    expect(page.get_by_text(re.compile("^13 of"))).to_be_visible()
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text(re.compile("^12 of"))).to_be_visible()
    train(playground)
    field = plane.locator("canvas").first
    until(lambda: colours(field) > 10, "a map of three classes")
    assert pixels(field)
