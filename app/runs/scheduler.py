"""Who may have a worker: so many runs on the CPU, so much memory on the GPU; the rest wait in line."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from app.protocol.runs import QueuePlace

GPU_CONTEXT = 2**30
"""Memory of a GPU that a process takes before its first tensor, generously."""
GPU_SHARE = 0.9


@dataclass
class _Waiting:
    run: str
    need: int
    turn: asyncio.Future[None]


@dataclass
class Lane:
    """One device: ``limit`` and needs are counts of runs (CPU) or bytes (GPU). First come, first served."""

    device: str
    limit: int
    taken: dict[str, int] = field(default_factory=dict)
    waiting: list[_Waiting] = field(default_factory=list)

    def take(self, run: str, need: int) -> bool:
        """A place at once, if nobody waits before and there is one. A lone run always has one."""
        if self.waiting or not self._fits(need):
            return False
        self.taken[run] = need
        return True

    async def wait(self, run: str, need: int) -> None:
        """A place in turn. Cancelling gives the turn up."""
        entry = _Waiting(run, need, asyncio.get_running_loop().create_future())
        self.waiting.append(entry)
        try:
            await entry.turn
        except asyncio.CancelledError:
            if entry in self.waiting:
                self.waiting.remove(entry)
            else:
                self.taken.pop(run, None)
            self._serve()
            raise

    def free(self, run: str) -> None:
        if self.taken.pop(run, None) is not None:
            self._serve()

    def _fits(self, need: int) -> bool:
        return not self.taken or sum(self.taken.values()) + need <= self.limit

    def _serve(self) -> None:
        while self.waiting and self._fits(self.waiting[0].need):
            first = self.waiting.pop(0)
            self.taken[first.run] = first.need
            first.turn.set_result(None)


class Scheduler:
    """The lanes of all devices. ``pressed`` is called with a device when a run begins to wait."""

    def __init__(self, cpu_runs: int, pressed: Callable[[str], None]) -> None:
        self._lanes = {"cpu": Lane("cpu", cpu_runs)}
        self._pressed = pressed

    def add_gpu(self, device: str, memory: int) -> None:
        self._lanes[device] = Lane(device, int(memory * GPU_SHARE))

    def take(self, run: str, device: str, step_bytes: int) -> bool:
        """A place for a run at once, or False: then :meth:`wait`."""
        return self._lanes[device].take(run, self._need(device, step_bytes))

    async def wait(self, run: str, device: str, step_bytes: int) -> None:
        self._pressed(device)
        await self._lanes[device].wait(run, self._need(device, step_bytes))

    def free(self, run: str) -> None:
        for lane in self._lanes.values():
            lane.free(run)

    def crowded(self) -> list[str]:
        """Devices that somebody waits for."""
        return [lane.device for lane in self._lanes.values() if lane.waiting]

    def position(self, run: str) -> int | None:
        """1 is next."""
        return next((place.position for place in self.places() if place.run == run), None)

    def places(self) -> Iterator[QueuePlace]:
        for lane in self._lanes.values():
            for index, entry in enumerate(lane.waiting):
                yield QueuePlace(run=entry.run, device=lane.device, position=index + 1)

    @staticmethod
    def _need(device: str, step_bytes: int) -> int:
        return 1 if device == "cpu" else GPU_CONTEXT + step_bytes
