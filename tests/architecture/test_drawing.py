"""The drawing of the packages in CONTRIBUTING.md and the imports of the code say the same arrows."""

from __future__ import annotations

import re
from collections import defaultdict

import grimp

from tests.support import ROOT

_LINE = re.compile(r"^app/(\w+) .*→ ?(.*)$", re.MULTILINE)


def drawn() -> dict[str, set[str]]:
    """The arrows of every package as CONTRIBUTING.md draws them."""
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    return {package: set(arrows.split()) for package, arrows in _LINE.findall(text)}


def imported() -> dict[str, set[str]]:
    """The packages that each package imports, lazily or not."""
    graph = grimp.build_graph("app", cache_dir=None)
    found = defaultdict[str, set[str]](set)
    for module in graph.modules:
        for other in graph.find_modules_directly_imported_by(module):
            package, target = (name.split(".")[1] for name in (module, other))
            if package != target:
                found[package].add(target)
    found.pop("__main__")  # is the command line by another name
    return found


def test_every_arrow_is_drawn_and_every_drawn_arrow_is_there() -> None:
    arrows = imported()
    packages = drawn()
    assert set(packages) >= {
        path.stem for path in (ROOT / "app").iterdir() if path.suffix in ("", ".py")
    } - {"__init__", "__main__", "__pycache__"}
    assert packages == {package: arrows.get(package, set()) for package in packages}
