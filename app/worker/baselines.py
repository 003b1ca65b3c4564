"""``python -m app.worker.baselines <fd>``: one baseline in a process that lives for it alone.

It knows no torch. The first message says what to learn; the answer is a result or a reason.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import sys
import threading
from pathlib import Path
from typing import Any

from app.core.children import end_with_parent
from app.core.errors import GlassnetError
from app.core.text import text
from app.engine.baselines import fit, parse_spec
from app.protocol.wire import encode, recv_message
from app.worker.limits import be_modest, limit_memory

NO_MEMORY = text("There was not enough memory. Fewer samples help.", "内存不足。请减少样本数。")
UNEXPECTED = text(
    "The baseline could not learn this data: {detail}", "该基线无法学习这些数据：{detail}"
)


def main(number: str) -> None:
    """Learn what the socket ``number`` asks for, answer, end."""
    end_with_parent()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    sock = socket.socket(fileno=int(number))
    be_modest()
    message, _ = recv_message(sock)
    threading.Thread(target=_vanish_with, args=(sock,), daemon=True).start()
    sock.sendall(encode(_answer(message)))


def _answer(message: dict[str, Any]) -> dict[str, Any]:
    try:
        spec = parse_spec(message["spec"])
        spec.baseline.build(spec.seed)  # imports map far more memory than they use: not limited
        limit_memory(int(message["memory"]))
        _, result = fit(spec, Path(message["data_root"]))
    except GlassnetError as error:
        return {"type": "failed", "reason": error.text.model_dump()}
    except MemoryError:
        return {"type": "failed", "reason": NO_MEMORY.model_dump()}
    except Exception as error:
        detail = f"{type(error).__name__}: {error}"[:300]
        return {"type": "failed", "reason": UNEXPECTED.format(detail=detail).model_dump()}
    return {"type": "result", "result": result.model_dump(mode="json")}


def _vanish_with(sock: socket.socket) -> None:
    """The web process is gone: so is the work."""
    with contextlib.suppress(OSError):
        sock.recv(1)
    os._exit(0)


if __name__ == "__main__":
    main(sys.argv[1])
