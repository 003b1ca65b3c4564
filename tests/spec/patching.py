"""A tiny applier of RFC 6902 patches: add, replace, remove."""

from __future__ import annotations

import copy
from collections.abc import Iterable
from typing import Any


def apply(document: Any, patch: Iterable[dict[str, Any]]) -> Any:
    """A changed copy; raises LookupError where the path of a replace or remove is not there."""
    changed = copy.deepcopy(document)
    for operation in patch:
        *way, last = [
            step.replace("~1", "/").replace("~0", "~") for step in operation["path"].split("/")[1:]
        ]
        place = changed
        for step in way:
            place = place[int(step)] if isinstance(place, list) else place[step]
        if isinstance(place, list):
            _in_list(place, last, operation)
        else:
            _in_object(place, last, operation)
    return changed


def _in_list(place: list[Any], last: str, operation: dict[str, Any]) -> None:
    index = len(place) if last == "-" else int(last)
    if operation["op"] == "add":
        if index > len(place):
            raise IndexError(last)
        place.insert(index, copy.deepcopy(operation["value"]))
    elif operation["op"] == "replace":
        place[index] = copy.deepcopy(operation["value"])
    elif operation["op"] == "remove":
        del place[index]
    else:
        raise ValueError(operation["op"])


def _in_object(place: dict[str, Any], last: str, operation: dict[str, Any]) -> None:
    if operation["op"] in ("replace", "remove") and last not in place:
        raise KeyError(last)
    if operation["op"] == "remove":
        del place[last]
    elif operation["op"] in ("add", "replace"):
        place[last] = copy.deepcopy(operation["value"])
    else:
        raise ValueError(operation["op"])
