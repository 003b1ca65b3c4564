"""Own data against a real server: upload, train; deleting is refused while needed."""

from __future__ import annotations

import urllib.request
from pathlib import Path
from typing import Any

import pytest
from safetensors.numpy import load

from tests.own.files import shades, zipped
from tests.support import LiveServer, live_server
from tests.waiting import until

ROWS = 240
TABLE = "a,b,kind\n" + "".join(
    f"{i % 3 + 0.01 * (i % 7):.2f},{(i * 7) % 5},{'xyz'[i % 3]}\n" for i in range(ROWS)
)
CSV = {"content-type": "text/csv"}


def ended(server: LiveServer, upload: dict[str, Any]) -> dict[str, Any]:
    """The upload once it has been read."""

    def look() -> dict[str, Any] | None:
        state: dict[str, Any] = server.get(f"/api/v1/uploads/{upload['id']}").json()
        return None if state["state"] in ("receiving", "reading") else state

    return until(look, "the set that was read")


def uploaded(server: LiveServer, content: bytes, query: str = "", **headers: str) -> dict[str, Any]:
    answer = server.request("POST", f"/api/v1/uploads{query}", content, headers or CSV)
    assert answer.status == 202, answer.body
    assert answer.headers["location"].startswith("/api/v1/uploads/")
    return ended(server, answer.json())


def stored(server: LiveServer, digest: str) -> dict[str, Any]:
    return dict(server.get(f"/api/v1/own-data/{digest}").json())


def spec_of(dataset: dict[str, Any], classes: int) -> dict[str, Any]:
    phase = {"batch_size": 16, "epochs": 10_000}
    training = {"dataset": dataset, "phases": [phase]}
    model = [{"type": "flatten"}, {"type": "dense", "units": classes}]
    return {"model": model, "training": training, "device": "cpu"}


def reach(server: LiveServer, run: str, step: int) -> dict[str, Any]:
    """Play to a step and wait until the run rests there."""
    server.command(run, "play", until=step)

    def look() -> dict[str, Any] | None:
        info = dict(server.get(f"/api/v1/runs/{run}").json())
        return info if info["step"] >= step and info["state"] == "paused" else None

    return until(look, f"rest at step {step}")


def test_a_set_is_kept_while_a_run_needs_it(server: LiveServer) -> None:
    digest = uploaded(server, TABLE.encode(), "?filename=my.csv")["digest"]
    assert uploaded(server, TABLE.encode())["digest"] == digest, "the same bytes, the same set"
    (one,) = server.get("/api/v1/own-data").json()["sets"]
    assert one["name"] == "my"
    assert one["dataset"] | {"target": "kind"} == one["dataset"]
    run = server.create(spec_of(one["dataset"], 3))["id"]
    reach(server, run, 10)
    refused = server.request("DELETE", f"/api/v1/own-data/{digest}")
    assert refused.status == 409
    assert refused.json()["code"] == "dataset_in_use"
    assert run in refused.json()["message"]["en"]
    assert stored(server, digest)["samples"] == ROWS
    assert server.request("DELETE", f"/api/v1/runs/{run}").status == 204
    assert server.request("DELETE", f"/api/v1/own-data/{digest}").status == 204
    assert server.get(f"/api/v1/own-data/{digest}").status == 404
    gone = server.post("/api/v1/runs", spec_of(one["dataset"], 3))
    assert gone.status == 422
    assert gone.json()["problems"][0]["code"] == "data_missing"
    assert list((server.data / "datasets").iterdir()) == []
    uploads = server.data / "uploads"  # the reader's folder goes when its process has ended
    until(lambda: not list(uploads.glob("*")), "the end of the reader's folder", 10)


def test_pictures_by_a_form(server: LiveServer) -> None:
    content = zipped(shades("cat", "dog", each=10))
    boundary = "----frontier"
    form = (
        (
            f'--{boundary}\r\nContent-Disposition: form-data; name="note"\r\n\r\nhello\r\n'
            f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="C:\\\\pets.zip"\r\n'
            "Content-Type: application/zip\r\n\r\n"
        ).encode()
        + content
        + f"\r\n--{boundary}--\r\n".encode()
    )
    kind = f"multipart/form-data; boundary={boundary}"
    digest = uploaded(server, form, "?size=10&colour=colour", **{"content-type": kind})["digest"]
    detail = stored(server, digest)
    assert (detail["name"], detail["shape"], detail["classes"]) == (
        "pets",
        [3, 10, 10],
        ["cat", "dog"],
    )
    facts = server.post("/api/v1/datasets:describe", {"dataset": detail["dataset"]}).json()
    assert (facts["sizes"], facts["input_shape"], facts["available"]) == (
        [16, 4],
        [3, 10, 10],
        True,
    )
    body = {"dataset": detail["dataset"], "split": "val", "count": 2}
    arrays = load(server.post("/api/v1/datasets:samples", body).body)
    assert arrays["inputs"].shape == (2, 3, 10, 10)
    texts = {"name": "Pets", "licence": "CC0", "source": "a friend"}
    changed = server.request("PATCH", f"/api/v1/own-data/{digest}", texts).json()
    assert {key: changed[key] for key in texts} == texts
    assert changed["digest"] == digest
    spec = spec_of(detail["dataset"], 2)
    spec["training"]["augmentations"] = [{"type": "shift"}, {"type": "flip"}]
    run = server.create(spec)["id"]
    wanted = {"sample": {"kind": "stored", "index": 0}, "count": 5}
    seen = load(server.post(f"/api/v1/runs/{run}/augmented", wanted).body)
    assert seen["inputs"].shape == (5, 3, 10, 10)
    assert reach(server, run, 10)["step"] == 10


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "upload_empty"),
        (b"only\n1\n2\n", "upload_one_column"),
        (bytes(range(256)) * 20, "upload_unknown"),
        (zipped(shades("one")), "upload_one_class"),
        (b"PK\x03\x04oops", "upload_broken_zip"),
    ],
)
def test_refusals_are_said_in_both_languages(server: LiveServer, content: bytes, code: str) -> None:
    answer = server.request("POST", "/api/v1/uploads", content, CSV)
    said = answer.json() if answer.status == 422 else ended(server, answer.json())["error"]
    assert said["code"] == code
    assert said["message"]["zh"] != said["message"]["en"]
    assert server.get("/livez").status == 200


def test_a_larger_file_is_refused_at_once(tmp_path: Path) -> None:
    with live_server(tmp_path, GLASSNET_MAX_UPLOAD=str(200_000)) as server:
        too_large = server.request("POST", "/api/v1/uploads", b"1,2\n" * 100_000, CSV)
        assert (too_large.status, too_large.json()["code"]) == (413, "body_too_large")
        pieces = (b"1,2\n" * 1000 for _ in range(100))
        request = urllib.request.Request(
            f"{server.url}/api/v1/uploads", data=pieces, headers=CSV, method="POST"
        )
        # without an announced length: the server may hang up in the middle
        with pytest.raises(OSError, match=r"413|pipe|reset"):
            urllib.request.urlopen(request, timeout=30)
        assert server.get("/api/v1/own-data").json() == {"sets": []}
        assert not list((tmp_path / "uploads").glob("*"))
        large = server.post("/api/v1/models:check", {"model": "x" * 2_000_000})
        assert large.status == 413, "other bodies keep their own limit"
