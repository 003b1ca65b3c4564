"""Run by a fresh, isolated interpreter: trains exported code, folder after folder.

Knows nothing of the application, and makes sure that nobody else can.
"""

import contextlib
import io
import json
import sys
from pathlib import Path


class Forbidden:
    """No import of the application succeeds."""

    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "app":
            raise ImportError(f"exported code imports {name}")


def script(folder, steps):
    """Losses of ``train.py``."""
    sys.path.insert(0, str(folder))
    try:
        import train

        return [loss for _, loss in train.train(steps)]
    finally:
        sys.path.remove(str(folder))
        for name in ("train", "model"):
            sys.modules.pop(name, None)


def notebook(folder, steps):
    """Losses of the notebook's code cells, run one after the other."""
    found = json.loads((folder / "notebook.ipynb").read_text(encoding="utf-8"))
    names = {"__name__": "__main__"}
    with contextlib.chdir(folder):
        for cell in found["cells"]:
            source = "".join(cell["source"])
            if cell["cell_type"] == "code" and "matplotlib" not in source:
                exec(source.replace("STEPS = 20", f"STEPS = {steps}"), names)
    return names["losses"]


def main():
    sys.meta_path.insert(0, Forbidden())
    losses = {}
    for folder in map(Path, sys.argv[2:]):
        kind = notebook if (folder / "notebook.ipynb").exists() else script
        with contextlib.redirect_stdout(io.StringIO()):
            losses[folder.name] = kind(folder, int(sys.argv[1]))
    print(json.dumps(losses))


main()
