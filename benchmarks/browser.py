"""What a person waits for in the browser, each with its bar: the browser tests that measure, alone on the machine.

The same tests are part of ``make test``, where others run beside them and their figures say little;
there the longest sequence has fewer units.
"""

from __future__ import annotations

import os
import subprocess
import sys

from benchmarks._serve import ROOT, chromium

HEADING = "measured in the browser"


def figures(report: str) -> list[str]:
    """The lines of the section of figures in what pytest printed."""
    lines = iter(report.splitlines())
    for line in lines:
        if HEADING in line:
            break
    found: list[str] = []
    for line in lines:
        if line.startswith("=") or " passed" in line:
            break
        found.append(line)
    return found


def main() -> None:
    """Run it."""
    environment = {**os.environ, "GLASSNET_CHROMIUM": chromium(), "GLASSNET_MEASURE": "1"}
    command = [sys.executable, "-m", "pytest", "tests/browser", "-m", "measured", "-q"]
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    for line in figures(done.stdout):
        print(f"- {line}")
    if done.returncode:
        sys.exit(f"a test that measures failed:\n{done.stdout[-4000:]}")


if __name__ == "__main__":
    main()
