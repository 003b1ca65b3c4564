"""Exceptions as data: what the web process, and in the end a person, is told."""

from __future__ import annotations

import traceback
from typing import Any

import torch
from pydantic import ValidationError

from app.core.errors import GlassnetError, Invalid, Problem
from app.core.text import Text, text

_NO_MEMORY = (
    "can't allocate memory",
    "Cannot allocate",
    "not enough memory",
    "out of memory",
    "can't start new thread",
)

OUT_OF_MEMORY = text(
    "There was not enough memory. A smaller batch or a smaller network helps.",
    "内存不足。请减小批量或缩小网络。",
)
UNEXPECTED = text(
    "Training stopped because of an error in Glassnet. Go back to an earlier step or start a new run; the server’s log has the details. Go back to an earlier step or start a new run; the server’s log has the details.",
    "Glassnet 出错，训练已停止。请回到较早的一步或开始新的运行；详情见服务器日志。请回到较早的一步或开始新的运行；详情见服务器日志。",
)


def is_out_of_memory(error: BaseException) -> bool:
    """Whether it was memory that ran out, on whichever device."""
    if isinstance(error, MemoryError | torch.OutOfMemoryError):
        return True
    return isinstance(error, RuntimeError | OSError) and any(s in str(error) for s in _NO_MEMORY)


def crash(error: BaseException) -> dict[str, Any]:
    """The ``error`` of a ``crashed`` message."""
    code, message = _named(error)
    return {"code": code, "message": message.model_dump(), "detail": _traced(error)}


def _traced(error: BaseException) -> str:
    return "".join(traceback.format_exception(error))[-8000:]


def _named(error: BaseException) -> tuple[str, Text]:
    if isinstance(error, GlassnetError):
        return error.code, error.text
    if isinstance(error, ValidationError):
        return Invalid.code, Invalid.message
    if is_out_of_memory(error):
        return "out_of_memory", OUT_OF_MEMORY
    return "internal", UNEXPECTED


def problem(error: Exception) -> dict[str, Any]:
    """The ``error`` of a ``failed`` message: a Problem as JSON, and for the log what was behind it."""
    if isinstance(error, GlassnetError):
        found = error.problem().model_dump(mode="json")
        return found if error.__cause__ is None else found | {"detail": _traced(error.__cause__)}
    code, message = _named(error)
    return Problem(code=code, message=message, params={"detail": str(error)[:2000]}).model_dump(
        mode="json"
    )
