"""Puts back what a trainer sets in its process, so that tests of other folders see none of it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    cudnn = torch.backends.cudnn
    before = (cudnn.benchmark, cudnn.deterministic, cudnn.allow_tf32)
    matmul = torch.backends.cuda.matmul.allow_tf32
    yield
    torch.set_flush_denormal(False)
    torch.use_deterministic_algorithms(False)
    torch.utils.deterministic.fill_uninitialized_memory = True  # type: ignore[attr-defined]
    cudnn.benchmark, cudnn.deterministic, cudnn.allow_tf32 = before
    torch.backends.cuda.matmul.allow_tf32 = matmul
