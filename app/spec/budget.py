"""What a network may cost before anything is allocated. Limits, not measurements."""

from __future__ import annotations

from app.core.errors import Problem
from app.core.text import text
from app.spec.report import Memory, Totals
from app.spec.training import TrainingSpec

MAX_PARAMETERS = 50_000_000
MAX_MACS = 20_000_000_000
MAX_STEP_BYTES = 4 * 2**30
_FLOAT = 4


def memory(parameters: int, activations: int, kept: int, training: TrainingSpec) -> Memory:
    """Bytes of one layer, or of all, in a training step."""
    own = _FLOAT * parameters
    return Memory(
        weights=own,
        gradients=own,
        optimizer=own * training.phase.optimizer.STATE_TENSORS,
        activations=sample_bytes(activations, kept) * training.phase.batch_size,
    )


def sample_bytes(activations: int, kept: int) -> int:
    """What one sample adds: every value, and its sensitivity on the way back; what is kept beside."""
    return _FLOAT * (2 * activations + kept)


def exceeded(totals: Totals) -> list[Problem]:
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
            params = {"needed": needed, "limit": limit}
            problems.append(Problem(code=code, message=message, pointer="/model", params=params))
    return problems
