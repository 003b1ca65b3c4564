"""What a network may cost before anything is allocated. Limits, not measurements."""

from __future__ import annotations

from app.core.errors import Problem, Repair
from app.core.text import text
from app.spec.report import Totals
from app.spec.training import TrainingSpec

MAX_PARAMETERS = 50_000_000
MAX_MACS = 20_000_000_000
MAX_STEP_BYTES = 4 * 2**30
_FLOAT = 4


def step_bytes(parameters: int, activations: int, training: TrainingSpec) -> int:
    """Bytes of one training step: weights, gradients, optimiser state; activations twice per sample."""
    copies = 2 + training.phase.optimizer.STATE_TENSORS
    return _FLOAT * (parameters * copies + 2 * activations * training.phase.batch_size)


def exceeded(totals: Totals, training: TrainingSpec) -> list[Problem]:
    """One problem for each limit that the network breaks."""
    problems = []
    for code, unit, unit_zh, needed, limit in (
        ("too_many_parameters", "parameters", "个参数", totals.parameters, MAX_PARAMETERS),
        ("too_many_macs", "multiply-accumulates a sample", "次乘加/样本", totals.macs, MAX_MACS),
        ("too_much_memory", "bytes of memory", "字节内存", totals.memory_bytes, MAX_STEP_BYTES),
    ):
        if needed > limit:
            message = text(
                f"The network needs {needed:,} {unit}; the limit is {limit:,}.",
                f"网络需要 {needed:,} {unit_zh}；上限为 {limit:,}。",
            )
            fits = _smaller_batch(totals, training) if code == "too_much_memory" else ()
            params = {"needed": needed, "limit": limit}
            problems.append(
                Problem(code=code, message=message, pointer="/model", params=params, repairs=fits)
            )
    return problems


def _smaller_batch(totals: Totals, training: TrainingSpec) -> tuple[Repair, ...]:
    fixed = step_bytes(totals.parameters, 0, training)
    fits = (MAX_STEP_BYTES - fixed) // (2 * _FLOAT * max(1, totals.activations))
    if fits < 1:
        return ()
    path = "/training/phases/0/batch_size"
    say = text(f"Use batches of {fits}", f"批量改为 {fits}")
    return (Repair(text=say, patch=({"op": "add", "path": path, "value": int(fits)},)),)
