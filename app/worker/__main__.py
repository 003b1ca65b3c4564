"""``python -m app.worker <fd>``: a worker on an inherited socket, started ahead of its run.

This is how workers on CUDA start: a forked process could not use it. torch is imported and the
device initialised before the first message is awaited.
"""

from __future__ import annotations

import gc
import signal
import socket
import sys

from app.core.children import end_with_parent


def main(number: str) -> None:
    """Take over the socket ``number`` and serve."""
    end_with_parent()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    import torch

    from app.engine.device import configure
    from app.worker.main import work

    configure()
    if torch.cuda.is_available():
        warm = torch.zeros(64, 64, device="cuda", requires_grad=True)
        (warm @ warm).sum().backward()  # type: ignore[no-untyped-call]
        torch.cuda.synchronize()
    gc.freeze()
    work(socket.socket(fileno=int(number)))


if __name__ == "__main__":
    main(sys.argv[1])
