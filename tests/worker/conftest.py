"""One fork server for the tests of this folder: warming it up takes seconds."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.worker.workers import Server, Worker


@pytest.fixture(scope="session")
def zygote() -> Iterator[Server]:
    with Server() as server:
        yield server


@pytest.fixture
def worker(zygote: Server) -> Iterator[Worker]:
    """A worker that has not been told its run."""
    made = zygote.fork()
    yield made
    made.close()
