"""Which devices this machine has. A GPU is looked for by a process of its own, never by this one."""

from __future__ import annotations

import asyncio
import json
import subprocess
from pathlib import Path

import structlog
from pydantic import BaseModel, ConfigDict, Field, ValidationError, computed_field

from app.core.children import environment, launch, python
from app.core.errors import DeviceMissing
from app.core.machine import memory

TIMEOUT = 60.0
CPU_SHARE, CUDA_SHARE = 0.75, 0.9
FRAMEWORK = 2**30
"""What a process takes before its first tensor, generously; on a small machine half of all."""
_DRIVERS = ("nvidia*", "kfd", "dxg")
"""Names under /dev without one of which there is no GPU that torch could use."""
_log = structlog.get_logger(__name__)


class Device(BaseModel):
    """``memory`` in bytes; ``threads`` a run uses on it.

    ``limit`` is what the tensors of a training step may take of it, of all its runs together, to be
    held against the ``memory_bytes`` of a check: what the system, the framework and the data need is
    left out.
    """

    model_config = ConfigDict(frozen=True)

    id: str
    name: str
    memory: int
    threads: int = 1
    share: float | None = Field(None, exclude=True)
    """Of the memory that runs may take; null is the usual one of its kind."""

    @computed_field  # type: ignore[prop-decorator]
    @property
    def limit(self) -> int:
        usual = CUDA_SHARE if self.id.startswith("cuda") else CPU_SHARE
        usable = int(self.memory * (usual if self.share is None else self.share))
        return max(usable - FRAMEWORK, usable // 2)


class Devices(BaseModel):
    """``default`` is what ``auto`` means."""

    model_config = ConfigDict(frozen=True)

    devices: tuple[Device, ...]
    default: str

    def resolve(self, wanted: str) -> str:
        """Raises DeviceMissing."""
        device = self.default if wanted == "auto" else wanted
        known = [one.id for one in self.devices]
        if device not in known:
            raise DeviceMissing(device=device, available=", ".join(known))
        return device


async def find(cpu_share: float | None = None) -> Devices:
    """Ask a short-lived process for GPUs, where the machine may have one."""
    if _has_driver():
        try:
            return _shared(Devices.model_validate_json(await _ask()), cpu_share)
        except (OSError, TimeoutError, ValidationError) as error:
            _log.warning("no answer about GPUs", error=str(error)[:500])
    return only_cpu(cpu_share)


def _shared(found: Devices, cpu_share: float | None) -> Devices:
    """The devices, of whose CPU runs may take this share."""
    devices = [
        one.model_copy(update={"share": cpu_share}) if one.id == "cpu" else one
        for one in found.devices
    ]
    return found.model_copy(update={"devices": tuple(devices)})


def _has_driver() -> bool:
    return any(any(Path("/dev").glob(name)) for name in _DRIVERS)


def only_cpu(share: float | None = None) -> Devices:
    cpu = Device(id="cpu", name=_cpu_name(), memory=memory(), share=share)
    return Devices(devices=(cpu,), default="cpu")


async def _ask() -> bytes:
    command = python("-m", "app.worker.devices")
    process = await launch(command, environment(), stdout=subprocess.PIPE)
    try:
        async with asyncio.timeout(TIMEOUT):
            answer, _ = await process.communicate()
    except BaseException:
        process.kill()
        await process.wait()
        raise
    lines = answer.splitlines()
    return lines[-1] if lines else json.dumps(None).encode()


def _cpu_name() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return "CPU"
    return next(
        (line.partition(":")[2].strip() for line in lines if line[:10] == "model name"), "CPU"
    )
