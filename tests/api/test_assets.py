"""Built files: compressed, cached for ever where their names are hashed, and nothing else is served."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from app.api.assets import Page
from app.api.compress import LARGEST_TENSORS
from app.api.refusals import PageNotBuilt
from app.main import create_app
from app.settings import Settings
from tests.support import BASE_URL


def test_hashed_files_are_compressed_and_kept(client: TestClient) -> None:
    answer = client.get("/static/assets/main-1.js")
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.headers["content-type"].startswith("text/javascript")
    assert "immutable" in answer.headers["cache-control"]
    assert int(answer.headers["content-length"]) < len(answer.content)
    plain = client.get("/static/assets/main-1.js", headers={"accept-encoding": "identity"})
    assert "content-encoding" not in plain.headers
    assert plain.content == answer.content


def test_other_files_are_asked_for_again(client: TestClient) -> None:
    answer = client.get("/static/icon.svg")
    assert answer.headers["cache-control"] == "no-cache"
    tag = answer.headers["etag"]
    again = client.get("/static/icon.svg", headers={"if-none-match": tag})
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize(
    "path",
    [
        "/static/",
        "/static/assets",
        "/static/none.js",
        "/static/.vite/manifest.json",
        "/static/%2e%2e/%2e%2e/pyproject.toml",
        "/static/..%2f..%2fpyproject.toml",
        "/static//etc/passwd",
        "/static/a%00b",
    ],
)
def test_nothing_else_is_served(client: TestClient, path: str) -> None:
    assert client.get(path).status_code == 404


def test_a_link_out_of_the_folder_is_not_followed(client: TestClient, page_folder: Path) -> None:
    (page_folder / "out.txt").symlink_to(Path(__file__))
    assert client.get("/static/out.txt").status_code == 404


def test_large_json_and_small_tensors_are_compressed(client: TestClient) -> None:
    assert client.get("/api/v1/catalog").headers["content-encoding"] == "gzip"
    assert "content-encoding" not in client.get("/livez").headers
    body: dict[str, Any] = {"dataset": {"type": "digits28"}, "count": 15}
    small = client.post("/api/v1/datasets:samples", json=body)
    assert small.headers["content-encoding"] == "gzip"
    assert int(small.headers["content-length"]) < len(small.content) / 4
    large = client.post("/api/v1/datasets:samples", json={**body, "count": 64})
    assert len(large.content) > LARGEST_TENSORS
    assert "content-encoding" not in large.headers


def unbuilt(folder: Path) -> FastAPI:
    return create_app(Settings(data=folder / "data"), page=Page(folder))


def test_an_unbuilt_page_says_how_to_build_it(tmp_path: Path) -> None:
    with TestClient(unbuilt(tmp_path), base_url=BASE_URL) as client:
        answer = client.get("/en/", headers={"accept": "text/html"})
        assert answer.status_code == 503
        assert "make run" in answer.text
        assert client.get("/en/reference").status_code == 200


def test_a_new_build_is_noticed(tmp_path: Path, page_folder: Path) -> None:
    copy = tmp_path / "dist"
    (copy / ".vite").mkdir(parents=True)
    manifest = copy / ".vite/manifest.json"
    manifest.write_text((page_folder / ".vite/manifest.json").read_text())
    page = Page(copy)
    assert page.entry("src/main.ts").script == "/static/assets/main-1.js"
    manifest.write_text("{}")
    with pytest.raises(PageNotBuilt):
        page.entry("src/main.ts")
    manifest.unlink()
    with pytest.raises(PageNotBuilt):
        page.entry("src/main.ts")
