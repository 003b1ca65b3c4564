"""The HTML pages: app shell, reference, list of runs, API description, errors."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

from fastapi import APIRouter
from starlette.convertors import Convertor, register_url_convertor
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from app.api import language, reference
from app.api.assets import Entry, Page
from app.api.catalog import FAMILIES, entry, part_named
from app.api.context import Context, Here
from app.api.formula import mathml
from app.api.pictures.draw import picture
from app.api.reference import matches
from app.api.refusals import PageNotBuilt
from app.api.words import WORDS
from app.core.disk import in_words
from app.core.errors import GlassnetError
from app.core.text import LANGUAGES, Language
from app.spec.examples import example


class LanguageConvertor(Convertor[str]):
    """Only the languages are pages: anything else has no route, whatever the method."""

    regex = "|".join(LANGUAGES)

    def convert(self, value: str) -> str:
        return value

    def to_string(self, value: str) -> str:
        return value


register_url_convertor("language", LanguageConvertor())
router = APIRouter(include_in_schema=False)
A_YEAR = 365 * 24 * 3600
RUNS_A_PAGE = 50
LANG = "{lang:language}"
"""The first part of a page's address."""
ASKED_FIRST = ("/api/v1/catalog", "/api/v1/presets")
"""What the playground asks for before it draws: the browser may fetch it beside the scripts."""


@router.get("/")
async def home(request: Request) -> Response:
    """To the language of the cookie, or the one that the browser prefers."""
    headers = {"vary": language.VARY, "cache-control": "no-cache"}
    return RedirectResponse(f"/{language.preferred(request.scope)}/", 302, headers)


@router.get("/docs")
async def docs(request: Request, here: Here) -> Response:
    """Swagger UI from our own files."""
    files = here.page.entry("src/docs.ts")
    response = render(
        here.page, "docs.html", language.preferred(request.scope), "/docs", files=files
    )
    response.headers["vary"] = language.VARY
    return response


@router.get(f"/{LANG}")
async def bare(lang: Language) -> Response:
    """The same with its slash, so that relative addresses mean one thing."""
    return RedirectResponse(f"/{lang}/", 308)


@router.get(f"/{LANG}/")
async def playground(lang: Language, here: Here) -> Response:
    files = here.page.entry("src/main.ts")
    response = render(
        here.page, "app.html", lang, "/", files=files, boot=_boot(lang, here), early=ASKED_FIRST
    )
    response.set_cookie(language.COOKIE, lang, max_age=A_YEAR, path="/", samesite="lax")
    return response


@router.get(f"/{LANG}/lab/kernels")
async def kernel_lab(lang: Language, here: Here) -> Response:
    """Everything on it is computed in the browser; its pictures never leave it."""
    path = "/lab/kernels"
    files = here.page.entry("src/kernels.ts")
    return render(here.page, "kernels.html", lang, path, files=files, boot=_boot(lang, here))


@router.get(f"/{LANG}/reference")
async def reference_index(lang: Language, here: Here, q: str = "") -> Response:
    """``q`` searches names, aliases and summaries in both languages."""
    query = q.strip()[:80]
    root = here.fetches.root
    listed = {
        name: [entry(part, root) for part in family.parts.values() if matches(part, query)]
        for name, family in FAMILIES.items()
    }
    families = {name: _grouped(parts, lang) for name, parts in listed.items() if parts}
    shown: dict[str, Any] = {"families": families, "query": query}
    return render(here.page, "reference_index.html", lang, "/reference", **shown)


@router.get(f"/{LANG}/reference/{{family}}/{{kind}}")
async def reference_page(lang: Language, family: str, kind: str, here: Here) -> Response:
    path = f"/reference/{family}/{kind}"
    part = part_named(family, kind)
    root = here.fetches.root
    shown: dict[str, Any] = {
        "part": entry(part, root),
        "family": family,
        "rows": reference.field_rows(part, lang),
        "examples": reference.example_json(part),
        "runs": example(part),
        "paragraphs": reference.paragraphs(part, lang),
        "note": reference.plot_note(part),
        "picture": await asyncio.to_thread(picture, part, root, lang),
        "initializers": FAMILIES["initializers"].parts,
        "mathml": mathml,
    }
    return render(here.page, "reference.html", lang, path, **shown)


@router.get(f"/{LANG}/runs")
async def runs(lang: Language, here: Here, cursor: str | None = None) -> Response:
    found, following = await here.runs.list(cursor, RUNS_A_PAGE)
    taken = in_words(here.runs.watch.snapshot_bytes), in_words(here.runs.watch.budget)
    shown: dict[str, Any] = {"runs": found, "next": following, "cursor": cursor, "when": _when}
    shown |= {"taken": taken, "trouble": here.runs.watch.trouble}
    return render(here.page, "runs.html", lang, "/runs", **shown)


def render(
    page: Page,
    template: str,
    spoken: Language,
    path: str,
    *,
    status: int = 200,
    files: Entry | None = None,
    **shown: Any,
) -> Response:
    """A template in a language; ``path`` is the page's address without its language.

    ``files`` None: those of the text pages.
    """
    other = next(one for one in LANGUAGES if one != spoken)
    html = page.templates.get_template(template).render(
        **shown,
        files=files or _text_entry(page),
        guarded=page.guarded and template != "login.html",
        lang=spoken,
        html_lang="zh-Hans" if spoken == "zh" else "en",
        other=other,
        other_path=path if path == "/docs" else f"/{other}{path}",
        say=lambda key: WORDS[key].say(spoken),
        of=lambda value: _of(value, spoken),
    )
    return HTMLResponse(html, status, {"cache-control": "no-cache", "content-language": spoken})


def error_page(request: Request, error: GlassnetError) -> Response:
    """The error for a person who looks at a page."""
    page: Page = request.app.state.page
    spoken = language.preferred(request.scope)
    shown: dict[str, Any] = {"error": error, "title": HTTPStatus(error.status).phrase}
    response = render(page, "error.html", spoken, "/", status=error.status, **shown)
    response.headers["vary"] = f"accept, {language.VARY}"
    return response


def _boot(spoken: Language, here: Context) -> dict[str, Any]:
    """What a page's scripts are told. ``guarded``: the visitor has shown a token, and may log out."""
    guarded = here.page.guarded
    told = {"language": spoken, "version": here.version}
    return {**told, "authenticated": True, "guarded": guarded}


def _text_entry(page: Page) -> Entry:
    """Styles of the text pages; a page that only informs is shown without them too."""
    try:
        return page.entry("src/pages.ts")
    except PageNotBuilt:
        return Entry()


def _of(value: Any, spoken: Language) -> str:
    """A Text, or one that has become a mapping, in the page's language."""
    if isinstance(value, Mapping):
        return str(value[spoken])
    return str(getattr(value, spoken))


def _grouped(parts: list[dict[str, Any]], spoken: Language) -> dict[str, list[dict[str, Any]]]:
    groups: dict[str, list[dict[str, Any]]] = {}
    for part in parts:
        groups.setdefault(_of(part["group"], spoken), []).append(part)
    return groups


def _when(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M UTC")
