"""Why a worker is gone, in words. Decides nothing."""

from __future__ import annotations

import signal
from collections.abc import Mapping
from typing import Any, Literal

from pydantic import ValidationError

import app.protocol.refusals  # noqa: F401 - known here, so that `refusal` finds them
from app.core.errors import Conflict, GlassnetError, Problem, all_errors
from app.core.text import Text, text

Cause = Literal["stalled", "stopped", "garbled", "unstored"]

SERVER_STOPPED = text(
    "The server was stopped while this run was going on.", "运行期间服务器被停止。"
)
SERVER_LOST = text(
    "The server ended unexpectedly while this run was going on.", "运行期间服务器意外终止。"
)
_CAUSES: dict[Cause, Text] = {
    "stalled": text(
        "The worker gave no sign of life for {seconds} s and was ended.",
        "工作进程 {seconds} 秒没有响应，已被终止。",
    ),
    "stopped": text(
        "The worker was stopped from outside (SIGSTOP) and was ended.",
        "工作进程被外部暂停（SIGSTOP），已被终止。",
    ),
    "garbled": text(
        "The worker sent something that could not be understood and was ended.",
        "工作进程发送了无法解析的内容，已被终止。",
    ),
    "unstored": text(
        "Events could not be stored ({detail}), so the worker was ended.",
        "事件无法保存（{detail}），工作进程已被终止。",
    ),
}
_SIGNALS: dict[int, Text] = {
    signal.SIGKILL: text(
        "The worker was killed, probably because memory ran out. "
        "Resume with a smaller batch or a smaller network.",
        "工作进程被强制终止，可能是内存不足。请减小批量或缩小网络后继续。",
    ),
    signal.SIGTERM: text("The worker was asked to end from outside.", "工作进程被外部请求终止。"),
    signal.SIGSEGV: text(
        "The worker crashed inside native code (segmentation fault).",
        "工作进程在原生代码中崩溃（段错误）。",
    ),
    signal.SIGABRT: text(
        "The worker aborted inside native code.", "工作进程在原生代码中异常中止。"
    ),
    signal.SIGBUS: text(
        "The worker crashed reading memory or a file (bus error).",
        "工作进程读取内存或文件时崩溃（总线错误）。",
    ),
    signal.SIGXCPU: text("The worker used up its CPU time.", "工作进程用尽了 CPU 时间。"),
}
_UNKNOWN = text("The worker ended for an unknown reason.", "工作进程因未知原因结束。")
_OTHER_SIGNAL = text("The worker was ended by signal {number}.", "工作进程被信号 {number} 终止。")
_CODE = text("The worker ended with code {number}.", "工作进程以代码 {number} 结束。")


class NotYet(Conflict):
    """What is asked needs a worker that is not there yet: the same request may be made again soon."""

    code, status = "not_yet", 409


class NoWorker(GlassnetError):
    code, status = "no_worker", 503
    message = text("No worker could be started: {reason}", "无法启动工作进程：{reason}")


class WorkerLost(GlassnetError):
    code, status = "worker_lost", 503
    message = text("The run was interrupted: {reason}", "运行中断：{reason}")


class WorkerSlow(GlassnetError):
    code, status = "worker_slow", 504
    message = text(
        "The run did not answer within {seconds} s.", "该运行在 {seconds} 秒内没有回应。"
    )


def ended(status: int | None) -> Text:
    """What an exit status says (``-9``: signal 9) when the worker itself said nothing."""
    if status is None:
        return _UNKNOWN
    if status < 0:
        return _SIGNALS.get(-status, _OTHER_SIGNAL.format(number=-status))
    return _CODE.format(number=status)


def caused(cause: Cause, **params: Any) -> Text:
    """Why the web process ended a worker."""
    return _CAUSES[cause].format(**params)


def refusal(data: Mapping[str, Any]) -> GlassnetError:
    """The error that a worker sent as data, as the class it was there (or the general one)."""
    try:
        problem = Problem.model_validate(
            {key: value for key, value in data.items() if key in Problem.model_fields}
        )
    except ValidationError:
        return GlassnetError()
    for kind in all_errors():
        if kind.code == problem.code:
            return _rebuilt(kind, problem)
    return _rebuilt(GlassnetError, problem)


def _rebuilt(kind: type[GlassnetError], problem: Problem) -> GlassnetError:
    known = {"pointer", "node", "repairs", "problems"}
    params = {key: value for key, value in problem.params.items() if key not in known}
    try:
        return kind(pointer=problem.pointer, node=problem.node, repairs=problem.repairs, **params)
    except (KeyError, IndexError, AttributeError):
        return WorkerLost(reason=problem.message)
