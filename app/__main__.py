"""``python -m app`` is the same as the command ``glassnet``: this starts both.

Before anything else is imported, the working folder leaves the import path: a json.py that happens
to lie there is not ours.
"""

from __future__ import annotations

import os
import sys


def leave_working_folder() -> None:
    """Take the working folder off the import path, whether -m or PYTHONPATH put it there.

    Uses only what the interpreter has loaded anyway.
    """
    root = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    unwanted = set()
    if not sys.flags.safe_path and sys.path[:1] in ([""], [os.getcwd()]):
        unwanted.add(sys.path[0])
    given = os.environ.get("PYTHONPATH", "")
    if given and not sys.flags.ignore_environment:
        entries = given.split(os.pathsep)
        relative = {os.path.abspath(entry) for entry in entries if not os.path.isabs(entry)}
        unwanted |= relative - set(entries)
    sys.path[:] = [entry for entry in sys.path if entry == root or entry not in unwanted]


def main() -> None:
    """Entry point of the installed command."""
    leave_working_folder()
    from app.cli import main as command

    command()


if __name__ == "__main__":
    main()
