"""Wires the web process together: store, runs, routes, guard. Nothing is started before lifespan."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from fastapi import APIRouter, FastAPI
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.api import (
    attribution,
    baselines,
    catalog,
    datasets,
    devices,
    errors,
    examples,
    exports,
    health,
    lag,
    login,
    models,
    own,
    pages,
    presets,
    questions,
    range_test,
    runs,
    schema,
    stream,
    tokens,
    weights,
)
from app.api.access import Access, prepare
from app.api.arrivals import Arrivals
from app.api.assets import Files, Page
from app.api.catalog import part_schemas
from app.api.compress import Compress
from app.api.connections import Gate
from app.api.context import Context
from app.api.document import with_opaque_parts
from app.api.fetches import Fetches
from app.api.guard import Guard, Rules
from app.api.limits import Limits
from app.api.methods import Methods
from app.api.private import private_files, private_folder
from app.api.sockets import SocketMaker
from app.core.errors import GlassnetError
from app.own.library import Library
from app.own.uploads import Uploads
from app.runs.baselines import Baselines, launch
from app.runs.early import ForkServer
from app.runs.lag import LagExperiments
from app.runs.service import Runs
from app.runs.zygote import CpuRunner
from app.settings import Settings
from app.store.records import BaselineFiles, LagFiles
from app.store.refusals import unusable
from app.store.runs import Store

API = "/api/v1"
ROUTERS = (
    catalog,
    examples,
    presets,
    models,
    own,
    datasets,
    tokens,
    runs,
    exports,
    weights,
    attribution,
    questions,
    range_test,
    baselines,
    lag,
    devices,
    stream,
)
"""One a noun; in the order of the API's document."""


class Glassnet(FastAPI):
    """The application. Its guard is outermost: it also sees what no route ever will."""

    rules: Rules

    def build_middleware_stack(self) -> ASGIApp:
        routed = Compress(super().build_middleware_stack())
        return Guard(Methods(routed, self.router.routes), self.rules)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            send = _said_plainly(self, send)
        await super().__call__(scope, receive, send)

    def openapi(self) -> dict[str, Any]:
        if self.openapi_schema is None:
            self.openapi_schema = schema.document(self)
        return self.openapi_schema


def create_app(
    settings: Settings,
    access: Access | None = None,
    page: Page | None = None,
    early: ForkServer | None = None,
) -> FastAPI:
    """The server as an ASGI application. What is not given is prepared from the settings."""
    page = page or Page(fresh=settings.development)
    app = Glassnet(
        title="Glassnet",
        version=installed_version(),
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,
        lifespan=_lifespan(settings, early),
        generate_unique_id_function=lambda route: route.name,
    )
    access = access or open_access(settings)[0]
    page.guarded = not access.open
    app.state.ready = False
    app.state.failure = None
    app.state.page = page
    app.rules = Rules(
        hosts=settings.allowed_hosts(),
        access=access,
        max_body=settings.max_body,
        max_depth=settings.max_depth,
        max_upload=settings.max_upload,
        login=partial(login.login_page, page),
        arrivals=Arrivals(limits(settings)),
        streamed=weights.STREAMED,
    )
    errors.install(app, pages.error_page)
    app.include_router(_api())
    app.include_router(health.router)
    app.include_router(schema.router)
    app.mount("/static", Files(page))
    app.include_router(login.router)
    app.include_router(pages.router)
    return app


def _said_plainly(app: FastAPI, send: Send) -> Send:
    """A start that failed for a reason of ours is reported in a sentence, not as a traceback."""

    async def plain(message: Message) -> None:
        if message["type"] == "lifespan.startup.failed" and app.state.failure is not None:
            message = {**message, "message": f"glassnet: {app.state.failure.text.en}"}
        await send(message)

    return plain


def _api() -> APIRouter:
    api = APIRouter(prefix=API)
    for module in ROUTERS:
        api.include_router(module.router)
    return api


def _lifespan(
    settings: Settings, early: ForkServer | None
) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        fetches = Fetches(settings.data / "datasets")
        library = Library(settings.data / "datasets")
        uploads = Uploads(settings.data / "uploads", settings.data / "datasets")
        async with AsyncExitStack() as stack:
            try:
                runs = await stack.enter_async_context(running(settings, early))
                rivals, lags = await stack.enter_async_context(comparing(settings, runs))
            except GlassnetError as error:
                app.state.failure = error
                raise
            except OSError as error:
                app.state.failure = unusable(settings.data, error)
                raise
            library.tidy()
            uploads.tidy()
            app.state.context = Context(
                runs=runs,
                baselines=rivals,
                lags=lags,
                fetches=fetches,
                library=library,
                uploads=uploads,
                page=app.state.page,
                version=app.version,
                max_depth=settings.max_depth,
                max_viewers=settings.max_viewers,
            )
            app.state.ready = True
            try:
                yield
            finally:
                app.state.ready = False
                await fetches.stop()
                await uploads.stop()

    return lifespan


@asynccontextmanager
async def running(settings: Settings, early: ForkServer | None = None) -> AsyncIterator[Runs]:
    """The runs of a data folder, started; stopped at the end with a snapshot of each."""
    await asyncio.to_thread(private_folder, settings.data)
    with private_files():
        store = Store(settings.data, settings.reserve)
        await store.open()
        try:
            runs = Runs(store, settings, runners={"cpu": CpuRunner(early)})
            await runs.start()
            try:
                yield runs
            finally:
                await runs.stop()
        finally:
            await store.close()


@asynccontextmanager
async def comparing(
    settings: Settings, runs: Runs
) -> AsyncIterator[tuple[Baselines, LagExperiments]]:
    """The jobs beside the runs of a data folder; those that go on at the end are interrupted."""
    data = settings.data / "datasets"
    baselines = Baselines(BaselineFiles(settings.data / "baselines"), data, launch)
    lags = LagExperiments(LagFiles(settings.data / "lags"), data, runs.worker)
    async with AsyncExitStack() as stack:
        for jobs in (baselines, lags):
            await jobs.start()
            stack.push_async_callback(jobs.stop)
        yield baselines, lags


def limits(settings: Settings) -> Limits:
    """How much and how long strangers may send to this server."""
    return Limits(
        per_address=settings.max_connections,
        head_seconds=settings.head_seconds,
        idle_seconds=min(Limits.idle_seconds, settings.head_seconds),
        body_seconds=settings.body_seconds,
        body_memory=max(Limits.body_memory, 4 * settings.max_body),
    )


def protocols(settings: Settings) -> dict[str, Any]:
    """What uvicorn makes of a connection: HTTP, and the socket of a tab."""
    found = limits(settings)
    return {"http": Gate(found), "ws": SocketMaker(found)}


def open_access(settings: Settings) -> tuple[Access, str | None]:
    """Who may come in, and the token that was made just now if one was."""
    given = settings.token.get_secret_value() if settings.token else None
    try:
        return prepare(settings.data, settings.port, given, needed=not settings.loopback)
    except OSError as error:
        raise unusable(settings.data, error) from error


def from_environment() -> FastAPI:
    """The application with the settings of the environment, for a reloading server."""
    return create_app(Settings())


def openapi_document() -> dict[str, Any]:
    """The OpenAPI document, without any server."""
    settings = Settings(host="127.0.0.1", port=8000, token=None)
    return create_app(settings, Access()).openapi()


def page_document() -> dict[str, Any]:
    """The same with every part of the catalogue as one opaque schema: what the page's types are made from."""
    return with_opaque_parts(openapi_document(), part_schemas())


def page_is_built() -> bool:
    """Whether there is a page to serve."""
    return Page().built


def installed_version() -> str:
    """The version of the installed package."""
    try:
        return version("glassnet")
    except PackageNotFoundError:
        return "0"
