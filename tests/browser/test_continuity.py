"""Nothing is lost: reload, a second tab, a closed tab, a server that stops and starts again."""

from __future__ import annotations

import re
from pathlib import Path

from playwright.sync_api import expect

from tests.browser.conftest import NewContext, endless
from tests.browser.guard import Guard
from tests.browser.playground import Playground, until
from tests.support import LiveServer, live_server, start_server

CONNECTION_LOST = re.compile("^No connection to the server")


def _step_of(server: LiveServer, run: str) -> int:
    return int(server.get(f"/api/v1/runs/{run}").json()["step"])


def test_reload_second_tab_and_closed_tab(
    context: NewContext, clean: LiveServer, lenet: str
) -> None:
    clean.command(lenet, "set_speed", steps_per_second=20)
    here = context()
    first = Playground(here.new_page(), clean.url).open(lenet)
    first.play()
    reached = first.wait_step(lambda step: step > 5, "some steps")

    first.page.reload()
    expect(first.play_button).to_have_text(re.compile("Pause"))
    assert first.run == lenet
    assert first.step >= reached
    loss = until(lambda: first.curve("Loss", "train"), "the curve from before the reload")
    assert loss[1] >= reached

    second = Playground(here.new_page(), clean.url).open(lenet)
    expect(second.play_button).to_have_text(re.compile("Pause"))
    seen = second.step
    second.wait_step(lambda step: step > seen, "the second tab moves too")
    rested = second.pause()
    first.expect_state("paused")
    first.wait_step(lambda step: step == rested, "the same step in the first tab")
    for node in ("conv1", "fc3"):
        until(lambda node=node: first.pixels(node) == second.pixels(node), f"the same {node}")  # type: ignore[misc]
    assert first.curve("Loss", "train") == second.curve("Loss", "train")

    first.play()
    expect(second.play_button).to_have_text(re.compile("Pause"))
    here.close()
    closed = _step_of(clean, lenet)
    until(lambda: _step_of(clean, lenet) > closed + 10, "training without any tab")


def test_runs_that_an_edit_replaced_do_not_stay_behind(
    playground: Playground, clean: LiveServer
) -> None:
    """One that has not made a step is removed; one that has is kept, at rest."""

    def runs() -> list[tuple[str, int]]:
        listed = clean.get("/api/v1/runs?limit=100").json()["runs"]
        return [(str(one["id"]), int(one["step"])) for one in listed]

    playground.open()
    for title in ("Circle in a ring", "Two spirals", "Circle in a ring"):
        playground.choose_network(title)
        until(lambda: [id for id, _ in runs()] == [playground.run], "one run only")
    playground.play()
    playground.wait_step(lambda step: step > 0, "a step")
    trained = playground.run
    playground.pause()
    playground.card("fc1").get_by_role("button", name="fc1", exact=True).click()
    inspector = playground.page.get_by_role("region", name="Layer fc1", exact=True)
    for units in ("5", "6", "7"):
        field = inspector.get_by_role("spinbutton", name="units", exact=True)
        field.fill(units)
        field.press("Enter")
        edited = playground.run
        playground.transport.get_by_role("button", name="batch", exact=True).click()
        until(lambda edited=edited: playground.run not in (None, edited), "a run of the edited net")  # type: ignore[misc]
        playground.expect_state("paused")
    kept = runs()
    assert trained in [id for id, _ in kept]
    assert [id for id, step in kept if step == 0 and id != playground.run] == []


def test_server_stops_and_starts_again(context: NewContext, guard: Guard, tmp_path: Path) -> None:
    guard.allow("WebSocket connection to|ERR_CONNECTION_REFUSED|ERR_EMPTY_RESPONSE")
    with live_server(tmp_path) as server:
        run = endless(server, "lenet5")
        playground = Playground(context().new_page(), server.url).open(run)
        page = playground.page
        playground.play()
        playground.wait_step(lambda step: step > 30, "some steps")
        assert server.stop() in (0, -15)
        expect(page.get_by_text(CONNECTION_LOST)).to_be_visible()
        reached = playground.step
        curve = until(lambda: playground.curve("Loss", "train"), "the curve is still there")

        again = start_server(tmp_path, "--port", str(server.port))
        try:
            assert again.port == server.port
            expect(page.get_by_text(CONNECTION_LOST)).to_have_count(0)
            playground.wait_step(lambda step: step > reached, "it trains on by itself")
            later = playground.curve("Loss", "train")
            assert later is not None
            assert later[1] >= curve[1]
            until(lambda: playground.painted("conv2"), "live maps")
            playground.pause()
        finally:
            again.stop()


def test_a_run_whose_folder_is_away_is_held_and_says_so(
    context: NewContext, guard: Guard, tmp_path: Path
) -> None:
    guard.allow("503|WebSocket connection to|ERR_CONNECTION_REFUSED")
    data = tmp_path / "data"
    with live_server(data) as server:
        run = endless(server, "points_circle")
        server.command(run, "set_speed", steps_per_second=20)
        playground = Playground(context().new_page(), server.url).open(run)
        banner = playground.page.get_by_text(re.compile("^Paused: .*removed or replaced"))
        playground.play()
        playground.wait_step(lambda step: step > 5, "some steps")
        data.rename(tmp_path / "elsewhere")
        expect(banner).to_be_visible()
        (tmp_path / "elsewhere").rename(data)
        expect(banner).to_have_count(0)
        held = playground.step
        playground.wait_step(lambda step: step > held, "it trains on by itself")


def test_whoever_logs_out_is_asked_for_the_token(
    context: NewContext, guard: Guard, tmp_path: Path
) -> None:
    guard.allow("401")
    token = "a token that is long enough"
    with live_server(tmp_path, GLASSNET_TOKEN=token) as server:
        page = context().new_page()
        page.goto(server.url)
        page.get_by_label("Token").fill(token)
        page.get_by_role("button", name="Enter").click()
        playground = Playground(page, server.url)
        expect(playground.play_button).to_be_visible()
        page.get_by_role("button", name="Log out").click()
        expect(page.get_by_label("Token")).to_be_visible()
        page.go_back()
        page.reload()
        expect(page.get_by_label("Token")).to_be_visible()
