"""``glassnet train``: a run without a page, in a real worker, its events as lines of JSON."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import typer
from pydantic import ValidationError

from app.core import invalid
from app.core.errors import GlassnetError, Invalid, Problem
from app.core.quoted import line
from app.main import running
from app.own.library import Library
from app.runs.headless import train
from app.settings import Settings
from app.spec.check import require
from app.spec.run import RunSpec

ENDED = {"finished": 0, "failed": 1, "interrupted": 1}
"""Exit code by the state that ends a training."""


def run_training(
    spec_file: Path,
    *,
    epochs: int | None,
    device: str | None,
    data: Path | None,
    out: Path | None,
) -> int:
    """Train to the end; 0 when finished, 1 when it failed, 2 when the spec does not fit."""
    try:
        Library(Settings().data / "datasets")
        spec = read_spec(spec_file, epochs, device)
        return asyncio.run(_train(spec, data, out))
    except GlassnetError as error:
        _say(error.problem(), *error.problems)
        return 2 if error.status < 500 else 1
    except OSError as error:
        typer.echo(f"glassnet: {error.filename}: {error.strerror}", err=True)
        return 2
    except KeyboardInterrupt:
        return 130


def read_spec(spec_file: Path, epochs: int | None, device: str | None) -> RunSpec:
    """The spec with what the flags change; raises Invalid or SpecError."""
    given = sys.stdin.buffer.read() if str(spec_file) == "-" else spec_file.read_bytes()
    changed = _parsed(given).model_dump(mode="json")
    if epochs is not None:
        changed["training"]["phases"][0]["epochs"] = epochs
    if device is not None:
        changed["device"] = device
    spec = _parsed(json.dumps(changed).encode())
    require(spec.model, spec.training)
    return spec


def _parsed(text: bytes) -> RunSpec:
    try:
        return RunSpec.model_validate_json(text, strict=True)
    except ValidationError as error:
        raise Invalid(problems=invalid.problems(error, text)) from None


async def _train(spec: RunSpec, data: Path | None, out: Path | None) -> int:
    tensors = None
    async with _place(data) as settings, running(settings) as runs:
        run = (await runs.create(spec)).id
        state = await train(runs, run, typer.echo)
        if out is not None and state == "finished":
            tensors = await runs.tensors(run)
    if out is not None and tensors is not None:  # with the rights that the user's files have
        await asyncio.to_thread(out.write_bytes, tensors)
    return ENDED[state]


@asynccontextmanager
async def _place(data: Path | None) -> AsyncIterator[Settings]:
    """The settings with a data folder of this training's own, unless one is to be kept.

    Downloaded data sets are found in either case.
    """
    settings = Settings().model_copy(update={"resume": False})  # other runs are not its business
    if data is not None:
        yield settings.model_copy(update={"data": data})
        return
    with TemporaryDirectory(prefix="glassnet-") as folder:
        own = Path(folder)
        (own / "datasets").symlink_to(settings.data.absolute() / "datasets")
        yield settings.model_copy(update={"data": own})


def _say(*problems: Problem) -> None:
    """What is wrong, a line each, on standard error."""
    for problem in problems:
        place = f"{problem.pointer}: " if problem.pointer else ""
        typer.echo(line(f"glassnet: {place}{problem.message.en}"), err=True)
