"""An LSTM that is watched unrolled with its gates at 5 Hz, as the page does, against a bare ``nn.LSTM`` loop.

Hidden 128, length 100, batch 32, the adding problem. Pairs are interleaved and ratios of neighbours
are taken, so that a machine that drifts does no harm.
"""

from __future__ import annotations

from statistics import median

from benchmarks._report import at_least, plain, show
from benchmarks._rivals import Bare
from benchmarks._worker import Server, Worker

PAIRS = 12
SAMPLES = 1280
EPOCHS = 1
SPEC = {
    "version": 1,
    "name": "watched LSTM",
    "model": [
        {"type": "lstm", "units": 128},
        {"type": "last_step"},
        {"type": "dense", "units": 1},
    ],
    "training": {
        "version": 1,
        "dataset": {"type": "adding", "length": 100, "samples": SAMPLES * 5 // 4},
        "phases": [
            {
                "type": "supervised",
                "loss": {"type": "squared_error"},
                "optimizer": {"type": "adam", "learning_rate": 0.001},
                "batch_size": 32,
                "epochs": 10_000,
            }
        ],
    },
    "seed": 0,
    "device": "cpu",
}
WATCHED = [
    {"key": "unrolled", "tap": {"roles": ["activation"], "rate": 5.0}},
    {"key": "gates", "tap": {"nodes": ["lstm1"], "roles": ["gate"], "rate": 5.0}},
]


def pairs(worker: Worker, bare: Bare) -> tuple[list[float], list[float]]:
    """Seconds of neighbours: ours, theirs."""
    worker.train(EPOCHS)
    bare.train("lstm", EPOCHS)
    ours, theirs = [], []
    for _ in range(PAIRS):
        theirs.append(bare.train("lstm", EPOCHS))
        ours.append(worker.train(EPOCHS))
    return ours, theirs


def main() -> None:
    """Run it."""
    server, bare = Server(), Bare("benchmarks._bare_lstm")
    worker = server.fork()
    worker.start(spec=SPEC)
    worker.until("state", state="paused")
    worker.send({"type": "taps", "taps": WATCHED})
    frames = worker.frames
    ours, theirs = pairs(worker, bare)
    shown = (worker.frames - frames) / sum(ours)
    ratio = median(b / a for a, b in zip(ours, theirs, strict=True))
    rate = EPOCHS * SAMPLES / median(ours)
    show(
        "LSTM, hidden 128, length 100, batch 32",
        [
            plain("watched training", rate, "sequences/s"),
            plain("bare nn.LSTM loop", EPOCHS * SAMPLES / median(theirs), "sequences/s"),
            plain("frames a second, unrolled view and gates", shown, "", 1),
            at_least("watched against bare, median of pairs", ratio, 0.95, "×", 3),
        ],
    )
    worker.close()
    bare.close()
    server.close()


if __name__ == "__main__":
    main()
