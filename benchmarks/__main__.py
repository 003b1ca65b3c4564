"""Runs ``main()`` of every benchmark module, or of those named on the command line, as one report.

Every module is a section of its own with a heading, so that the output reads as Markdown.
"""

from __future__ import annotations

import importlib
import pkgutil
import sys
import time

import benchmarks
from benchmarks._report import machine


def sections() -> list[str]:
    """Modules in order of their names; those that begin with an underscore are helpers."""
    names = (module.name for module in pkgutil.iter_modules(benchmarks.__path__))
    return sorted(name for name in names if not name.startswith("_"))


def main() -> None:
    """Run what is asked for; a section that does not exist is named, and nothing is run."""
    known = sections()
    wanted = sys.argv[1:] or known
    unknown = [name for name in wanted if name not in known]
    if unknown:
        sys.exit(f"There is no section {', '.join(unknown)}. There are: {', '.join(known)}.")
    print(f"# Glassnet, measured\n\n{machine()}")
    began = time.monotonic()
    for name in wanted:
        module = importlib.import_module(f"benchmarks.{name}")
        purpose = (module.__doc__ or "").partition("\n")[0]
        print(f"\n## {name}\n\n{purpose}\n", flush=True)
        section = time.monotonic()
        module.main()
        print(f"\n_{name}: {time.monotonic() - section:.0f} s_", flush=True)
    print(f"\n_all: {time.monotonic() - began:.0f} s_")


if __name__ == "__main__":
    main()
