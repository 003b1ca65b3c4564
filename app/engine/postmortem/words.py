"""A post-mortem as a sentence in both languages."""

from __future__ import annotations

import math

from app.core.text import Text, text
from app.protocol.postmortem import Broken, FirstBroken, PostMortem

_WHAT: dict[Broken, Text] = {
    "input": text("the batch that goes in", "输入的批次"),
    "parameter": text("{node}.{tensor}", "{node}.{tensor}"),
    "activation": text("{part}{node}", "{node} 的{part}"),
    "loss": text("the loss, from the output of {node},", "损失（由 {node} 的输出算得）"),
    "sensitivity": text("the sensitivity of {part}{node}", "{node} 的{part}的灵敏度"),
    "gradient": text("the gradient of {node}.{tensor}", "{node}.{tensor} 的梯度"),
    "update": text("{node}.{tensor}, by the update,", "{node}.{tensor}（更新后）"),
}
_PASS: dict[Broken, Text] = {
    "sensitivity": text(" on the way back", "，反向传播中"),
    "gradient": text(" on the way back", "，反向传播中"),
}
_NAMES: dict[str, Text] = {
    **{gate: text(f"gate {gate}", f"门 {gate}") for gate in ("i", "f", "g", "o", "r", "z", "n")},
    "c": text("cell c", "记忆单元 c"),
    "h": text("state h", "状态 h"),
    "s": text("state s", "状态 s"),
}
_OUTPUT = text("the output", "输出")
NOTHING = text("", "")


def value(found: float) -> str:
    """∞, −∞ or NaN."""
    if math.isnan(found):
        return "NaN"
    return "∞" if found > 0 else "−∞"


def place(first: FirstBroken) -> Text:
    """Gate, layer of a stack, direction, time step: what there is of them, each after a comma."""
    found_en, found_zh = "", ""
    if first.gate is not None and first.what in ("parameter", "gradient", "update"):
        found_en += f", {_NAMES[first.gate].en}"
        found_zh += f"，{_NAMES[first.gate].zh}"
    if first.stack:
        found_en += f", layer {first.stack + 1} of the stack"
        found_zh += f"，堆叠的第 {first.stack + 1} 层"
    if first.reverse:
        found_en += ", backward direction"
        found_zh += "，反向"
    if first.time is not None:
        found_en += f", time step {first.time + 1} of {first.times}"
        found_zh += f"，第 {first.time + 1}/{first.times} 个时刻"
    return text(found_en, found_zh)


def what(first: FirstBroken) -> Text:
    """The tensor by its name."""
    part = _NAMES[first.gate] if first.gate is not None else _OUTPUT
    said = {"node": first.node, "tensor": first.tensor}
    known = _WHAT[first.what]
    return text(
        known.en.format(part=f"{part.en} of ", **said), known.zh.format(part=part.zh, **said)
    )


def message(found: PostMortem, rate: float) -> Text:
    """What broke first, and what helps."""
    first = found.first
    named, where, way = what(first), place(first), _PASS.get(first.what, NOTHING)
    shown = value(first.value)
    return text(
        f"Training broke at step {first.step}: {named.en} became {shown}{way.en}{where.en}. "
        f"Go back to step {found.good} and use a smaller learning rate, {found.learning_rate:g} instead "
        f"of {rate:g}, or clip the gradients.",
        f"训练在第 {first.step} 步出现非有限数：{named.zh}变为 {shown}{way.zh}{where.zh}。"
        f"请回到第 {found.good} 步，减小学习率（{rate:g} → {found.learning_rate:g}）或截断梯度。",
    )
