"""Writes the table of settings into README.md, between its two markers."""

from __future__ import annotations

import re
from pathlib import Path

from app.settings import table

README = Path(__file__).resolve().parent.parent / "README.md"
PLACE = re.compile(r"(<!-- settings -->\n).*?(<!-- /settings -->)", re.DOTALL)


def main() -> None:
    """Replace what is between the markers."""
    text = README.read_text(encoding="utf-8")
    README.write_text(PLACE.sub(rf"\g<1>{table()}\n\g<2>", text), encoding="utf-8")


if __name__ == "__main__":
    main()
