"""Reads one upload in a process of its own: ``python -m app.own <folder>``.

The folder holds ``wanted.json`` and ``upload``; progress, and in the end what became of it, go to
standard output as lines of JSON. A file that brings this process down brings nothing else down.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

from app.core.children import end_with_parent
from app.core.errors import GlassnetError
from app.own.keep import Wanted, read


def say(message: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


def main(folder: Path) -> int:
    end_with_parent()
    os.nice(5)
    wanted = Wanted.model_validate_json((folder / "wanted.json").read_bytes())
    last = -1.0

    def progress(share: float) -> None:
        nonlocal last
        if share - last >= 0.01:
            last = share
            say({"progress": round(share, 3)})

    try:
        say({"done": read(folder / "upload", wanted, folder, progress)})
    except GlassnetError as error:
        say({"failed": json.loads(error.problem().model_dump_json())})
    except OSError as error:
        say({"full": str(error.strerror or error)})
    return 0


if __name__ == "__main__":
    raise SystemExit(main(Path(sys.argv[1])))
