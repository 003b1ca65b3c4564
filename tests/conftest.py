"""What every suite shares: Hypothesis profiles, one thread for torch, which tests are long and which share a process.

``GLASSNET_DEEP=1`` (``make test-deep``) gives property tests ten times the examples and new seeds.
"""

from __future__ import annotations

import os
import sys
from collections.abc import AsyncIterator, Iterator, Sequence
from itertools import groupby
from pathlib import Path

# Before anything imports torch: suites run side by side, and one thread is what workers use.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("MKL_NUM_THREADS", "1")

import pytest
import pytest_asyncio
from hypothesis import HealthCheck, Phase, settings

from tests.runs.helpers import Shared, warm_workers

DEEP = os.environ.get("GLASSNET_DEEP") == "1"
SLOW_START = [HealthCheck.too_slow, HealthCheck.data_too_large]

settings.register_profile(
    "normal",
    max_examples=200,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=SLOW_START,
)
settings.register_profile(
    "deep",
    max_examples=2000,
    deadline=None,
    # No explanation of a failure: for networks it takes longer than everything else together.
    phases=[Phase.explicit, Phase.generate, Phase.target, Phase.shrink],
    database=None,
    print_blob=True,
    suppress_health_check=SLOW_START,
)
settings.load_profile("deep" if DEEP else "normal")


def _ordinary_floats() -> None:
    if "torch" in sys.modules:
        sys.modules["torch"].set_flush_denormal(False)


@pytest.fixture(autouse=True)
def ordinary_floats() -> Iterator[None]:
    """A trainer flushes denormals in its process; the next test's numbers are to be whole again."""
    _ordinary_floats()
    yield
    _ordinary_floats()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def zygote() -> AsyncIterator[Shared]:
    """Warm workers for every service of runs that a process of the suite starts."""
    async with warm_workers() as runner:
        yield runner


SHARED = ("server", "zygote", "application")
"""Fixtures that take seconds to start and live as long as the process of the suite."""


def _group(path: Path, items: Sequence[pytest.Item]) -> str:
    """The tests of a file run in one process; and so do files of a folder that share a server."""
    used = {name for item in items for name in getattr(item, "fixturenames", ())}
    shared = next((name for name in SHARED if name in used), path.stem)
    return f"{path.parent.name}.{shared}"


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Property tests belong to the long suite too, where they try more."""
    for path, tests in groupby(items, key=lambda item: item.path):
        of_file = list(tests)
        for item in of_file:
            item.add_marker(pytest.mark.xdist_group(_group(path, of_file)))
    for item in items:
        if DEEP and getattr(getattr(item, "obj", None), "is_hypothesis_test", False):
            item.add_marker(pytest.mark.deep)
            item.add_marker(pytest.mark.timeout(1800))
