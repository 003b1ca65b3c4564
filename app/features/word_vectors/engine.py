"""Nearest words by the cosine of their vectors, and vectors laid flat by principal components. Reads an
embedding layer between two steps and changes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import torch

from app.catalog.datasets._tokens import TokenSet, UnknownToken
from app.engine.trainer import Trainer
from app.features._answers import Asked, answers
from app.features.word_vectors.schema import (
    NEIGHBOURS,
    PROJECTION,
    Neighbour,
    Neighbours,
    NeighboursWanted,
    NoDirection,
    NoEmbedding,
    Projection,
    ProjectionWanted,
    WordPlace,
)

SHOWN = 8
"""Tokens that are named where one is not known."""


def neighbours(trainer: Trainer, branch: int, wanted: NeighboursWanted) -> Neighbours:
    """Cosines in float64; ties by the token's number. Raises NoEmbedding, UnknownToken, NoDirection."""
    node, table, data = _table(trainer, wanted.node)
    words = data.vocabulary
    plus = _tokens(data, wanted.plus, "/plus")
    minus = _tokens(data, wanted.minus, "/minus")
    unit = table / table.norm(dim=1, keepdim=True).clamp_min(1e-300)
    asked = unit[plus].sum(0) - unit[minus].sum(0)
    alone = len(plus) == 1 and not minus
    length = float(table[plus[0]].norm() if alone else asked.norm())
    if length < 1e-9:
        raise NoDirection(pointer="/plus")
    cosines = unit @ (asked / asked.norm())
    cosines[[0, *plus, *minus]] = -torch.inf
    count = min(wanted.count, len(words) - 1 - len({*plus, *minus}))
    best = torch.sort(cosines, descending=True, stable=True).indices[:count].tolist()
    return Neighbours(
        node=node,
        step=trainer.cursor.step,
        branch=branch,
        length=length,
        neighbours=tuple(
            Neighbour(word=words[token], token=token, cosine=float(cosines[token]))
            for token in best
        ),
    )


def projection(trainer: Trainer, branch: int, wanted: ProjectionWanted) -> Projection:
    """Principal components of the chosen vectors about their mean, in float64. A component's sign is that
    which makes its largest part positive. Raises NoEmbedding, UnknownToken."""
    node, table, data = _table(trainer, wanted.node)
    words = data.vocabulary
    named = _tokens(data, wanted.words, "/words")
    some = range(wanted.start, min(len(words), wanted.start + wanted.count))
    tokens = list(dict.fromkeys([*named, *some]))
    flat, share = principal(table[tokens])
    return Projection(
        node=node,
        step=trainer.cursor.step,
        branch=branch,
        share=share,
        places=tuple(
            WordPlace(word=words[token], token=token, x=x, y=y)
            for token, (x, y) in zip(tokens, flat.tolist(), strict=True)
        ),
    )


@answers(NEIGHBOURS)
def _neighbours(run: Asked, wanted: NeighboursWanted) -> Neighbours:
    return neighbours(run.trainer, run.branch, wanted)


@answers(PROJECTION)
def _projection(run: Asked, wanted: ProjectionWanted) -> Projection:
    return projection(run.trainer, run.branch, wanted)


def principal(vectors: torch.Tensor) -> tuple[torch.Tensor, tuple[float, float]]:
    """(N, D) → its first two principal components (N, 2) and each one's share of the variance."""
    flat = vectors.new_zeros(len(vectors), 2)
    if not len(vectors) or not bool(vectors.isfinite().all()):
        return flat, (0.0, 0.0)
    centred = vectors - vectors.mean(0)
    _, sizes, axes = torch.linalg.svd(centred, full_matrices=False)
    axes, sizes = axes[:2], sizes.square()
    largest = axes.gather(1, axes.abs().argmax(1, keepdim=True))
    axes = axes * torch.where(largest < 0, -1.0, 1.0)
    flat[:, : len(axes)] = centred @ axes.T
    total = float(sizes.sum())
    found = [float(one) / total if total > 0 else 0.0 for one in sizes[:2]]
    return flat, (found[0], found[1] if len(found) > 1 else 0.0)


def _table(trainer: Trainer, wanted: str | None) -> tuple[str, torch.Tensor, TokenSet]:
    """The layer's name, its vectors in float64 on the CPU, and the data whose words they stand for."""
    layers, data = trainer.network.layers, trainer.data.tokens
    found = [
        name for name, layer in layers.items() if layer.TOKEN_VECTORS and wanted in (None, name)
    ]
    if data is None or not found:
        raise NoEmbedding(pointer="/node")
    weight = trainer.network.node(found[0]).get_parameter(layers[found[0]].TOKEN_VECTORS).detach()
    return found[0], weight.double().cpu(), data


def _tokens(data: TokenSet, wanted: Sequence[str], pointer: str) -> list[int]:
    """Their numbers: as they are written, else in any case."""
    words = data.vocabulary
    places = _any_case(words)
    found = []
    for place, word in enumerate(wanted):
        token = places.get(word) or places.get(word.lower())
        if token is None:
            raise UnknownToken(
                pointer=f"{pointer}/{place}",
                token=word,
                place=place + 1,
                dataset=data.TITLE.en,
                dataset_zh=data.TITLE.zh,
                count=len(words) - 1,
                some=" ".join(words[-SHOWN:]),
            )
        found.append(token)
    return found


@lru_cache(maxsize=2)
def _any_case(words: tuple[str, ...]) -> dict[str, int]:
    """Tokens by how they are written and by their small letters; the padding has no place."""
    small = {word.lower(): token for token, word in reversed(list(enumerate(words))) if token}
    return small | {word: token for token, word in enumerate(words) if token}
