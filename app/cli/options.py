"""Command-line flags made from the settings: a new field is a new flag by itself."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from functools import wraps
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import SecretStr, ValidationError

from app.core import invalid
from app.settings import Settings

ALSO = {"host": "HOST", "port": "PORT"}
"""Environment variables that are honoured beside ``GLASSNET_…``, as hosting services set them."""


def with_settings(command: Callable[..., None]) -> Callable[..., None]:
    """Replace a command's ``**options`` by one flag for every setting."""
    own = [
        parameter
        for parameter in inspect.signature(command, eval_str=True).parameters.values()
        if parameter.kind is not inspect.Parameter.VAR_KEYWORD
    ]
    flags = [
        inspect.Parameter(
            name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=_annotation(name)
        )
        for name in Settings.model_fields
    ]

    @wraps(command)
    def wrapped(**given: Any) -> None:
        command(**given)

    parameters = [*(one.replace(kind=inspect.Parameter.KEYWORD_ONLY) for one in own), *flags]
    signature = inspect.Signature(parameters)
    wrapped.__signature__ = signature  # type: ignore[attr-defined]
    wrapped.__annotations__ = {one.name: one.annotation for one in parameters}
    return wrapped


def _annotation(name: str) -> Any:
    field = Settings.model_fields[name]
    kind = field.annotation if field.annotation in (int, float, bool, Path) else str
    variables = [f"GLASSNET_{name.upper()}", *([ALSO[name]] if name in ALSO else [])]
    flag = f"--{name.replace('_', '-')}"
    option = typer.Option(
        flag, help=field.description, envvar=variables, show_envvar=True, show_default=False
    )
    return Annotated[kind | None, option]


def from_options(options: Mapping[str, object]) -> Settings:
    """The settings, with the flags that were given; a clear message where one does not fit."""
    given = {
        name: SecretStr(str(value)) if name == "token" else value
        for name, value in options.items()
        if value is not None
    }
    try:
        return Settings(**given)  # type: ignore[arg-type]
    except ValidationError as error:
        for problem in invalid.problems(error):
            typer.echo(f"glassnet: {problem.message.en}", err=True)
        raise typer.Exit(2) from None
