"""Exports a run's code into a folder and lets a fresh, isolated interpreter execute it."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path

from app.engine.export.package import code_zip, notebook_zip
from app.protocol.commands import LoggedCommand
from app.spec.run import RunSpec
from tests.engine.specs import trainer_of

ALONE = Path(__file__).with_name("alone.py")


@dataclass(frozen=True)
class Case:
    """A run, what is changed while it goes on, and how many steps are compared."""

    spec: RunSpec
    steps: int
    log: tuple[LoggedCommand, ...] = ()
    notebook: bool = False

    def write(self, folder: Path) -> Path:
        """The files of the run's code in ``folder``."""
        make = notebook_zip if self.notebook else code_zip
        blob = make(trainer_of(self.spec), self.log, "en")
        zipfile.ZipFile(io.BytesIO(blob)).extractall(folder)
        return folder

    def losses(self) -> list[float]:
        """What the engine's own training measures, step by step."""
        trainer = trainer_of(self.spec)
        coming = sorted(self.log, key=lambda one: one.step)
        losses: list[float] = []
        while trainer.cursor.step < self.steps:
            while coming and coming[0].step <= trainer.cursor.step:
                trainer.command(coming.pop(0).command)
            if trainer.finished:
                break
            trainer.step()
            losses += [point.loss for point in trainer.read_metrics()]
        return losses


def executed(cases: dict[str, Case], folder: Path) -> dict[str, list[float]]:
    """The losses of the cases' exported code: one fresh interpreter for all of them, in isolated
    mode, in which the application cannot be imported."""
    arguments: list[str] = []
    for name, case in cases.items():
        arguments += [str(case.steps), str(case.write(folder / name))]
    done = subprocess.run(
        [sys.executable, "-I", "-W", "error", ALONE, *arguments],
        capture_output=True,
        text=True,
        cwd="/",
        check=False,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    return dict(json.loads(done.stdout))
