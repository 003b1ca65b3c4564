"""Random draws that do not depend on the precision: made in float32 and then widened."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

from app.engine.lean import PlainMode


class DrawnAlike(PlainMode):  # type: ignore[no-untyped-call]
    """A pass in float64 draws the numbers that the training step in float32 drew."""

    def __torch_dispatch__(
        self,
        func: Any,
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        given = dict(kwargs or {})
        target = args[0] if args else None
        if (
            torch.Tag.nondeterministic_seeded in func.tags
            and func._schema.is_mutable
            and isinstance(target, torch.Tensor)
            and target.dtype == torch.float64
        ):
            narrow = target.float()
            func(narrow, *args[1:], **given)
            return target.copy_(narrow)
        return func(*args, **given)
