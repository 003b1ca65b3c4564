"""Glassnet started in a folder full of modules that are not its own: none of them is imported."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from app.core.children import ask, environment, python
from app.runs.runner import SpawnRunner
from tests.live.test_own_data import TABLE, reach, spec_of, uploaded
from tests.live.test_train import SPEC
from tests.support import ROOT, LiveServer, start_server
from tests.waiting import until

MODULES = (
    *("json", "numpy", "torch", "random", "sklearn", "usercustomize", "sitecustomize", "decimal"),
    *("pydantic", "PIL", "safetensors", "ctypes", "socket", "tempfile", "platform", "uvicorn"),
)
PACKAGES = ("app", "app/own", "app/worker", "app/engine", "numpy_core")
NEEDLES = ("__init__", "__main__", "zygote", "devices", "baselines", "cli")
BASELINE = {"dataset": {"type": "digits8"}, "baseline": {"type": "linear_svm"}}


def laid(folder: Path, *, shadowed: bool) -> Path:
    """Fill ``folder`` with traps: each notes its name and process if it is ever imported."""
    notes = folder.parent / f"{folder.name}.sprung"
    folder.mkdir()
    packages = PACKAGES if shadowed else ()
    paths = [folder / f"{name}.py" for name in MODULES]
    paths += [folder / package / f"{name}.py" for package in packages for name in NEEDLES]
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(
            f"import os\nwith open({str(notes)!r}, 'a') as notes:\n"
            f"    notes.write({str(path.relative_to(folder))!r} + f' {{os.getpid()}}\\n')\n"
        )
    (folder / "trap.pth").write_text("import json, sitecustomize, torch\n")
    return notes


def sprung(notes: Path) -> list[str]:
    return notes.read_text().splitlines() if notes.exists() else []


def installed(folder: Path) -> list[str]:
    """The command as an installer writes it."""
    script = folder / "glassnet"
    script.write_text("import sys\nfrom app.__main__ import main\nsys.exit(main())\n")
    return [sys.executable, str(script)]


def used(server: LiveServer) -> None:
    """Everything that starts a process: upload, training, export, attribution, baseline."""
    digest = uploaded(server, TABLE.encode(), "?filename=my.csv")["digest"]
    assert digest
    dataset = server.get(f"/api/v1/own-data/{digest}").json()["dataset"]
    run = server.create(spec_of(dataset, 3))["id"]
    reach(server, run, 5)
    code = server.get(f"/api/v1/runs/{run}/exports/code.zip")
    assert code.status == 200, code.body
    begun = server.post("/api/v1/baselines", BASELINE)
    assert begun.status == 202, begun.body
    address = f"/api/v1/baselines/{begun.json()['id']}"
    over = ("finished", "failed", "cancelled")
    state = until(lambda: (s := server.get(address).json()["state"]) in over and s, "its end")
    assert state == "finished", server.get(address).body


def command_line(
    command: Sequence[str], folder: Path, path: str, *arguments: str, given: str = ""
) -> subprocess.CompletedProcess[str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("GLASSNET_", "PYTHON"))}
    return subprocess.run(
        [*command, *arguments],
        cwd=folder,
        env={**kept, "PYTHONPATH": path},
        input=given,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.mark.parametrize("start", ["installed", pytest.param("module", marks=pytest.mark.deep)])
def test_no_module_of_the_working_folder_is_imported(tmp_path: Path, start: str) -> None:
    """Also where PYTHONPATH has an empty entry, as ``PYTHONPATH=$PYTHONPATH:/x`` often gives."""
    folder, data = tmp_path / "here", tmp_path / "data"
    notes = laid(folder, shadowed=start == "installed")
    module = [sys.executable, "-m", "app"]
    command = installed(tmp_path) if start == "installed" else module
    path = str(ROOT) if start == "installed" else f"{ROOT}::."
    if start == "module":  # the interpreter itself looks for these before anything of ours runs
        for early in ("sitecustomize", "usercustomize"):
            (folder / f"{early}.py").unlink()
    server = start_server(data, folder=folder, command=command, PYTHONPATH=path)
    try:
        used(server)
    finally:
        server.stop()
    doctor = command_line(command, folder, path, "doctor", "--data", str(data))
    assert "ok    torch" in doctor.stdout, doctor.stdout + doctor.stderr
    assert "ok    devices" in doctor.stdout, doctor.stdout + doctor.stderr
    trained = command_line(command, folder, path, "train", "-", "--epochs", "1", given=SPEC)
    assert trained.returncode == 0, trained.stderr
    assert sprung(notes) == []


@pytest.mark.parametrize("path", ["", ":", ".", "./lib", "lib", f"{ROOT}:", "..:."])
def test_no_child_is_led_back_by_a_path(
    path: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    notes = laid(tmp_path / "here", shadowed=True)
    (tmp_path / "here" / "lib").symlink_to(".")
    monkeypatch.chdir(tmp_path / "here")
    for name in ("PYTHONPATH", "LD_LIBRARY_PATH", "PATH"):
        monkeypatch.setenv(name, path)
    monkeypatch.setenv("PYTHONSTARTUP", "json.py")
    monkeypatch.setenv("PYTHONINSPECT", "1")
    said = ask("-c", "import json, numpy, sys; print(sys.path)", timeout=60)
    assert str(tmp_path) not in said
    assert "PYTHONSTARTUP" not in environment()
    assert "PYTHONINSPECT" not in environment()
    for name in ("PATH", "LD_LIBRARY_PATH", "PYTHONPATH"):
        entries = environment().get(name, "/").split(":")
        assert all(entry.startswith("/") for entry in entries)
    assert sprung(notes) == []


async def test_a_worker_of_its_own_is_not_led_astray(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The way GPU workers start, on this machine's CPU."""
    notes = laid(tmp_path / "here", shadowed=True)
    monkeypatch.chdir(tmp_path / "here")
    monkeypatch.setenv("PYTHONPATH", ":")
    worker = await SpawnRunner(python("-m", "app.worker"), environment()).launch()
    worker.sock.close()
    async with asyncio.timeout(60):
        assert await worker.wait() == 0
    assert sprung(notes) == []
