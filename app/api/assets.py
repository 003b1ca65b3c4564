"""The built page: Vite's manifest, the templates and the files under ``/static/``."""

from __future__ import annotations

import asyncio
import gzip
import json
import mimetypes
from collections.abc import Iterator
from dataclasses import dataclass
from email.utils import formatdate
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from app.api.refusals import NoSuchAddress, PageNotBuilt

PACKAGE = Path(__file__).resolve().parents[1]
CHECKOUT = PACKAGE.parent
MANIFEST = Path(".vite/manifest.json")
COMPRESSED = (
    "text/",
    "application/json",
    "text/javascript",
    "image/svg+xml",
    "application/octet-stream",
)
FOR_EVER = "public, max-age=31536000, immutable"
ASK_AGAIN = "no-cache"
BASE = "/static/"


@dataclass(frozen=True)
class Entry:
    """What one page links: addresses of its script, of what that imports, and of style sheets."""

    script: str | None = None
    imports: tuple[str, ...] = ()
    styles: tuple[str, ...] = ()


class Page:
    """The built page and the templates. ``fresh``: read templates anew each time, for development."""

    def __init__(self, static: Path | None = None, fresh: bool = False) -> None:
        self.static = static or _first(PACKAGE / "_static", CHECKOUT / "static" / "dist")
        self.fresh = fresh
        self.guarded = False
        """Visitors have shown a token, so that pages have a button to log out."""
        self._manifest: tuple[int, dict[str, Any]] | None = None
        self.templates = Environment(
            loader=FileSystemLoader(_first(PACKAGE / "_templates", CHECKOUT / "templates")),
            autoescape=True,
            undefined=StrictUndefined,
            auto_reload=fresh,
            trim_blocks=True,
            lstrip_blocks=True,
        )

    @property
    def built(self) -> bool:
        return (self.static / MANIFEST).is_file()

    def entry(self, source: str) -> Entry:
        """The files of an entry such as ``src/main.ts``; raises :class:`PageNotBuilt`."""
        manifest = self._read()
        if source not in manifest:
            raise PageNotBuilt
        chunks = list(_reached(manifest, source))
        styles = [style for chunk in chunks for style in chunk.get("css", ())]
        return Entry(
            script=BASE + chunks[0]["file"],
            imports=tuple(BASE + chunk["file"] for chunk in chunks[1:]),
            styles=tuple(BASE + style for style in dict.fromkeys(styles)),
        )

    def _read(self) -> dict[str, Any]:
        """The manifest, read again when a new build has replaced it."""
        path = self.static / MANIFEST
        try:
            changed = path.stat().st_mtime_ns
            if self._manifest is None or self._manifest[0] != changed:
                self._manifest = changed, json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            raise PageNotBuilt from None
        return self._manifest[1]


def _first(*folders: Path) -> Path:
    return next((folder for folder in folders if folder.is_dir()), folders[-1])


def _reached(manifest: dict[str, Any], source: str) -> Iterator[dict[str, Any]]:
    """The chunk and all it imports statically, itself first."""
    seen, waiting = {source}, [source]
    while waiting:
        chunk = manifest[waiting.pop(0)]
        yield chunk
        fresh = [name for name in chunk.get("imports", ()) if name not in seen]
        seen.update(fresh)
        waiting += fresh


@dataclass(frozen=True)
class _File:
    body: bytes
    packed: bytes | None
    kind: str
    tag: str
    changed: float


class Files:
    """Serves the folder of built files: compressed, hashed names cached for ever. ASGI."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self._known: dict[tuple[Path, int], _File] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        response = await asyncio.to_thread(self._answer, scope)
        await response(scope, receive, send)

    def _answer(self, scope: Scope) -> Response:
        if scope["method"] not in ("GET", "HEAD"):
            raise HTTPException(405)
        relative = str(scope["path"]).removeprefix(BASE)
        file = self._load(relative)
        if file is None:
            raise NoSuchAddress(path=str(scope["path"])[:200])
        asked = Headers(scope=scope)
        headers = {
            "cache-control": FOR_EVER if relative.startswith("assets/") else ASK_AGAIN,
            "etag": file.tag,
            "last-modified": formatdate(file.changed, usegmt=True),
            "vary": "accept-encoding",
        }
        if file.tag in asked.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
        packed = file.packed if "gzip" in asked.get("accept-encoding", "") else None
        if packed is not None:
            headers["content-encoding"] = "gzip"
        return Response(packed or file.body, headers=headers, media_type=file.kind)

    def _load(self, relative: str) -> _File | None:
        root = self.page.static.resolve()
        if relative.endswith("/") or any(part.startswith(".") for part in relative.split("/")):
            return None
        try:
            path = (root / relative).resolve()
            if not path.is_relative_to(root) or not path.is_file():
                return None
            found = path.stat()
            key = (path, found.st_mtime_ns)
            if key not in self._known:
                self._known[key] = _read(path, found.st_mtime)
        except (OSError, ValueError, RuntimeError):
            return None  # too long, no file of this system's, a loop of links, gone meanwhile
        return self._known[key]


def _read(path: Path, changed: float) -> _File:
    body = path.read_bytes()
    kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    packed = gzip.compress(body, 9, mtime=0) if kind.startswith(COMPRESSED) else None
    tag = f'"{path.stat().st_mtime_ns:x}-{len(body):x}"'
    smaller = packed if packed is not None and len(packed) < len(body) else None
    return _File(body, smaller, kind, tag, changed)
