"""What nodes and values are called in exported code."""

from __future__ import annotations

import keyword
from collections.abc import Mapping

from torch import nn

from app.spec.model import INPUT

_TAKEN = {
    "x",
    "self",
    "torch",
    "nn",
    "functional",
    "reseed",
    "seed",
    "step",
    "stable_hash",
    "lengths",
}


def attribute(node: str) -> str:
    """The node's name, with one more underscore where Python or ``nn.Module`` uses it already.

    ``train`` is ``train_``, and a node that is called ``train_`` is ``train__``: no two are one.
    """
    name = node.rstrip("_")
    taken = keyword.iskeyword(name) or name in _TAKEN or hasattr(nn.Module, name)
    return f"{node}_" if taken or name in vars(nn.Module()) else node


def tensor(name: str) -> str:
    """The name of a weight, for instance ``conv1.weight``, in exported code."""
    node, _, rest = name.partition(".")
    return f"{attribute(node)}.{rest}"


def variables(
    order: tuple[str, ...], sources: Mapping[str, tuple[str, ...]], output: str
) -> dict[str, str]:
    """What each node's value is called in ``forward``: ``x`` along the trunk, else like its node.

    ``x`` is given on where nothing else will read it; a branch keeps its node's name.
    """
    left = dict.fromkeys((INPUT, *order), 0)
    left[output] += 1
    for name in order:
        for source in sources[name]:
            left[source] += 1
    readers = dict(left)
    found = {INPUT: "x"}
    holder: str | None = INPUT
    for name in order:
        for source in sources[name]:
            left[source] -= 1
        free = holder is None or left[holder] == 0
        merges = len(sources[name]) > 1
        follows = sources[name][0] == holder and readers[sources[name][0]] == 1
        if free and (merges or follows):
            found[name], holder = "x", name
        else:
            found[name] = attribute(name)
    return found
