"""``glassnet train``: a real training without a server, as lines of JSON."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from safetensors.numpy import load_file

from app.spec.presets import presets
from tests.runs.helpers import whole
from tests.support import ROOT

SPEC = next(one.spec for one in presets() if one.id == "points_circle").model_dump_json()


def train(*arguments: str, spec: str = SPEC) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "app", "train", "-", *arguments],
        cwd=ROOT,
        input=spec,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )


def test_every_event_is_a_line_and_the_weights_are_kept(tmp_path: Path) -> None:
    done = train("--epochs", "2", "--out", str(tmp_path / "w.safetensors"), "--data", str(tmp_path))
    assert done.returncode == 0, done.stderr
    stored = [json.loads(line) for line in done.stdout.splitlines()]
    assert whole([(one["seq"], one["since"]) for one in stored])
    assert stored[-1]["event"]["state"] == "finished"
    assert {"metrics", "validation", "snapshot"} <= {one["event"]["type"] for one in stored}
    assert load_file(tmp_path / "w.safetensors")
    assert (tmp_path / "glassnet.db").is_file()
