"""How a question is declared. Torch-free; what answers it is registered by :mod:`app.features._answers`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from inspect import cleandoc
from typing import Any, Generic, Literal, TypeVar

from pydantic import BaseModel, TypeAdapter

A = TypeVar("A", bound=BaseModel)


class Nothing(BaseModel):
    """What is said by who asks without a body."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Question(Generic[A]):
    """What may be asked of a run between two steps of training, and changes nothing of it.

    The answer is JSON by the model ``answer``, a safetensors file that ``file`` describes, or, where
    there are both, what the request accepts. A question without a ``route`` is asked by the server.
    """

    name: str
    """Also the operation's id in the API's document."""
    asks: type[A]
    """The body, validated in the web process and again in the worker; of a GET it is Nothing."""
    answer: type[BaseModel] | None = None
    file: str | None = None
    route: str | None = None
    """The address behind that of the run."""
    method: Literal["GET", "POST"] = "POST"
    tag: str = "runs"
    summary: str = ""
    about: str = ""
    examples: tuple[tuple[str, Any], ...] = ()
    """Bodies with their titles."""
    errors: tuple[int, ...] = ()
    """Statuses of errors beside those of every question."""
    check: Callable[[A], None] | None = None
    """Raises what is wrong with a question whatever the run is, before a worker is asked."""

    @cached_property
    def adapter(self) -> TypeAdapter[A]:
        return TypeAdapter(self.asks)

    @property
    def description(self) -> str:
        """``about`` without its indentation."""
        return cleandoc(self.about)
