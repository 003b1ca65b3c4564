"""A process of bare PyTorch loops, driven over its pipes."""

from __future__ import annotations

import subprocess
import sys


class Bare:
    """The process of the rivals."""

    def __init__(self, module: str = "benchmarks._bare") -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", module],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._line()

    def _line(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline()

    def train(self, loop: str, epochs: int) -> float:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{loop} {epochs}\n")
        self._process.stdin.flush()
        return float(self._line())

    def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(10)
