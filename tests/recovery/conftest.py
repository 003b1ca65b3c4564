"""One fork server for the tests of this folder: warming it up takes seconds."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio

from tests.runs.helpers import Shared, warm_workers


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def zygote() -> AsyncIterator[Shared]:
    async with warm_workers() as runner:
        yield runner
