"""The command line: ``glassnet serve | train | schema | doctor``. No torch in this process."""

from __future__ import annotations

import json
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from app.cli.log import configure
from app.cli.options import from_options, with_settings

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="A glass box for neural networks: build, train and watch real PyTorch networks.",
)


class Schema(StrEnum):
    """The documents that ``glassnet schema`` prints."""

    OPENAPI = "openapi"
    PAGE = "page"
    RUN = "run"
    MODEL = "model"


@app.command()
@with_settings
def serve(
    reload: Annotated[
        bool, typer.Option("--reload", help="Restart when a source file changes.")
    ] = False,
    open_page: Annotated[
        bool, typer.Option("--open", help="Open the page in the browser.")
    ] = False,
    **options: object,
) -> None:
    """Serve the page and the interface."""
    from app.runs.early import ForkServer

    settings = from_options(options)
    early = None if reload else ForkServer()  # it loads torch while this process loads the rest
    try:
        from app.cli.serve import run_server

        run_server(settings, reload=reload, open_page=open_page, early=early)
    finally:
        if early is not None:
            early.close()


@app.command()
def train(
    spec: Annotated[Path, typer.Argument(help="A run's spec as JSON; - reads standard input.")],
    epochs: Annotated[
        int | None, typer.Option(min=1, max=10_000, help="Train this many epochs instead.")
    ] = None,
    device: Annotated[
        str | None, typer.Option(help="Device instead of the spec's: auto, cpu or cuda.")
    ] = None,
    data: Annotated[
        Path | None,
        typer.Option(help="Keep the run in this data folder, where a server shows it later."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Write the final parameters here (safetensors).")
    ] = None,
) -> None:
    """Train without a page and print every event as one line of JSON."""
    from app.cli.train import run_training

    raise typer.Exit(run_training(spec, epochs=epochs, device=device, data=data, out=out))


@app.command()
def schema(
    what: Annotated[Schema, typer.Argument(help="Which document.")],
) -> None:
    """Print the OpenAPI document (``page``: with parts opaque), or the JSON schema of a run or a model."""
    typer.echo(json.dumps(_document(what), indent=2, ensure_ascii=False))


@app.command()
@with_settings
def doctor(**options: object) -> None:
    """Look whether everything that Glassnet needs is there, and say what to do if not."""
    from app.cli.doctor import examine

    raise typer.Exit(examine(from_options(options)))


def _document(what: Schema) -> object:
    from app.main import openapi_document, page_document
    from app.spec.model import ModelSpec
    from app.spec.run import RunSpec

    if what is Schema.RUN:
        return RunSpec.model_json_schema()
    if what is Schema.MODEL:
        return ModelSpec.model_json_schema()
    return page_document() if what is Schema.PAGE else openapi_document()


def main() -> None:
    """Entry point of the installed command."""
    configure()
    app()
