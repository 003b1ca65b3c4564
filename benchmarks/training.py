"""Watched training of LeNet-5 against four bare PyTorch loops; a run's start and its memory.

Pairs are interleaved and ratios of neighbours are taken, so that a machine that drifts does no harm.
"""

from __future__ import annotations

import time
from statistics import median

from benchmarks._rivals import Bare
from benchmarks._worker import WATCHED, Server, Worker

PAIRS = 12
EPOCHS = 3
RIVALS = ("dataloader_nchw", "dataloader_channels_last", "resident_nchw", "resident_channels_last")
STEPS_PER_EPOCH = 63
MODEL_BYTES = 61_706 * 4 * 3
"""Weights, gradients and momentum."""


def compare(worker: Worker, bare: Bare) -> None:
    """Print samples per second and the median ratio to each rival."""
    worker.train(1)
    for rival in RIVALS:
        bare.train(rival, 1)
    ratios: dict[str, list[float]] = {rival: [] for rival in RIVALS}
    fastest: list[float] = []
    ours: list[float] = []
    frames = worker.frames
    for _ in range(PAIRS):
        theirs = {}
        for rival in RIVALS:
            theirs[rival] = bare.train(rival, EPOCHS)
            seconds = worker.train(EPOCHS)
            ours.append(seconds)
            ratios[rival].append(theirs[rival] / seconds)
        fastest.append(min(theirs.values()) / median(ours[-len(RIVALS) :]))
    rate = (worker.frames - frames) / sum(ours)
    print(f"watched training: {EPOCHS * 4000 / median(ours):8.0f} samples/s, {rate:.1f} frames/s")
    for rival in RIVALS:
        print(f"  against {rival:26} × {median(ratios[rival]):.3f}")
    best = min(median(ratios[rival]) for rival in RIVALS)
    print(f"  against the fastest of the four   × {best:.3f}   (bar: 0.95)")
    print(f"  … of each round                   × {median(fastest):.3f}")


def starting(server: Server) -> None:
    """Print how long a new run takes to its first step, and what its worker holds for itself."""
    seconds = []
    for _ in range(10):
        began = time.perf_counter()
        worker = server.fork()
        worker.start()
        worker.command(type="step", unit="batch", count=1)
        worker.until("metrics")
        seconds.append(time.perf_counter() - began)
        worker.close()
    print(f"new run → first step reported: {1000 * median(seconds):.0f} ms (bar: 200)")


def main() -> None:
    """All of it."""
    server, bare = Server(), Bare()
    starting(server)
    worker = server.fork()
    worker.start()
    worker.send({"type": "taps", "taps": [WATCHED]})
    compare(worker, bare)
    private = worker.private_bytes() - MODEL_BYTES
    print(f"worker's private memory beyond model and data: {private / 2**20:.1f} MiB (bar: 25)")
    worker.close()
    bare.close()
    server.close()


if __name__ == "__main__":
    main()
