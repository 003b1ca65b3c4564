"""Keeps PyTorch from loading its compiler, which nothing here uses. Changes no number."""

from __future__ import annotations

from inspect import unwrap
from typing import Any

import torch
from torch import optim
from torch.utils._python_dispatch import TorchDispatchMode


def deterministic() -> None:
    """Deterministic kernels, with a warning where there is none.

    ``torch.use_deterministic_algorithms`` sets the same switch, and imports the compiler to tell it.
    """
    torch.set_deterministic_debug_mode("warn")


def without_compiler() -> None:
    """The methods of optimisers are called as they are.

    PyTorch wraps some so that its compiler passes them by, and imports the compiler, over a second and
    70 MB, when the first is called. The wrapper asks its function for the attribute set here first
    (``torch/_compile.py``); a PyTorch that does not ask imports as before.
    """
    for method in vars(optim.Optimizer).values():
        function: Any = getattr(method, "__wrapped__", None)
        code = getattr(method, "__code__", None)
        if function is not None and code is not None and code.co_filename.endswith("_compile.py"):
            function.__dict__.setdefault("__dynamo_disable", function)


class PlainMode(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """A dispatch mode whose method PyTorch does not wrap: the wrapper imports the compiler."""

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        return False


def plain_step(optimizer: optim.Optimizer) -> None:
    """``optimizer.step()``. What PyTorch wraps around it serves its compiler, hooks and derivatives of
    the step itself, and imports the compiler."""
    with torch.no_grad():
        unwrap(type(optimizer).step)(optimizer)
