"""Exports and imports over HTTP: list, files, weights in, and what is refused."""

from __future__ import annotations

import io
import json
import struct
import xml.etree.ElementTree as ET
import zipfile
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load, save
from starlette.testclient import TestClient

from app.api.picture import svg
from app.spec.check import check
from app.spec.presets import presets
from app.spec.run import RunSpec

SAFETENSORS = "application/vnd.safetensors"
LAYERS = [
    {"type": "conv2d", "filters": 2},
    {"type": "batch_norm"},
    {"type": "relu"},
    {"type": "flatten"},
    {"type": "dense", "units": 10},
]
SPEC = {"name": "Small one", "model": LAYERS, "training": {"dataset": {"type": "digits8"}}}


@pytest.fixture(scope="module")
def run(started: TestClient) -> Iterator[str]:
    answer = started.post("/api/v1/runs", json=SPEC)
    assert answer.status_code == 202
    yield answer.json()["id"]
    started.delete(f"/api/v1/runs/{answer.json()['id']}")


def test_every_listed_export_is_a_file(client: TestClient, run: str) -> None:
    listed = client.get(f"/api/v1/runs/{run}/exports").json()["exports"]
    assert len({one["name"] for one in listed}) == len(listed) == 6
    for one in listed:
        assert all(
            one[words][language] for words in ("title", "summary") for language in ("en", "zh")
        )
        answer = client.get(one["href"])
        assert answer.status_code == 200, answer.text
        assert answer.headers["content-disposition"] == f'attachment; filename="{one["file"]}"'
        assert one["file"].startswith("small-one-")
        assert answer.content


def test_a_run_that_is_not_there(client: TestClient) -> None:
    for file in ("", "/code.zip", "/model.onnx", "/network.svg", "/spec.json"):
        assert client.get(f"/api/v1/runs/nowhere/exports{file}").status_code == 404


def test_code_comes_in_the_wanted_language(client: TestClient, run: str) -> None:
    address = f"/api/v1/runs/{run}/exports"
    for language, word in (("en", "what it holds"), ("zh", "内容")):
        blob = client.get(f"{address}/code.zip?language={language}").content
        files = zipfile.ZipFile(io.BytesIO(blob))
        assert word in files.read("README.md").decode()
        assert "class Network(nn.Module)" in files.read("model.py").decode()
    blob = client.get(f"{address}/notebook.zip", headers={"accept-language": "zh-CN"}).content
    notebook = json.loads(zipfile.ZipFile(io.BytesIO(blob)).read("notebook.ipynb"))
    assert any("## 训练" in "".join(cell["source"]) for cell in notebook["cells"])


def test_the_exported_spec_makes_the_same_run(client: TestClient, run: str) -> None:
    spec = client.get(f"/api/v1/runs/{run}/exports/spec.json").json()
    again = client.post("/api/v1/runs", json=spec)
    assert again.status_code == 202
    id = again.json()["id"]
    tensors = [client.get(f"/api/v1/runs/{one}/tensors").content for one in (run, id)]
    assert tensors[0] == tensors[1]
    client.delete(f"/api/v1/runs/{id}")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_picture_names_every_layer(client: TestClient, run: str, theme: str) -> None:
    answer = client.get(f"/api/v1/runs/{run}/exports/network.svg?theme={theme}&language=zh")
    root = ET.fromstring(answer.text)
    words = " ".join(text for text in root.itertext() if text.strip())
    for word in ("Small one", "卷积", "全连接", "conv1", "fc1", "2×6×6", "1×8×8", "730"):
        assert word in words
    assert "<script" not in answer.text
    assert "href" not in answer.text


def test_every_preset_has_a_picture() -> None:
    for preset in presets():
        report = check(preset.spec.model, preset.spec.training)
        root = ET.fromstring(svg(preset.spec, report, "light", "en"))
        width, height = (float(root.attrib[side]) for side in ("width", "height"))
        for rect in root.iter("{http://www.w3.org/2000/svg}rect"):
            if rect.attrib["width"] != "100%":
                right = float(rect.attrib["x"]) + float(rect.attrib["width"])
                below = float(rect.attrib["y"]) + float(rect.attrib["height"])
                assert float(rect.attrib["x"]) >= 0
                assert right <= width
                assert below <= height


# --- weights in -----------------------------------------------------------------------------------


def send(client: TestClient, blob: bytes, kind: str = SAFETENSORS) -> Any:
    return client.post("/api/v1/weights", content=blob, headers={"content-type": kind})


def test_weights_go_out_and_come_back(client: TestClient, run: str) -> None:
    client.post(f"/api/v1/runs/{run}/commands", json={"type": "step", "unit": "batch", "count": 3})
    trained = client.get(f"/api/v1/runs/{run}/exports/weights.safetensors").content
    kept = send(client, trained)
    assert kept.status_code == 201, kept.text
    sha256 = kept.json()["sha256"]
    assert client.get(kept.headers["location"]).json() == kept.json()
    spec = {**SPEC, "weights": sha256}
    assert client.post("/api/v1/specs:check", json=spec).json()["spec"]["weights"] == sha256
    id = client.post("/api/v1/runs", json=spec).json()["id"]
    address = f"/api/v1/runs/{id}"
    first = load(client.get(f"{address}/tensors").content)
    for name, value in load(trained).items():
        np.testing.assert_array_equal(first[name], value)
    # What follows is a function of these weights: a reset and the same steps come out the same.
    step = {"type": "step", "unit": "batch", "count": 4}
    outcomes = []
    for _ in range(2):
        assert client.post(f"{address}/commands", json=step).status_code == 200
        wait(client, id, 4)
        outcomes.append(client.get(f"{address}/tensors").content)
        client.post(f"{address}/commands", json={"type": "rewind", "step": 0})
        again = load(client.get(f"{address}/tensors").content)
        np.testing.assert_array_equal(again["fc1.weight"], first["fc1.weight"])
    steps = [{k: v.tobytes() for k, v in load(blob).items()} for blob in outcomes]
    assert steps[0] == steps[1]
    client.delete(address)


def wait(client: TestClient, run: str, step: int) -> None:
    """Until the run has made a step; every look is a request, so others go on meanwhile."""
    for _ in range(2000):
        info = client.get(f"/api/v1/runs/{run}").json()
        if info["step"] >= step and info["state"] == "paused":
            return
    raise AssertionError(info)


def test_misfits_are_listed_tensor_by_tensor(client: TestClient) -> None:
    zeros = {
        "conv1.weight": np.zeros((2, 1, 5, 5), np.float32),
        "conv1.bias": np.zeros(2, np.float32),
        "nobody.weight": np.zeros(3, np.float32),
    }
    sha256 = send(client, save(zeros)).json()["sha256"]
    for path in ("/api/v1/runs", "/api/v1/specs:check"):
        answer = client.post(path, json={**SPEC, "weights": sha256})
        assert answer.status_code == 422
        body = answer.json()
        assert body["code"] == "weights_misfit"
        found = {(p["code"], p["params"]["tensor"]) for p in body["problems"]}
        assert found == {
            ("weights_shape", "conv1.weight"),
            ("weights_missing", "bn1.weight"),
            ("weights_missing", "bn1.bias"),
            ("weights_missing", "bn1.running_mean"),
            ("weights_missing", "bn1.running_var"),
            ("weights_missing", "fc1.weight"),
            ("weights_missing", "fc1.bias"),
            ("weights_extra", "nobody.weight"),
        }
        shape = next(p for p in body["problems"] if p["code"] == "weights_shape")
        assert (shape["params"]["expected"], shape["params"]["got"]) == ([2, 1, 3, 3], [2, 1, 5, 5])
        assert shape["pointer"] == "/weights"
        assert shape["message"]["en"] != shape["message"]["zh"]


def test_weights_that_nobody_brought(client: TestClient) -> None:
    for path in ("/api/v1/runs", "/api/v1/specs:check"):
        answer = client.post(path, json={**SPEC, "weights": "0" * 64})
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert client.post("/api/v1/runs", json={**SPEC, "weights": "../x"}).status_code == 422


def file(header: Any, data: bytes = b"") -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


def tensor(shape: Any = (1,), places: Any = (0, 4), dtype: str = "F32") -> dict[str, Any]:
    return {"dtype": dtype, "shape": shape, "data_offsets": places}


HOSTILE = {
    "empty": b"",
    "short": b"\0" * 5,
    "header longer than the file": struct.pack("<Q", 2**62) + b"{}",
    "header of megabytes": file(b"{" + b" " * 2**21 + b"}"),
    "no json": file(b"\xff\xfe{}"),
    "nested": file(b"[" * 100_000),
    "a list": file([]),
    "no tensor": file({}),
    "unknown type": file({"a": tensor(dtype="object")}, b"\0" * 4),
    "negative shape": file({"a": tensor(shape=[-1])}, b"\0" * 4),
    "shape of text": file({"a": tensor(shape="four")}, b"\0" * 4),
    "true as a size": file({"a": tensor(shape=[True])}, b"\0" * 4),
    "huge shape": file({"a": tensor(shape=[2**40, 2**40])}, b"\0" * 4),
    "too few bytes": file({"a": tensor(shape=[4])}, b"\0" * 4),
    "beyond the end": file({"a": tensor(shape=[2], places=[0, 8])}, b"\0" * 4),
    "overlapping": file({"a": tensor(), "b": tensor()}, b"\0" * 4),
    "a gap": file({"a": tensor(places=[4, 8])}, b"\0" * 8),
    "left over": file({"a": tensor()}, b"\0" * 9),
    "offsets backwards": file({"a": tensor(shape=[0], places=[4, 4])}, b""),
    "too many": file({f"t{i}": tensor([0], [0, 0]) for i in range(5000)}),
    "a zip": b"PK\x03\x04" + b"\0" * 60,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_files_are_refused(client: TestClient, name: str) -> None:
    answer = send(client, HOSTILE[name])
    assert (answer.status_code, answer.json()["code"]) == (422, "not_safetensors")
    message = answer.json()["message"]
    assert message["en"] != message["zh"]


@pytest.mark.parametrize(
    ("dtype", "data"),
    [
        ("F32", np.array([1.0, np.nan], "<f4").tobytes()),
        ("F64", np.array([np.inf, 1.0], "<f8").tobytes()),
        ("F16", np.array([1.0, -np.inf], "<f2").tobytes()),
        ("BF16", struct.pack("<HH", 0x3F80, 0x7FC0)),
    ],
)
def test_what_is_not_finite_is_refused_by_name(client: TestClient, dtype: str, data: bytes) -> None:
    answer = send(client, file({"fc1.bias": tensor([2], [0, len(data)], dtype)}, data))
    assert (answer.status_code, answer.json()["code"]) == (422, "weights_not_finite")
    assert answer.json()["params"]["tensor"] == "fc1.bias"


def test_only_files_are_taken(client: TestClient) -> None:
    assert send(client, b"{}", "application/json").status_code == 415


def test_a_file_that_is_too_large_is_refused(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.store.weights.LARGEST", 2**20)
    answer = send(client, b"\0" * (2**20 + 1))
    assert (answer.status_code, answer.json()["code"]) == (413, "file_too_large")


# --- specs ----------------------------------------------------------------------------------------


def test_a_spec_of_unknown_origin_comes_back_in_full(client: TestClient) -> None:
    answer = client.post("/api/v1/specs:check", json=SPEC)
    body = answer.json()
    assert answer.status_code == 200
    assert RunSpec.model_validate_json(json.dumps(body["spec"])).name == SPEC["name"]
    assert body["spec"]["model"]["nodes"][0]["id"] == "conv1"
    assert body["report"]["problems"] == []
    again = client.post("/api/v1/specs:check", json=body["spec"]).json()
    assert again == body


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"seed": -1}, "/seed"),
        ({"name": 3}, "/name"),
        ({"model": [{"type": "nothing"}]}, "/model"),
        ({"surprise": 1}, "/surprise"),
        ({"weights": "abc"}, "/weights"),
    ],
)
def test_what_is_wrong_with_a_spec_is_said_at_its_place(
    client: TestClient, change: dict[str, Any], pointer: str
) -> None:
    answer = client.post("/api/v1/specs:check", json={**SPEC, **change})
    assert answer.status_code == 422
    assert any(one["pointer"].startswith(pointer) for one in answer.json()["problems"])
