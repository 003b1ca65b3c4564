"""Which device a run uses, and how torch is set up in a process: one thread, deterministic."""

from __future__ import annotations

import os
from pathlib import Path

import torch

from app.core.errors import DeviceMissing
from app.engine.lean import deterministic, without_compiler


def resolve(wanted: str) -> torch.device:
    """The device for ``auto``, ``cpu`` or ``cuda``; raises :class:`DeviceMissing`."""
    cuda = torch.cuda.is_available()
    if wanted == "cuda" and not cuda:
        raise DeviceMissing(device="cuda", available="cpu")
    return torch.device("cuda" if cuda and wanted in ("auto", "cuda") else "cpu")


def configure() -> None:
    """Set the process up: one thread, deterministic kernels, full float32.

    Denormal numbers are flushed to zero: the momentum of a silent unit would otherwise decay into
    them and slow every step. Call it in the thread that trains.
    """
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    deterministic()
    without_compiler()
    # With deterministic algorithms every torch.empty would be filled, which costs a memory pass.
    torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]
    torch.backends.cudnn.benchmark = False
    torch.backends.cudnn.deterministic = True
    torch.backends.cudnn.allow_tf32 = False
    torch.backends.cuda.matmul.allow_tf32 = False


def describe(device: torch.device) -> dict[str, str | int]:
    """What a snapshot records of the place where its numbers came about."""
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else cpu_name()
    return {
        "device": device.type,
        "device_name": name,
        "torch": str(torch.__version__),
        "threads": torch.get_num_threads(),
    }


def cpu_name() -> str:
    """The processor's name and the instruction set that torch uses on it."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    models = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return f"{next(models, 'CPU')} ({torch.backends.cpu.get_cpu_capability()})"
