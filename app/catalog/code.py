"""How a part says itself as Python: the expression that makes it, and what that expression needs.

Works on modules, functions and optimisers that exist already: nothing here imports torch, and no
single part is known.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from app.core import quoted
from app.core.errors import GlassnetError
from app.core.text import text

_MISSING = object()
_GEOMETRY = ("kernel_size", "stride", "padding", "output_padding", "dilation", "output_size")
_ALWAYS = ("lr",)
"""Arguments that are said even where they are PyTorch's default."""
_BY_NAME = 3
"""Arguments from this place on are given by name."""


class NestedModule(GlassnetError):
    """A module's class stands inside a function: its source makes no file of its own."""

    code, status = "nested_module", 422
    message = text(
        "The module {name} is defined inside a function, so that its code cannot be exported: define it "
        "at the top of a file of its own, as those of app/nn, and import it in build().",
        "模块 {name} 定义在函数内部，其代码无法导出：请像 app/nn 中的模块那样，把它定义在单独文件的顶层，"
        "再在 build() 中导入。",
    )


@dataclass(frozen=True)
class Code:
    """``expression`` is Python for readers; ``uses`` are classes and functions of ours in it, whose
    source goes along. Names of PyTorch are ``torch``, ``nn``, ``functional`` and ``optim``.

    ``forward`` says a layer that keeps nothing in place of a module: ``{} + {}`` of its inputs.
    """

    expression: str
    uses: tuple[Any, ...] = ()
    forward: str = ""


@dataclass(frozen=True)
class Behaviour:
    """Methods of a part as a plain class of their own: its fields, and what ``methods`` need."""

    kind: type
    fields: tuple[tuple[str, str], ...]
    """(name, name of the type) of every field."""
    methods: tuple[str, ...]


def of_part(part: Any, *methods: str) -> Code:
    """A part that does something by itself: an object with its numbers and those methods."""
    said: list[str] = []
    fields: list[tuple[str, str]] = []
    uses: list[Any] = []
    for name in type(part).model_fields:
        value = getattr(part, name)
        if name == "type":
            continue
        if hasattr(type(value), "model_fields"):
            inner = of_part(value, *methods)
            text, uses = inner.expression, [*uses, *inner.uses]
        else:
            text = literal(value)
        said.append(f"{name}={text}")
        fields.append((name, type(value).__name__))
    own = Behaviour(type(part), tuple(fields), methods)
    return Code(f"{type(part).__name__}({', '.join(said)})", (*uses, own))


def of_module(module: Any) -> Code:
    """The constructor call of an ``nn.Module``: every argument is an attribute of its name.

    So PyTorch's own modules have it; a module of ours keeps its arguments under their names, too.
    """
    kind = type(module)
    if kind.__name__ == "Sequential" and _is_torchs(kind):
        inner = [of_module(child) for child in module]
        listed = ", ".join(code.expression for code in inner)
        return Code(f"nn.Sequential({listed})", tuple(use for code in inner for use in code.uses))
    given = _arguments(kind, lambda name: _attribute(module, name))
    if _is_torchs(kind):
        return Code(f"nn.{kind.__name__}({given})")
    if "<locals>" in kind.__qualname__:
        raise NestedModule(name=kind.__name__)
    return Code(f"{kind.__name__}({given})", (kind,))


def of_function(function: Callable[..., Any]) -> Code:
    """A function of two tensors: a module, one of ``torch.nn.functional``, or one of ours."""
    if hasattr(function, "named_parameters"):
        return of_module(function)
    if isinstance(function, partial):
        inner = of_function(function.func)
        given = [literal(value) for value in function.args]
        given += [f"{name}={literal(value)}" for name, value in function.keywords.items()]
        return Code(f"partial({', '.join([inner.expression, *given])})", (*inner.uses, partial))
    if function.__module__.startswith("torch"):
        return Code(f"functional.{function.__name__}")
    if "<locals>" in function.__qualname__:
        raise TypeError(f"{function.__qualname__} has no source of its own: declare its code")
    return Code(function.__name__, (function,))


def of_optimizer(optimizer: Any, parameters: str) -> Code:
    """The constructor call of an optimiser over the expression ``parameters``."""
    kind = type(optimizer)
    given = _arguments(
        kind, lambda name: optimizer.defaults.get(name, _MISSING), skip=1, named=True
    )
    call = f"({parameters}, {given})" if given else f"({parameters})"
    if _is_torchs(kind):
        return Code(f"optim.{kind.__name__}{call}")
    return Code(f"{kind.__name__}{call}", (kind,))


def _arguments(
    kind: type, value: Callable[[str], Any], *, skip: int = 0, named: bool = False
) -> str:
    """``1, 6, kernel_size=5``: what differs from the defaults, as short as it stays readable."""
    constructor: Any = inspect.getattr_static(kind, "__init__")
    if constructor.__qualname__ == "Module.__init__":
        return ""
    wanted = list(inspect.signature(constructor).parameters.values())[1 + skip :]
    said: list[str] = []
    in_a_row = not named
    for place, parameter in enumerate(wanted):
        if parameter.kind in (parameter.VAR_KEYWORD, parameter.VAR_POSITIONAL):
            continue
        given = _shortened(parameter.name, value(parameter.name))
        if given is _MISSING:
            if parameter.default is parameter.empty:
                raise TypeError(f"{kind.__name__} does not keep its argument {parameter.name}")
            in_a_row = False
            continue
        if given == parameter.default and parameter.name not in _ALWAYS:
            in_a_row = False
            continue
        text = literal(given)
        by_name = not in_a_row or place >= _BY_NAME or parameter.default is not parameter.empty
        said.append(f"{parameter.name}={text}" if by_name else text)
    return ", ".join(said)


def _attribute(module: Any, name: str) -> Any:
    value = getattr(module, name, _MISSING)
    if name == "bias" and value is not _MISSING and not isinstance(value, bool):
        return value is not None
    if name == "inplace":
        return False
    return value


def _shortened(name: str, value: Any) -> Any:
    """A geometry of equal numbers, (5, 5), as the one number that PyTorch takes for it."""
    if name in _GEOMETRY and isinstance(value, tuple) and value and len(set(value)) == 1:
        return value[0]
    return value


def literal(value: Any) -> str:
    """A value as Python writes it; a list as a tuple, a text in ASCII."""
    if isinstance(value, Mapping):
        return (
            "{" + ", ".join(f"{literal(key)}: {literal(item)}" for key, item in value.items()) + "}"
        )
    if isinstance(value, tuple | list):
        inner = ", ".join(literal(item) for item in value)
        return f"({inner},)" if len(value) == 1 else f"({inner})"
    if isinstance(value, str):
        return quoted.literal(value)
    if isinstance(value, bool | int) or value is None:
        return repr(value)
    if isinstance(value, float):
        return re.sub(r"e([+-])0*(\d)", r"e\1\2", repr(value)).replace("e+", "e")
    raise TypeError(f"{value!r} is no literal")


def _is_torchs(kind: type) -> bool:
    return kind.__module__.startswith("torch.")
