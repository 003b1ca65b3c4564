"""SVG as text: elements with attributes and classes, no inline style, nothing of a visitor's."""

from __future__ import annotations

from collections.abc import Iterable

from markupsafe import Markup, escape

Point = tuple[float, float]


def element(name: str, *inside: str, **attributes: object) -> Markup:
    """``<name a="1">…</name>``; ``_`` in an attribute's name becomes ``-``, ``cls`` is its class."""
    written = "".join(
        f' {"class" if key == "cls" else key.replace("_", "-")}="{escape(_number(value))}"'
        for key, value in attributes.items()
    )
    return Markup(f"<{name}{written}>{''.join(inside)}</{name}>")


def _number(value: object) -> str:
    return f"{value:.5g}" if isinstance(value, float) else str(value)


def text(x: float, y: float, said: str, **attributes: object) -> Markup:
    return element("text", escape(said), x=x, y=y, **attributes)


def path(points: Iterable[Point], **attributes: object) -> Markup:
    """A polyline."""
    steps = " L ".join(f"{x:.1f} {y:.1f}" for x, y in points)
    return element("path", d=f"M {steps}", **attributes)


def drawing(width: float, height: float, title: str, *inside: str) -> Markup:
    """The whole picture, named for those who do not see it."""
    return element(
        "svg",
        element("title", escape(title)),
        *inside,
        viewBox=f"0 0 {width:.0f} {height:.0f}",
        role="img",
        cls="picture",
    )
