"""Run by a fresh, isolated interpreter: executes exported code, and tells of everything that it does beside.

Each folder holds ``train.py`` or a notebook; what is opened for writing, started, removed or
connected while they run is an offence and listed.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import sys
import warnings
from pathlib import Path
from typing import Any

import safetensors.torch  # noqa: F401  # imported before anybody listens
import torch

sys.path.insert(
    0, str(Path(__file__).parent)
)  # an isolated interpreter does not know its own folder
from alone import notebook, script  # type: ignore[import-not-found]

sys.path.pop(0)

ACTS = (
    "os.system", "os.exec", "os.posix_spawn", "os.spawn", "os.fork", "os.remove", "os.rename", "os.mkdir",
    "os.rmdir", "os.link", "os.symlink", "os.truncate", "os.chmod", "os.putenv", "os.kill", "shutil.",
    "subprocess.", "socket.", "ctypes.", "webbrowser.", "urllib.", "pty.", "tempfile.",
)  # fmt: skip
WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
offences: list[str] = []
listening: set[str] = set()
"""The folder whose code is being executed."""


def listen(event: str, arguments: tuple[Any, ...]) -> None:
    if not listening:
        return
    if event == "open":
        _, mode, flags = arguments
        if (mode and set(mode) & set("wax+")) or (flags or 0) & WRITES:
            offences.append(f"open {arguments!r}")
    elif event.startswith(ACTS):
        offences.append(f"{event} {arguments!r}")


def settle() -> None:
    """PyTorch reads and makes files of its own when an optimiser steps for the first time."""
    weight = torch.nn.Parameter(torch.zeros(1))
    weight.grad = torch.ones(1)
    torch.optim.SGD([weight], lr=0.1).step()


def main() -> None:
    settle()
    warnings.simplefilter("error")
    sys.dont_write_bytecode = True
    sys.addaudithook(listen)
    losses = {}
    for steps, path in zip(sys.argv[1::2], sys.argv[2::2], strict=True):
        folder = Path(path)
        kind = notebook if (folder / "notebook.ipynb").exists() else script
        with contextlib.redirect_stdout(io.StringIO()):
            listening.add(folder.name)
            losses[folder.name] = kind(folder, int(steps))
            listening.clear()
    sys.stdout.write(json.dumps({"losses": losses, "offences": offences}))


main()
