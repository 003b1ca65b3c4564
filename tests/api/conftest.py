"""An application with a page, its real store and runs, and a client for it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from app.api.assets import Page
from app.main import create_app
from app.settings import Settings
from tests.support import BASE_URL, built_page


@pytest.fixture(scope="session")
def page_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return built_page(tmp_path_factory.mktemp("page") / "dist")


@pytest.fixture(scope="session")
def application(tmp_path_factory: pytest.TempPathFactory, page_folder: Path) -> FastAPI:
    settings = Settings(data=tmp_path_factory.mktemp("data"))
    return create_app(settings, page=Page(page_folder))


@pytest.fixture(scope="session")
def started(application: FastAPI) -> Iterator[TestClient]:
    """The started application; an error of its own becomes a 500, as in a server."""
    with TestClient(
        application, base_url=BASE_URL, raise_server_exceptions=False, follow_redirects=False
    ) as client:
        assert client.portal is not None
        client.portal.call(_workers, application)
        yield client


async def _workers(application: FastAPI) -> None:
    """Returns when workers can be had at once: a fresh server asks for patience until then."""
    await application.state.context.runs._runners["cpu"].ready()


@pytest.fixture
def client(started: TestClient) -> TestClient:
    """A client that no test before has given a cookie."""
    started.cookies.clear()
    return started
