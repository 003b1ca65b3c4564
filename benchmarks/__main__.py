"""Runs ``main()`` of every benchmark module, or of those named on the command line."""

from __future__ import annotations

import importlib
import pkgutil
import sys

import benchmarks


def main() -> None:
    """Modules in order of their names; those that begin with an underscore are helpers."""
    wanted = sys.argv[1:]
    names = [module.name for module in pkgutil.iter_modules(benchmarks.__path__)]
    for name in sorted(names):
        if not name.startswith("_") and (not wanted or name in wanted):
            print(f"== {name}", flush=True)
            importlib.import_module(f"benchmarks.{name}").main()


if __name__ == "__main__":
    main()
