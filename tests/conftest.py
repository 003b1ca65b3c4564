"""What every suite shares: Hypothesis profiles, one thread for torch, which tests are long or run together.

``GLASSNET_DEEP=1`` (``make test-deep``) gives property tests ten times the examples and new seeds.
"""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Iterator

# Before anything imports torch: suites run side by side, and one thread is what workers use.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("MKL_NUM_THREADS", "1")

import pytest
from hypothesis import HealthCheck, Phase, settings
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

DEEP = os.environ.get("GLASSNET_DEEP") == "1"
SLOW_START = [HealthCheck.too_slow, HealthCheck.data_too_large]

settings.register_profile(
    "normal",
    max_examples=100,
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
# ``--hypothesis-profile few``: for tests that ask only whether others are run.
settings.register_profile("few", settings.get_profile("normal"), max_examples=10)
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


SHARE_A_SERVER = {"tests/api", "tests/worker"}


BEGIN_WITH = ("tests/recovery", "tests/live", "tests/runs", "tests/engine/export", "tests/engine")
"""Their files take longest: what begins last should be short, or one process works while others rest."""


class ByServer(LoadScopeScheduling):  # type: ignore[misc]  # it has no types
    """The tests of a file run in one process, and so do the files of a folder that share a server."""

    def _split_scope(self, nodeid: str) -> str:
        path = nodeid.partition("::")[0]
        folder = path.rpartition("/")[0]
        return folder if folder in SHARE_A_SERVER else path


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadScopeScheduling | None:
    """For ``--dist loadscope``."""
    return ByServer(config, log) if config.getoption("dist") == "loadscope" else None


def pytest_collection_finish() -> None:
    """What was imported and collected stays: a tenth of the time went into looking it through for garbage."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Long files begin first. Property tests belong to the long suite too, where they try more."""
    items.sort(key=_turn)
    for item in items:
        if DEEP and getattr(getattr(item, "obj", None), "is_hypothesis_test", False):
            item.add_marker(pytest.mark.deep)
            item.add_marker(pytest.mark.timeout(1800))


def _turn(item: pytest.Item) -> int:
    folder = item.nodeid.partition("::")[0].rpartition("/")[0]
    return BEGIN_WITH.index(folder) if folder in BEGIN_WITH else len(BEGIN_WITH)
