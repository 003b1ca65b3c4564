"""Parameters that learn at a rate of their own: which entry counts for which tensor, and what misfits.

Knows names only: no tensor, no optimiser.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Annotated

from pydantic import Field, StringConstraints

from app.core.errors import Problem, Repair
from app.core.text import text
from app.spec.base import Strict

MOST_GROUPS = 512

Target = Annotated[
    str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,31}(\.[A-Za-z0-9_.]{1,64})?$")
]


class ParameterGroup(Strict):
    """A share of η, and a weight decay, for one layer (``conv1``) or one of its parameters
    (``conv1.bias``). Null leaves the number to the layer's own entry, then to the optimiser."""

    of: Target
    learning_rate: float | None = Field(None, ge=0.0, le=1000.0)
    """What η is multiplied with; 0 freezes."""
    weight_decay: float | None = Field(None, ge=0.0, le=10.0)
    """In place of the optimiser's."""


class Rate(Strict):
    """How one parameter tensor learns."""

    factor: float = 1.0
    weight_decay: float | None = None


Groups = tuple[ParameterGroup, ...]
PLAIN = Rate()


def rate_of(groups: Sequence[ParameterGroup], node: str, tensor: str) -> Rate:
    """The numbers of a tensor: each from its own entry, else from its layer's."""
    found = PLAIN
    for name in (node, f"{node}.{tensor}"):
        for group in groups:
            if group.of == name:
                found = Rate(
                    factor=found.factor if group.learning_rate is None else group.learning_rate,
                    weight_decay=(
                        found.weight_decay if group.weight_decay is None else group.weight_decay
                    ),
                )
    return found


def _faults(
    groups: Sequence[ParameterGroup], tensors: Mapping[str, Sequence[str]]
) -> Iterator[tuple[int, str]]:
    """The place of every entry that misfits, and the code of what is wrong with it."""
    seen: set[str] = set()
    for index, group in enumerate(groups):
        node, _, tensor = group.of.partition(".")
        known = tensors.get(node)
        if known is None:
            yield index, "unknown_node"
        elif not known or (tensor and tensor not in known):
            yield index, "unknown_parameter"
        elif group.of in seen:
            yield index, "rate_twice"
        seen.add(group.of)


def misfits(groups: Groups, tensors: Mapping[str, Iterable[str]]) -> list[tuple[int, Problem]]:
    """Entries that name nothing, and second ones; ``tensors`` holds the parameters of every node.

    Pointers are relative to the list of groups.
    """
    listed = {node: list(names) for node, names in tensors.items()}
    return [
        (index, _problem(code, index, groups[index].of, listed))
        for index, code in _faults(groups, listed)
    ]


def _problem(code: str, index: int, name: str, tensors: Mapping[str, list[str]]) -> Problem:
    node = name.partition(".")[0]
    if code == "unknown_node":
        return _unknown_node(index, node)
    if code == "unknown_parameter":
        return _unknown_tensor(index, node, name, tensors[node])
    return _twice(index, node, name)


def problems(groups: Groups, tensors: Mapping[str, Iterable[str]], at: str) -> list[Problem]:
    """The misfits as problems of a spec; ``at`` points to the list, and a repair takes one out.

    Each was tried: with the entry gone there is one fault less of its kind and none besides.
    """
    listed = {node: list(names) for node, names in tensors.items()}
    before = _counted(groups, listed)
    found = []
    for index, problem in misfits(groups, listed):
        pointer, name = f"{at}/{index}", groups[index].of
        after = _counted((*groups[:index], *groups[index + 1 :]), listed)
        works = before - after == Counter([(problem.code, name)]) and not after - before
        say = text(f"Remove the rates of {name}", f"删除 {name} 的学习率设置")
        repair = Repair(text=say, patch=({"op": "remove", "path": pointer},))
        changes = {"pointer": f"{pointer}/of", "repairs": (repair,) if works else ()}
        found.append(problem.model_copy(update=changes))
    return found


def _counted(
    groups: Sequence[ParameterGroup], tensors: Mapping[str, Sequence[str]]
) -> Counter[tuple[str, str]]:
    return Counter((code, groups[index].of) for index, code in _faults(groups, tensors))


def _unknown_node(index: int, node: str) -> Problem:
    return Problem(
        code="unknown_node",
        message=text(
            f"A learning rate is set for {node}, but there is no such layer.",
            f"为 {node} 设置了学习率，但没有这个层。",
        ),
        pointer=f"/{index}/of",
        params={"name": node},
    )


def _unknown_tensor(index: int, node: str, name: str, known: list[str]) -> Problem:
    has = ", ".join(known) or "–"
    return Problem(
        code="unknown_parameter",
        message=text(
            f"A learning rate is set for {name}; the parameters of {node} are: {has}.",
            f"为 {name} 设置了学习率；{node} 的参数有：{has}。",
        ),
        pointer=f"/{index}/of",
        node=node,
        params={"name": name, "known": known},
    )


def _twice(index: int, node: str, name: str) -> Problem:
    return Problem(
        code="rate_twice",
        message=text(
            f"The learning rate of {name} is set twice.", f"{name} 的学习率被设置了两次。"
        ),
        pointer=f"/{index}/of",
        node=node,
        params={"name": name},
    )
