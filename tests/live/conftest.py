"""One real server for the tests of this folder: uvicorn in a process of its own, real workers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.live.wire import SECONDS
from tests.support import LiveServer, live_server


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    with live_server(tmp_path_factory.mktemp("data")) as started:
        yield started


@pytest.fixture
def lenet(server: LiveServer) -> Iterator[dict[str, Any]]:
    """A fresh run of the first preset, resting at step 0, and too long to end within a test."""
    spec = server.preset()
    spec["training"]["phases"][0]["epochs"] = 1000
    run = server.create(spec)
    yield run
    server.request("DELETE", f"/api/v1/runs/{run['id']}")


@pytest.fixture(scope="session")
def hasty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """A server with little patience, so that its tests are quick."""
    with live_server(
        tmp_path_factory.mktemp("data"),
        GLASSNET_HEAD_SECONDS=str(SECONDS),
        GLASSNET_BODY_SECONDS=str(SECONDS),
        GLASSNET_MAX_CONNECTIONS="24",
    ) as started:
        yield started
