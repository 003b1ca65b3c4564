"""A text of the user's own, uploaded, learned and continued through REST; and what can neither be read nor written."""

from __future__ import annotations

from typing import Any

import pytest

from tests.live.test_own_data import reach, stored, uploaded
from tests.support import Answer, LiveServer

STAR = (
    "Twinkle, twinkle, little star,\r\nHow I wonder what you are!\r\n"
    "Up above the world so high,\r\nLike a diamond in the sky.\r\n"
)
POEM = "床前明月光，疑是地上霜。\n举头望明月，低头思故乡。\n"
GRU: dict[str, Any] = {"type": "gru", "units": 12}


def upload(server: LiveServer, content: bytes, name: str) -> dict[str, Any]:
    return uploaded(server, content, f"?filename={name}", **{"content-type": "text/plain"})


def learn(server: LiveServer, dataset: dict[str, Any], layer: dict[str, Any] | None = None) -> str:
    """A run at step 0 that learns which character comes next."""
    facts = server.post("/api/v1/datasets:describe", {"dataset": dataset}).json()
    last = {"type": "dense_steps", "units": facts["tokens"]}
    spec = {
        "model": [{"type": "embedding", "size": 8}, layer or GRU, last],
        "training": {"dataset": dataset, "phases": [{"batch_size": 4, "epochs": 1000}]},
    }
    return str(server.create(spec)["id"])


def write(server: LiveServer, run: str, **wanted: Any) -> Answer:
    return server.post(f"/api/v1/runs/{run}/generate", {"length": 20, **wanted})


def told(answer: Answer) -> dict[str, Any]:
    """The first problem of a refusal, or the refusal itself where it is of no field."""
    assert answer.status == 422, answer.body
    refused = dict(answer.json())
    problem = dict(refused["problems"][0] if refused["problems"] else refused)
    assert problem["message"]["en"] != problem["message"]["zh"]
    return problem


@pytest.fixture(scope="module")
def star(server: LiveServer) -> dict[str, Any]:
    """The stored set of an English text."""
    return stored(server, upload(server, STAR.encode() * 4, "star.txt")["digest"])


def test_an_uploaded_text_is_learned_and_continued(
    server: LiveServer, star: dict[str, Any]
) -> None:
    assert star["name"] == "star"
    dataset = {**star["dataset"], "length": 16}
    assert dataset["type"] == "uploaded_text"
    facts = server.post("/api/v1/datasets:describe", {"dataset": dataset}).json()
    known = sorted(set(STAR.replace("\r\n", "\n")))
    assert facts["vocabulary"] == ["", *known]
    count = 4 * len(STAR.replace("\r\n", "\n"))
    train = int(0.9 * count)
    assert facts["sizes"] == [(train - 1) // 16, (count - train - 1) // 16]

    run = learn(server, dataset)
    first = write(server, run, prompt="Twinkle", seed=3).json()
    assert first["step"] == 0
    reach(server, run, 5)
    later = write(server, run, prompt="Twinkle", seed=3)
    assert later.status == 200, later.body
    assert later.json()["step"] == 5
    assert [one["probability"] for one in later.json()["tokens"]] != [
        one["probability"] for one in first["tokens"]
    ]
    for one in later.json()["tokens"]:
        assert one["token"] in known
        assert 0.0 < one["probability"] < 1.0
    assert later.json()["text"] == "".join(one["token"] for one in later.json()["tokens"])
    gone = server.request("DELETE", f"/api/v1/own-data/{star['digest']}")
    assert (gone.status, gone.json()["code"]) == (409, "dataset_in_use")
    server.request("DELETE", f"/api/v1/runs/{run}")


def test_what_is_drawn_follows_seed_temperature_and_top_k(
    server: LiveServer, star: dict[str, Any]
) -> None:
    run = learn(server, {**star["dataset"], "length": 16})

    def text(**wanted: Any) -> str:
        return str(write(server, run, prompt="How I ", length=40, **wanted).json()["text"])

    assert text(seed=7) == text(seed=7) != text(seed=8)
    coldest = text(temperature=0.0)
    assert coldest == text(temperature=0.0, seed=99) == text(top_k=1, seed=5)
    assert text(temperature=10.0, seed=7) != text(temperature=0.2, seed=7)
    three = write(server, run, prompt="How I ", top_k=3, seed=2, temperature=8.0).json()["tokens"]
    assert all(one["token"] in [best["token"] for best in one["top"][:3]] for one in three)
    assert any(one["token"] != one["top"][0]["token"] for one in three)
    for wanted, pointer in (
        ({"prompt": ""}, "/prompt"),
        ({"prompt": "H", "length": 0}, "/length"),
        ({"prompt": "H", "length": 2001}, "/length"),
        ({"prompt": "H", "temperature": -0.1}, "/temperature"),
        ({"prompt": "H", "top_k": -1}, "/top_k"),
        ({"prompt": "H", "seed": 1.5}, "/seed"),
    ):
        assert told(write(server, run, **wanted))["pointer"] == pointer, wanted
    strange = told(write(server, run, prompt="How Ⅰ wonder"))
    assert (strange["code"], strange["pointer"]) == ("unknown_token", "/prompt")
    assert "Ⅰ" in strange["message"]["en"]
    assert "Ⅰ" in strange["message"]["zh"]
    server.request("DELETE", f"/api/v1/runs/{run}")


def test_a_chinese_text_in_utf_16_is_the_same_text(server: LiveServer) -> None:
    digest = upload(server, ("\ufeff" + POEM * 10).encode("utf-16-le"), "moon.txt")["digest"]
    dataset = {**stored(server, digest)["dataset"], "length": 8}
    read = server.post("/api/v1/datasets:tokens", {"dataset": dataset, "text": "明月"}).json()
    vocabulary = ["", *sorted(set(POEM))]
    assert [one["token"] for one in read["tokens"]] == [vocabulary.index(one) for one in "明月"]
    run = learn(server, dataset)
    reach(server, run, 2)
    found = write(server, run, prompt="床前").json()
    assert len(found["text"]) == 20
    assert set(found["text"]) <= set(POEM)
    assert told(write(server, run, prompt="床前moon"))["params"]["token"] == "m"
    server.request("DELETE", f"/api/v1/runs/{run}")
    assert server.request("DELETE", f"/api/v1/own-data/{digest}").status == 204
    spec = {"model": [GRU], "training": {"dataset": dataset, "phases": [{}]}}
    assert "data_missing" in [
        one["code"] for one in server.post("/api/v1/runs", spec).json()["problems"]
    ]


def test_what_is_no_text_is_refused_and_not_kept(server: LiveServer) -> None:
    """All refusals: ``tests/own/test_text.py``."""
    before = len(server.get("/api/v1/own-data").json()["sets"])
    empty = server.request("POST", "/api/v1/uploads?filename=own.txt", b"")
    assert told(empty)["code"] == "upload_empty"
    state = upload(server, (POEM * 10).encode("gb18030"), "own.txt")
    assert (state["state"], state["digest"]) == ("failed", None)
    assert state["error"]["code"] == "upload_not_utf8"
    assert len(server.get("/api/v1/own-data").json()["sets"]) == before


def test_windows_longer_than_the_text_are_named(server: LiveServer, star: dict[str, Any]) -> None:
    spec = {
        "model": [{"type": "embedding", "size": 8}, GRU, {"type": "dense_steps", "units": 30}],
        "training": {"dataset": {**star["dataset"], "length": 512}, "phases": [{}]},
    }
    problem = told(server.post("/api/v1/runs", spec))
    assert (problem["code"], problem["pointer"]) == ("text_too_short", "/training/dataset/length")
    assert problem["repairs"]


def test_a_network_that_writes_no_text_says_why(server: LiveServer, star: dict[str, Any]) -> None:
    for run, code in (
        (str(server.create(server.preset("digits8_mlp"))["id"]), "no_next_token"),
        (
            learn(server, {**star["dataset"], "length": 16}, {**GRU, "bidirectional": True}),
            "not_by_step",
        ),
    ):
        problem = told(write(server, run, prompt="Twinkle"))
        assert problem["code"] == code
        server.request("DELETE", f"/api/v1/runs/{run}")
    assert server.post("/api/v1/runs/nothing/generate", {"prompt": "a"}).status == 404
