"""Word vectors, tagging and judging through REST, by real workers."""

from __future__ import annotations

from typing import Any

from tests.support import LiveServer

TAGGER: list[dict[str, Any]] = [
    {"type": "embedding", "size": 8},
    {"type": "gru", "units": 8},
    {"type": "dense_steps", "units": 12},
]


def spec(model: list[dict[str, Any]], **dataset: Any) -> dict[str, Any]:
    return {"model": model, "training": {"dataset": dataset, "phases": [{"batch_size": 16}]}}


def test_near_words_and_their_plane_of_a_run(server: LiveServer) -> None:
    dataset = {"type": "part_of_speech", "words": 500, "sentences": 200, "longest": 10}
    run = server.create(spec(TAGGER, **dataset))["id"]
    server.command(run, "step", unit="batch", count=1)
    path = f"/api/v1/runs/{run}"
    near = server.post(f"{path}/neighbours", {"plus": ["man"], "count": 3})
    assert near.status == 200, near.body
    cosines = [one["cosine"] for one in near.json()["neighbours"]]
    assert cosines == sorted(cosines, reverse=True)
    assert len(cosines) == 3
    flat = server.post(f"{path}/projections", {"words": ["man"], "count": 20, "start": 13})
    assert flat.status == 200, flat.body
    assert flat.json()["places"][0]["word"] == "man"
    assert len(flat.json()["places"]) in (20, 21)
    for body, code, pointer in (
        ({"plus": ["zyzzyva"]}, "unknown_token", "/plus/0"),
        ({"plus": ["man"], "minus": ["man"]}, "no_direction", "/plus"),
        ({"plus": ["man"], "node": "gru1"}, "no_embedding", "/node"),
        ({"plus": []}, "too_short", "/plus"),
    ):
        refused = server.post(f"{path}/neighbours", body)
        assert refused.status == 422
        problem = refused.json()["problems"][0]
        assert (problem["code"], problem["pointer"]) == (code, pointer)
        assert problem["message"]["en"] != problem["message"]["zh"]

    tagged = server.post(
        f"{path}/predictions", {"sample": {"kind": "text", "text": "The Zork said."}}
    )
    assert tagged.status == 200, tagged.body
    steps = tagged.json()["steps"]
    assert len(steps) == 4
    assert all(len(step["top"]) == 5 and 0 <= step["label"] < 12 for step in steps)
    read = server.post("/api/v1/datasets:tokens", {"dataset": dataset, "text": "The Zork said."})
    assert read.status == 200, read.body
    assert [one["known"] for one in read.json()["tokens"]] == [True, False, True, True]
    assert read.json()["tokens"][1] == {
        "written": "Zork",
        "token": 2,
        "shown": "‹Name›",
        "known": False,
    }
    assert read.json()["limit"] == 10
    server.request("DELETE", path)


def test_what_is_no_text_has_no_tokens(server: LiveServer) -> None:
    for body, code, pointer in (
        ({"dataset": {"type": "digits8"}, "text": "A"}, "not_of_tokens", "/dataset"),
        ({"dataset": {"type": "names"}, "text": "Zoë"}, "unknown_token", "/text"),
        ({"dataset": {"type": "names"}, "ids": [99]}, "no_such_token", "/ids/0"),
    ):
        refused = server.post("/api/v1/datasets:tokens", body)
        assert refused.status == 422
        problem = refused.json()["problems"][0]
        assert (problem["code"], problem["pointer"]) == (code, pointer)
    named = server.post("/api/v1/datasets:tokens", {"dataset": {"type": "names"}, "ids": [1, 4, 1]})
    assert [one["shown"] for one in named.json()["tokens"]] == ["a", "d", "a"]
