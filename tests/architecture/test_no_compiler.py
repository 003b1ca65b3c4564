"""PyTorch's compiler costs a second and 70 MB, and nothing here uses it: no process loads it."""

from __future__ import annotations

import subprocess
import sys

from tests.support import ROOT

PROGRAM = """
import sys
from app.worker.warm import warm_up
import app.worker.main
assert [None, None] == list(warm_up())
loaded = [name for name in ("torch._dynamo", "torch._inductor") if name in sys.modules]
import torch
print(loaded, torch.are_deterministic_algorithms_enabled(), torch.get_num_threads())
"""


def test_training_watching_and_tracing_load_no_compiler() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (done.stdout.strip(), done.returncode) == ("[] True 1", 0), done.stderr
