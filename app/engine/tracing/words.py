"""What the microscope calls things, in both languages."""

from __future__ import annotations

from collections.abc import Mapping

from app.core.text import Text, text
from app.protocol.tracing import Kind

ACTIVATION = text("output x of the node", "节点输出 x")
NET_INPUT = text("net input u", "净激活值 u")
INPUT = text("a value of the input", "输入值")
TARGET = text("a target", "目标值")
CONSTANT = text(
    "a constant of the pass: a buffer or a fixed number", "本次传播中的常数：缓冲区或固定数"
)
DRAWN = text("a number that this step drew at random", "本步随机抽取的数")
LOSS = text("loss E", "损失 E")
LOSS_SUM = text("loss ΣE: summed over the batch, not averaged", "损失 ΣE：对批次求和，而非取平均")
SENSITIVITY = text(
    "∂E/∂(output); the sensitivity δ where the output is a net input u",
    "∂E/∂(输出)；输出即净激活值 u 时，就是灵敏度 δ",
)
GRADIENT = text("∂E/∂(parameter): gradient", "∂E/∂(参数)：梯度")
UPDATE = text("the parameter after this step", "本步之后的参数")
PARAMETER = text("the parameter that this step starts from", "本步开始时的参数")
NOTHING_YET = text(
    "nothing yet: this step is the first that the optimiser remembers",
    "尚无记忆：优化器从这一步才开始记忆",
)
STATE = text("what the optimiser remembers at the start of this step", "本步开始时优化器的记忆")

TITLES: Mapping[Kind, Text] = {
    "linear": text("A sum of products", "乘积之和"),
    "pointwise": text("A function of one cell", "单个单元的函数"),
    "selection": text("A choice: the chosen value and the others", "选择：选中的值与其余的值"),
    "statistic": text("A statistic over cells", "若干单元的统计量"),
    "function": text("A function of many cells", "多个单元的函数"),
    "move": text("A copy of another cell", "另一单元的复制"),
    "rule": text("The optimiser's rule", "优化器的规则"),
    "silenced": text(
        "Silenced: 0, whatever it would be computed from", "已屏蔽：不论怎样计算，值都为 0"
    ),
    "frozen": text("Frozen: training does not change it", "已冻结：训练不改变它"),
    "edited": text("Written by hand before this step", "本步之前手动写入"),
    "given": text("Given, not computed in this step", "给定值，并非本步计算所得"),
}

FORWARD = text(
    "Forward through {node} ({title}): {shape}.", "前向通过 {node}（{title}）：{shape}。"
)
LOSS_CAPTION = text(
    "The loss ({title}) compares the outputs with the targets: E = {value}.",
    "损失（{title}）比较输出与目标：E = {value}。",
)
BACKWARD = text(
    "Backward through {node} ({title}): ∂E/∂x is passed back to {inputs}.",
    "反向通过 {node}（{title}）：把 ∂E/∂x 传回 {inputs}。",
)
BACKWARD_LOSS = text(
    "Backward begins: the loss gives ∂E/∂(output) of {inputs}.",
    "反向传播开始：损失给出 {inputs} 的 ∂E/∂(输出)。",
)
GRADIENTS = text(" Gradients of {tensors} are summed.", " 对 {tensors} 的梯度求和。")
UPDATED = text("Update of {name} by {title}.", "以{title}更新 {name}。")
SILENCED_WHOLE = text(" It is silenced: its output is 0.", " 它已被屏蔽：输出为 0。")
SILENCED = text(
    " Silenced units, whose output is 0: {units}.", " 已屏蔽、输出为 0 的单元：{units}。"
)
HELD = text(
    " Units whose values are frozen and stay: {units}.", " 已冻结、其值保持不变的单元：{units}。"
)
FROZEN = text("{name} is frozen: it stays as it is.", "{name} 已冻结：保持不变。")
