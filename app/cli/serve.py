"""``glassnet serve``: a listening socket of our own, and uvicorn on it."""

from __future__ import annotations

import errno
import gc
import os
import signal
import socket
import sys
import webbrowser
from pathlib import Path
from typing import Any

import typer
import uvicorn
from uvicorn.supervisors import ChangeReload

from app.core.errors import GlassnetError
from app.main import create_app, limits, open_access, protocols
from app.runs.early import ForkServer
from app.settings import Settings

SEND_TIMEOUT_MS = 10_000
"""A peer that takes nothing for this long is cut off; pings would not notice it."""
LARGEST_MESSAGE = 2 * 2**20
"""Bytes of a WebSocket message: a watched sample of 65,536 numbers fits."""
PACKAGE = Path(__file__).resolve().parents[1]
GRACE_SECONDS = 5
BACKLOG = 512
SWITCH_SECONDS = 0.0005
"""How long a thread beside the event loop keeps Python to itself: at the usual 5 ms, a check of a large
network makes everybody else wait some 150 ms, since an answer changes threads many times."""


class Server(uvicorn.Server):
    """uvicorn's server, which says where it is once it can be reached."""

    def __init__(self, config: uvicorn.Config, announcement: str, page: str | None) -> None:
        super().__init__(config)
        self.announcement = announcement
        self.page = page

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            # What was imported stays: looking it through for garbage would stop everybody for a quarter of
            # a second whenever somebody's request makes many objects.
            gc.collect()
            gc.freeze()
            typer.echo(self.announcement)
            if self.page is not None:
                webbrowser.open(self.page)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Whoever waits for a run is answered first: uvicorn waits for every open request."""
        context = getattr(getattr(self.config.app, "state", None), "context", None)
        if context is not None:
            context.runs.refuse()
        await super().shutdown(sockets)


def run_server(
    settings: Settings, *, reload: bool, open_page: bool, early: ForkServer | None = None
) -> None:
    """Serve until a signal; ends the process with a message where the port cannot be had."""
    listening = listen(settings.host, settings.port)
    port = listening.getsockname()[1]
    settings = settings.model_copy(
        update={"port": port, "development": reload or settings.development}
    )
    try:
        access, new_token = open_access(settings)
    except GlassnetError as error:
        listening.close()
        typer.echo(f"glassnet: {error.text.en}", err=True)
        raise typer.Exit(3) from None
    address = url(settings.host, port)
    entrance = f"{address}?token={new_token}" if new_token else address
    announcement = announce(address, entrance, new_token is not None)
    if reload:
        listening.set_inheritable(True)  # and only then: no other child of ours may hold the port
        _publish(settings)
        config = uvicorn.Config(
            "app.main:from_environment",
            factory=True,
            reload=True,
            reload_dirs=[str(PACKAGE)],
            **options(settings),
        )
        typer.echo(announcement)
        ChangeReload(config, target=uvicorn.Server(config).run, sockets=[listening]).run()
        return
    config = uvicorn.Config(create_app(settings, access, early=early), **options(settings))
    server = Server(config, announcement, entrance if open_page else None)
    for number in (signal.SIGINT, signal.SIGTERM):
        # uvicorn shuts down in order and then raises the signal again: this makes it an exit.
        signal.signal(number, lambda *_: sys.exit(0))
    sys.setswitchinterval(SWITCH_SECONDS)
    server.run(sockets=[listening])


def options(settings: Settings) -> dict[str, Any]:
    """How uvicorn is run."""
    return {
        **protocols(settings),
        "timeout_keep_alive": limits(settings).idle_seconds,
        "ws_per_message_deflate": False,
        "ws_max_size": LARGEST_MESSAGE,
        "timeout_graceful_shutdown": GRACE_SECONDS,
        "lifespan": "on",
        "log_level": "warning",
        "access_log": False,
        "server_header": False,
        "proxy_headers": False,
    }


def listen(host: str, port: int) -> socket.socket:
    """The listening socket; what it accepts inherits its time-out for sending."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if hasattr(socket, "TCP_USER_TIMEOUT"):
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, SEND_TIMEOUT_MS)
    try:
        listening.bind((host.strip("[]"), port))
        listening.listen(BACKLOG)
    except OSError as error:
        listening.close()
        typer.echo(f"glassnet: {_reason(error, host, port)}", err=True)
        raise typer.Exit(1) from None
    return listening


def _reason(error: OSError, host: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return (
            f"port {port} is taken by another program. Take another port: "
            f"glassnet serve --port {port + 1 if port < 65535 else 8000}, or "
            f"PORT={port + 1 if port < 65535 else 8000} make run."
        )
    if error.errno == errno.EACCES:
        return f"port {port} is reserved for the administrator. Take one above 1023: --port 8000."
    return f"cannot listen on {host}:{port} ({error.strerror})."


def url(host: str, port: int) -> str:
    """The address to open on this machine."""
    if host in ("", "0.0.0.0", "::", "[::]"):
        host = "127.0.0.1"
    name = f"[{host.strip('[]')}]" if ":" in host else host
    return f"http://{name}:{port}/"


def announce(address: str, entrance: str, token_is_new: bool) -> str:
    """The one line that is printed at the start; with the token where it was just made."""
    if token_is_new:
        return (
            f"Glassnet is at {entrance}\n"
            "This token is shown only now. Lost it? Delete token.sha256 in the data folder, "
            "or set GLASSNET_TOKEN."
        )
    return f"Glassnet is at {address}  (Ctrl+C stops it)"


def _publish(settings: Settings) -> None:
    """Hand the settings to the processes that reload starts, by the environment."""
    for name in Settings.model_fields:
        value = getattr(settings, name)
        if name == "token":
            value = value.get_secret_value() if value else None
        if value is not None:
            os.environ[f"GLASSNET_{name.upper()}"] = str(value)
    os.chdir(PACKAGE.parent)
