"""The golden results of the kernel lab: PyTorch's, in float64. Vitest reads the same file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch.nn import functional

GOLDEN = Path(__file__).resolve().parents[1] / "golden" / "convolve.json"
CASES: list[dict[str, Any]] = json.loads(GOLDEN.read_text(encoding="utf-8"))


def torchs(case: dict[str, Any]) -> torch.Tensor:
    """conv2d of a case's picture; a convolution is the kernel turned by 180°."""
    picture = torch.tensor(case["picture"], dtype=torch.float64)
    kernel = torch.tensor(case["kernel"], dtype=torch.float64)
    if case["normalise"] and abs(kernel.sum()) > 1e-9:
        kernel = kernel / kernel.sum()
    if case["convolution"]:
        kernel = kernel.flip(0, 1)
    bias = torch.tensor([case["offset"]], dtype=torch.float64)
    sizes = {"stride": case["stride"], "padding": case["padding"]}
    return functional.conv2d(picture[None, None], kernel[None, None], bias, **sizes)[0, 0]


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_golden_results_are_pytorchs(case: dict[str, Any]) -> None:
    np.testing.assert_allclose(torchs(case).numpy(), case["result"], rtol=0, atol=1e-12)


def test_every_setting_occurs() -> None:
    for key in ("stride", "padding", "offset", "convolution", "normalise"):
        assert len({case[key] for case in CASES}) > 1
