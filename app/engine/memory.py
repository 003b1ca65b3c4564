"""Whether it was memory that ran out."""

from __future__ import annotations

import torch

_NO_MEMORY = (
    "can't allocate memory",
    "Cannot allocate",
    "not enough memory",
    "out of memory",
    "can't start new thread",
)


def is_out_of_memory(error: BaseException) -> bool:
    """Whether it was memory that ran out, on whichever device."""
    if isinstance(error, MemoryError | torch.OutOfMemoryError):
        return True
    return isinstance(error, RuntimeError | OSError) and any(s in str(error) for s in _NO_MEMORY)
