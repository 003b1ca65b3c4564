"""Who may have a worker: so many runs and so much memory on a device; the rest wait in line."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass, field
from typing import Any

from app.core.text import Text, text
from app.protocol.refusals import LargerThanMachine
from app.protocol.runs import QueuePlace

GPU_CONTEXT = 2**30
"""Memory of a GPU that a process takes before its first tensor, generously."""
GPU_SHARE = 0.9
CPU_WORKER = 32 * 2**20
"""Memory that a worker on the CPU takes for itself alone beside its network."""
_GIB = 2**30
_MEMORY = text(
    "The run waits for memory: it needs {need} GiB, {free} GiB of {limit} GiB are free.",
    "该运行正在等待内存：需要 {need} GiB，{limit} GiB 中有 {free} GiB 空闲。",
)
_PLACE = text(
    "The run waits for a free place (number {position} in the queue).",
    "该运行正在等待空位（队列第 {position} 位）。",
)
_TURN = text(
    "The run waits for its turn (number {position} in the queue).",
    "该运行正在排队（第 {position} 位）。",
)


@dataclass
class _Waiting:
    run: str
    need: int
    turn: asyncio.Future[None]


@dataclass
class Lane:
    """One device: ``places`` runs at most, which need ``memory`` bytes together at most.

    First come, first served: a small run does not pass a large one, which would wait for ever.
    """

    device: str
    places: int
    memory: int
    own: int
    """Bytes that a worker takes beside its network."""
    taken: dict[str, int] = field(default_factory=dict)
    waiting: list[_Waiting] = field(default_factory=list)

    def take(self, run: str, need: int) -> bool:
        """A place at once, if nobody waits before and there is one; the one that it has already."""
        if run not in self.taken and (self.waiting or not self._fits(need)):
            return False
        self.taken[run] = need
        return True

    def wait(self, run: str, need: int) -> Coroutine[Any, Any, None]:
        """The end of the line at once, and a place in turn, to be awaited."""
        entry = _Waiting(run, need, asyncio.get_running_loop().create_future())
        self.waiting.append(entry)
        return self._turn(entry)

    async def _turn(self, entry: _Waiting) -> None:
        """Cancelling gives the turn up."""
        try:
            await entry.turn
        except asyncio.CancelledError:
            if entry in self.waiting:
                self.waiting.remove(entry)
            else:
                self.taken.pop(entry.run, None)
            self._serve()
            raise

    def free(self, run: str) -> None:
        if self.taken.pop(run, None) is not None:
            self._serve()

    def reason(self, index: int) -> Text:
        """Why the run at this place of the line has none yet."""
        if index:
            return _TURN.format(position=index + 1)
        if len(self.taken) >= self.places:
            return _PLACE.format(position=1)
        need, left = self.waiting[0].need, max(0, self.memory - sum(self.taken.values()))
        return _MEMORY.format(need=gib(need), free=gib(left), limit=gib(self.memory))

    def _fits(self, need: int) -> bool:
        """A lone run always fits: what never could has been refused."""
        taken = sum(self.taken.values())
        return not self.taken or (len(self.taken) < self.places and taken + need <= self.memory)

    def _serve(self) -> None:
        while self.waiting and self._fits(self.waiting[0].need):
            first = self.waiting.pop(0)
            self.taken[first.run] = first.need
            first.turn.set_result(None)


class Scheduler:
    """The lanes of all devices. ``pressed`` is called with a device when a run begins to wait.

    ``cpu_memory`` is what the training steps of all runs on the CPU may take together, in bytes.
    """

    def __init__(
        self, cpu_runs: int, pressed: Callable[[str], None], cpu_memory: int = sys.maxsize
    ) -> None:
        self._lanes = {"cpu": Lane("cpu", cpu_runs, cpu_memory + CPU_WORKER, CPU_WORKER)}
        self._pressed = pressed

    def add_gpu(self, device: str, memory: int) -> None:
        self._lanes[device] = Lane(device, sys.maxsize, int(memory * GPU_SHARE), GPU_CONTEXT)

    def require(self, device: str, step_bytes: int) -> None:
        """Raises LargerThanMachine for a run that not even alone could have a place."""
        lane = self._lanes[device]
        need = step_bytes + lane.own
        if need > lane.memory:
            raise LargerThanMachine(
                pointer="/model", needed=gib(need), limit=gib(lane.memory), device=device
            )

    def take(self, run: str, device: str, step_bytes: int) -> bool:
        """A place for a run at once, or False: then :meth:`wait`."""
        lane = self._lanes[device]
        return lane.take(run, step_bytes + lane.own)

    def wait(self, run: str, device: str, step_bytes: int) -> Coroutine[Any, Any, None]:
        """The end of the line at once, and a place in turn, to be awaited."""
        lane = self._lanes[device]
        turn = lane.wait(run, step_bytes + lane.own)
        self._pressed(device)
        return turn

    def grow(self, run: str, step_bytes: int) -> None:
        """A run that goes on needs more or less than before; it keeps its place."""
        for lane in self._lanes.values():
            if run in lane.taken:
                lane.taken[run] = step_bytes + lane.own
                lane._serve()

    def free(self, run: str) -> None:
        for lane in self._lanes.values():
            lane.free(run)

    def crowded(self) -> list[str]:
        """Devices that somebody waits for."""
        return [lane.device for lane in self._lanes.values() if lane.waiting]

    def place(self, run: str) -> QueuePlace | None:
        """Where a run waits, and what for; null when it does not."""
        return next((place for place in self.places() if place.run == run), None)

    def places(self) -> Iterator[QueuePlace]:
        for lane in self._lanes.values():
            for index, entry in enumerate(lane.waiting):
                yield QueuePlace(
                    run=entry.run,
                    device=lane.device,
                    position=index + 1,
                    reason=lane.reason(index),
                )


def gib(size: int) -> str:
    """GiB with one digit, two where that would be 0."""
    return f"{size / _GIB:.1f}" if size >= _GIB / 10 else f"{size / _GIB:.2f}"
