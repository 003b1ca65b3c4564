"""``python -m app`` is the same as the command ``glassnet``."""

from __future__ import annotations

from app.cli import main

if __name__ == "__main__":
    main()
