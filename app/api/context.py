"""What the routes need of the server: handed to them through the application's state."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, cast

from fastapi import Depends
from starlette.requests import HTTPConnection

from app.api.assets import Page
from app.api.fetches import Fetches
from app.own.library import Library
from app.own.uploads import Uploads
from app.runs.baselines import Baselines
from app.runs.lag import LagExperiments
from app.runs.service import Runs


@dataclass
class Context:
    """One server's parts. ``sockets`` counts the open tabs."""

    runs: Runs
    baselines: Baselines
    lags: LagExperiments
    fetches: Fetches
    library: Library
    uploads: Uploads
    page: Page
    version: str
    max_depth: int
    max_viewers: int
    sockets: int = field(default=0)


def context(connection: HTTPConnection) -> Context:
    return cast(Context, connection.app.state.context)


Here = Annotated[Context, Depends(context)]
"""Type of a route's parameter that receives the context."""
