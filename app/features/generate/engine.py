"""Lets a network of next tokens write: token by token, its states carried on, drawn by a seed of its own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from app.catalog.datasets import TokenSet
from app.engine.compile import States
from app.engine.trainer import Trainer
from app.features._answers import Asked, answers
from app.features.generate.schema import (
    GENERATE,
    Generated,
    GenerateWanted,
    Likely,
    NoNextToken,
    NotByStep,
    Written,
)

TOP = 5
"""Likeliest tokens that are named at every place."""
EXAMPLE = "shakespeare"


@torch.inference_mode()
def generate(trainer: Trainer, branch: int, wanted: GenerateWanted) -> Generated:
    """Raises NoNextToken, NotByStep, UnknownToken. The run itself is only read."""
    dataset = trainer.spec.training.dataset
    if not (isinstance(dataset, TokenSet) and dataset.NEXT and trainer.per_step):
        raise NoNextToken(example=EXAMPLE)
    _require_steps(trainer)
    ids = dataset.ids(wanted.prompt, "/prompt")
    draws = torch.Generator().manual_seed(wanted.seed)
    states: States = {}
    written: list[Written] = []
    found: list[int] = []
    with _evaluating(trainer):
        for _ in range(wanted.length):
            x = torch.tensor([ids], dtype=torch.float32, device=trainer.device)
            output, states = trainer.network.resume(x, states)
            scores = output[0, -1].double().cpu()
            scores[0] = -torch.inf
            chosen = _drawn(scores, wanted, draws)
            written.append(_told(dataset, scores, chosen))
            found.append(chosen)
            ids = [chosen]
    told = dataset.say(found)
    return Generated(step=trainer.cursor.step, branch=branch, text=told, tokens=written)


@answers(GENERATE)
def _generate(run: Asked, wanted: GenerateWanted) -> Generated:
    return generate(run.trainer, run.branch, wanted)


def _drawn(scores: torch.Tensor, wanted: GenerateWanted, draws: torch.Generator) -> int:
    """A token by its chance; the likeliest where the temperature is 0 or nothing is a number."""
    if wanted.temperature == 0.0 or not bool(torch.isfinite(scores[1:]).all()):
        return int(scores[1:].nan_to_num(-torch.inf).argmax()) + 1
    if 0 < wanted.top_k < len(scores) - 1:
        least = scores.topk(wanted.top_k).values[-1]
        scores = scores.masked_fill(scores < least, -torch.inf)
    chances = ((scores - scores.max()) / wanted.temperature).softmax(0)
    return int(torch.multinomial(chances, 1, generator=draws))


def _told(dataset: TokenSet, scores: torch.Tensor, chosen: int) -> Written:
    chances, names = scores.softmax(0), dataset.vocabulary
    best = chances[1:].topk(min(TOP, len(chances) - 1))
    top = [
        Likely(token=names[place + 1], probability=value)
        for place, value in zip(best.indices.tolist(), best.values.tolist(), strict=True)
    ]
    return Written(token=names[chosen], probability=float(chances[chosen]), top=top)


def _require_steps(trainer: Trainer) -> None:
    """Every node gives at a step what that step and those before it decide."""
    network = trainer.network
    for name in network.order:
        layer = network.layers[name]
        if getattr(layer, "bidirectional", False):
            why = ("reads from the end too", "也从末尾读起")
        elif not layer.BY_STEP:
            why = ("looks at all steps together", "要同时看到所有时刻")
        else:
            continue
        title = layer.TITLE
        raise NotByStep(name=name, title=title.en, title_zh=title.zh, why=why[0], why_zh=why[1])


@contextmanager
def _evaluating(trainer: Trainer) -> Iterator[None]:
    trainer.network.mode(training=False)
    try:
        yield
    finally:
        trainer.network.mode(training=True)
