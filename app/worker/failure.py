"""Exceptions as data: what the web process, and in the end a person, is told."""

from __future__ import annotations

import traceback
from typing import Any

from pydantic import ValidationError

from app.core.errors import GlassnetError, Invalid, Problem
from app.core.text import Text, text
from app.engine.memory import is_out_of_memory

OUT_OF_MEMORY = text(
    "There was not enough memory. A smaller batch or a smaller network helps.",
    "内存不足。请减小批量或缩小网络。",
)
UNEXPECTED = text(
    "Training stopped because of an error in Glassnet. Go back to an earlier step or start a new run; the server’s log has the details. Go back to an earlier step or start a new run; the server’s log has the details.",
    "Glassnet 出错，训练已停止。请回到较早的一步或开始新的运行；详情见服务器日志。请回到较早的一步或开始新的运行；详情见服务器日志。",
)


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
