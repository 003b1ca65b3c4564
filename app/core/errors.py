"""The one base class of every error a user can meet. HTTP and sockets are not known here."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, WithJsonSchema

from app.core.text import Text, text

Operation = Annotated[
    dict[str, Any],
    WithJsonSchema(
        {
            "type": "object",
            "properties": {
                "op": {"enum": ["add", "remove", "replace", "move", "copy", "test"]},
                "path": {"type": "string"},
                "from": {"type": "string"},
                "value": {},
            },
            "required": ["op", "path"],
        }
    ),
]
"""One operation of RFC 6902."""


class Repair(BaseModel):
    """A change of the spec that removes a problem, ready to be applied by one click.

    ``patch`` is a list of RFC 6902 operations on ``{"model": …, "training": …}``.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    text: Text
    patch: tuple[Operation, ...]


class Problem(BaseModel):
    """What is wrong at one place: a stable code, the place, the message in both languages.

    ``pointer`` is a JSON pointer into the request body, for instance ``/model/nodes/3/layer/kernel``;
    ``node`` the id of the layer where there is one; ``expected`` and ``got`` are for display.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    code: str
    message: Text
    severity: Literal["error", "warning"] = "error"
    pointer: str = ""
    node: str | None = None
    params: dict[str, Any] = {}
    repairs: tuple[Repair, ...] = ()


class GlassnetError(Exception):
    """Base of all errors with a code, a status and a message in both languages.

    A subclass is three lines: ``code``, ``status`` (HTTP) and ``message`` with named places.
    """

    code: ClassVar[str] = "internal"
    status: ClassVar[int] = 500
    message: ClassVar[Text] = text(
        "Something failed inside Glassnet. Try again; if it fails again, look into the server’s log.",
        "Glassnet 内部出错。请重试；若再次出错，请查看服务器日志。",
    )

    def __init__(
        self,
        *,
        pointer: str = "",
        node: str | None = None,
        repairs: tuple[Repair, ...] = (),
        problems: tuple[Problem, ...] = (),
        **params: Any,
    ) -> None:
        self.params = params
        self.pointer = pointer
        self.node = node
        self.repairs = repairs
        self.problems = problems
        super().__init__(self.text.en)

    @property
    def text(self) -> Text:
        return self.message.format(**self.params)

    def problem(self) -> Problem:
        """This error as data."""
        return Problem(
            code=self.code,
            message=self.text,
            pointer=self.pointer,
            node=self.node,
            params=self.params,
            repairs=self.repairs,
        )


def all_errors(base: type[GlassnetError] = GlassnetError) -> list[type[GlassnetError]]:
    """Every error class that is loaded, for the table of codes and its test."""
    found = [base]
    for child in base.__subclasses__():
        found += all_errors(child)
    return found


class NotFound(GlassnetError):
    code, status = "not_found", 404
    message = text("There is no {kind} “{name}”.", "没有名为“{name}”的{kind}。")


class Invalid(GlassnetError):
    code, status = "invalid", 422
    message = text("The request does not fit its schema.", "请求不符合格式。")


class SpecError(GlassnetError):
    code, status = "spec_broken", 422
    message = text("The network cannot be built: {summary}", "网络无法构建：{summary_zh}")


class TooLarge(GlassnetError):
    code, status = "too_large", 422
    message = text(
        "This needs {needed} {unit}, more than the limit of {limit} {unit}.",
        "这需要 {needed} {unit}，超过上限 {limit} {unit}。",
    )


class Conflict(GlassnetError):
    code, status = "conflict", 409
    message = text("That cannot be done now: {reason}", "现在无法执行：{reason}")


class DataMissing(GlassnetError):
    code, status = "data_missing", 409
    message = text(
        "The server does not have the data set “{name}” yet: {repair}",
        "服务器上还没有数据集“{name_zh}”：{repair_zh}",
    )


class DataBroken(GlassnetError):
    code, status = "data_broken", 409
    message = text(
        "A file of the data set “{name}” is damaged or something else. {path}: {fault}. Delete it and "
        "download the data again.",
        "数据集“{name_zh}”的文件已损坏或内容不符。{path}：{fault}。请删除该文件后重新下载数据。",
    )


class DownloadFailed(GlassnetError):
    code, status = "download_failed", 502
    message = text("{url} could not be downloaded: {reason}", "无法下载 {url}：{reason}")


class DeviceMissing(GlassnetError):
    code, status = "device_missing", 422
    message = text(
        "The server has no device “{device}”. Choose one of: {available}.",
        "服务器上没有设备“{device}”。可选：{available}。",
    )
