"""Shares of taps: nobody who wants something goes without while another has two more, and nothing is wasted."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from app.runs.shares import shares

MOST = 16
TABS = st.lists(
    st.tuples(st.sampled_from("abcd"), st.lists(st.integers(0, 40), max_size=4, unique=True)),
    max_size=30,
)


def wishes(tabs: list[tuple[str, list[int]]]) -> list[tuple[str, list[str]]]:
    return [(client, [str(tap) for tap in taps]) for client, taps in tabs]


def of(client: str, tabs: list[tuple[str, list[str]]]) -> set[str]:
    return {tap for name, taps in tabs if name == client for tap in taps}


@given(TABS)
def test_nothing_is_wasted_and_nothing_invented(tabs: list[tuple[str, list[int]]]) -> None:
    given_ = wishes(tabs)
    wanted = {tap for _, taps in given_ for tap in taps}
    chosen = shares(given_, MOST)
    assert len(chosen) == len(set(chosen)) == min(MOST, len(wanted))
    assert set(chosen) <= wanted


@given(TABS)
def test_no_client_has_two_more_than_one_that_wants_another(
    tabs: list[tuple[str, list[int]]],
) -> None:
    """Where clients want different things, so that nobody has something through another."""
    given_ = [(client, [client + tap for tap in taps]) for client, taps in wishes(tabs)]
    chosen = set(shares(given_, MOST))
    has = {client: len(of(client, given_) & chosen) for client, _ in given_}
    for client, count in has.items():
        if count < len(of(client, given_)):
            assert all(other <= count + 1 for other in has.values())


def test_more_tabs_give_nobody_more() -> None:
    greedy = [("a", [f"a{tab}{n}" for n in range(4)]) for tab in range(50)]
    chosen = shares([*greedy, ("b", ["b0", "b1", "b2", "b3"])], MOST)
    assert {tap for tap in chosen if tap[0] == "b"} == {"b0", "b1", "b2", "b3"}


def test_tabs_of_one_client_share_too() -> None:
    tabs = [("a", [f"{tab}{n}" for n in range(4)]) for tab in "vwxyz"]
    chosen = shares(tabs, MOST)
    assert [sum(tap[0] == tab for tap in chosen) for tab in "vwxyz"] == [4, 3, 3, 3, 3]


def test_what_all_want_costs_one_place() -> None:
    assert shares([("a", ["x"]), ("b", ["x"]), ("a", ["x", "y"])], 2) == ["x", "y"]
