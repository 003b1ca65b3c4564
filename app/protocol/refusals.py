"""What a run refuses to do. Raised where it trains, and known to the web process, which answers."""

from __future__ import annotations

from app.core.errors import Conflict, GlassnetError, Invalid
from app.core.text import Text, text


class LargerThanMachine(Invalid):
    code, status = "larger_than_machine", 422
    message = text(
        "The run is estimated to need {needed} GiB of memory; all runs on “{device}” together may "
        "take {limit} GiB. A smaller batch or a smaller network helps.",
        "该运行预计需要 {needed} GiB 内存；“{device}”上的所有运行合计最多可用 {limit} GiB。"
        "请减小批量或缩小网络。",
    )


class NotLive(Invalid):
    code, status = "not_live", 422
    message = text(
        "“{field}” of {part} cannot change during a run. What can: {live}.",
        "{part_zh}的“{field}”不能在运行中修改。可修改：{live}。",
    )


class RunUnreadable(Conflict):
    code, status = "run_unreadable", 409
    message = text("{why}", "{why_zh}")

    @classmethod
    def because(cls, why: Text) -> RunUnreadable:
        """With the sentence that says what of the run cannot be read."""
        return cls(why=why.en, why_zh=why.zh)


class OutOfRange(Invalid):
    code, status = "out_of_range", 422
    message = text("The value does not fit: {why}", "取值不合法：{why}")


class RatesMisfit(Invalid):
    code, status = "rates_misfit", 422
    message = text("{why}", "{why_zh}")


class SampleMisfit(Invalid):
    code, status = "sample_misfit", 422
    message = text("The sample does not fit: {reason}", "样本不符：{reason_zh}")


class NothingDecided(Invalid):
    code, status = "nothing_decided", 422
    message = text(
        "This network gives its input back and decides nothing that could be followed.",
        "该网络重建其输入，没有可供跟踪的预测。",
    )


class TokensOnly(Invalid):
    code, status = "tokens_only", 422
    message = text(
        "The samples of this run are tokens: they have no shades that an answer could be traced to. "
        "The microscope shows which token it comes from.",
        "该运行的样本是词元，没有可供归因的连续取值。显微镜可显示答案来自哪个词元。",
    )


class NoSuchUnit(Invalid):
    code, status = "no_such_unit", 422
    message = text(
        "{name} has {count} maps or units, counted from 0: there is no {unit}.",
        "{name} 共有 {count} 张特征图或 {count} 个单元（从 0 起编号），没有第 {unit} 个。",
    )


class NothingToFreeze(Invalid):
    code, status = "nothing_to_freeze", 422
    message = text(
        "{name} has no parameters, so there is nothing to freeze. Layers that have: {known}.",
        "{name} 没有参数，无可冻结。有参数的层：{known}。",
    )


class ParametersShared(Invalid):
    code, status = "parameters_shared", 422
    message = text(
        "No parameter of {name} belongs to one map or unit alone. Freeze the whole layer: leave out "
        "“unit”.",
        "{name} 的参数不属于任何单张特征图或单个单元。请冻结整层：省略“unit”。",
    )


class NoSuchWeight(Invalid):
    code, status = "no_such_weight", 422
    message = text("There is no such weight: {why}", "没有这个权值：{why}")


class AtTheEnd(Conflict):
    code, status = "at_the_end", 409
    message = text(
        "Training has reached its last epoch ({epochs}). Set more epochs to go on.",
        "训练已到最后一轮（共 {epochs} 轮）。增加轮数后可继续。",
    )


class NotEarlier(Invalid):
    code, status = "not_earlier", 422
    message = text(
        "Step {step} is not an earlier step: the run is at step {here}. Choose a step before that.",
        "第 {step} 步不是更早的步：运行位于第 {here} 步。请选择更早的一步。",
    )


class NotLater(Invalid):
    code, status = "not_later", 422
    message = text(
        "Step {step} is not ahead of us: the run is at step {here}.",
        "第 {step} 步不在前方：运行位于第 {here} 步。",
    )


class OnnxMissing(Conflict):
    code, status = "onnx_missing", 409
    message = text(
        "This server cannot write ONNX yet: run {command} and start it again.",
        "本服务器尚不能写出 ONNX：请运行 {command}，然后重新启动。",
    )


class CodeRestarts(Conflict):
    code, status = "code_restarts", 409
    message = text(
        "This run carries its state from window to window, which exported code does not do. Set “carry” "
        "of the data set to off, or take the weights.",
        "该运行在窗口之间传递状态，导出的代码不会这样做。请关闭数据集的“传递状态”，或导出权值。",
    )


class WeightsMisfit(Invalid):
    code, status = "weights_misfit", 422
    message = text(
        "The file does not fit the network; {count} tensors differ. First: {first} Open the network that the file was saved from.",
        "权值文件与网络不符，共 {count} 处不同。第一处：{first_zh} 请打开保存该文件时的网络。",
    )


class FileTooLarge(Invalid):
    code, status = "file_too_large", 413
    message = text("The file is larger than {limit} MiB.", "文件超过 {limit} MiB。")


class NotReached(Invalid):
    code, status = "not_reached", 422
    message = text(
        "Step {step} has not been made: the run is at step {here}.",
        "第 {step} 步尚未执行：运行位于第 {here} 步。",
    )


class NoSuchCell(Invalid):
    code, status = "no_such_cell", 422
    message = text("There is no such number: {why}", "没有这个数：{why}")


class CellMisfit(Invalid):
    code, status = "cell_misfit", 422
    message = text(
        "“{field}” does not apply to this number: {why}. Leave it out.",
        "“{field}”不适用于这个数：{why}。请去掉它。",
    )


class DoesNotSum(GlassnetError):
    code, status = "does_not_sum", 500
    message = text(
        "Glassnet cannot explain this number: the terms that it found sum to {total}, PyTorch's "
        "value is {value}; that is {off} off, and rounding allows {bar}. This is a fault of "
        "Glassnet, which its log has noted. The number: {cell}",
        "Glassnet 无法解释这个数：所得各项之和为 {total}，PyTorch 给出的值为 {value}，相差 "
        "{off}，而舍入误差至多为 {bar}。这是 Glassnet 的缺陷，已记入日志。该数为：{cell}",
    )


class LookFailed(GlassnetError):
    code, status = "look_failed", 500
    message = text(
        "Glassnet could not look into this step because of an error of its own, which its log has "
        "noted. The run is not touched by it.",
        "Glassnet 自身出错，无法查看这一步；错误已记入日志。运行不受影响。",
    )


class NoDerivative(Invalid):
    code, status = "no_derivative", 422
    message = text(
        "{what} has no derivative in this step: the loss does not depend on it.",
        "{what} 在这一步没有导数：损失与它无关。",
    )
