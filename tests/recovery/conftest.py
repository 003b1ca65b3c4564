"""One fork server for the tests of this folder: warming it up takes seconds."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

from app.runs.service import Runs
from tests.runs.helpers import Shared, service, warm_workers


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def zygote() -> AsyncIterator[Shared]:
    async with warm_workers() as runner:
        yield runner


@pytest_asyncio.fixture(loop_scope="session")
async def runs(zygote: Shared, tmp_path: Path) -> AsyncIterator[Runs]:
    """A service of runs on a folder of the test's own."""
    async with service(tmp_path, zygote) as runs:
        yield runs
