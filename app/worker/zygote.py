"""``python -m app.worker.zygote <fd>``: the fork server of CPU workers.

It imports torch and makes a training step once; its children begin where it stands and share its
memory. It never sees CUDA, and when its control socket ends it takes its children with it.
"""

from __future__ import annotations

import gc
import json
import os
import selectors
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from typing import Any

from app.core.children import end_with_parent

os.environ["CUDA_VISIBLE_DEVICES"] = ""

REQUEST_BYTES = 65_536
REST = 0.2
"""Seconds without a request after which the next piece of warming up is done."""
Entry = Callable[[socket.socket], None]


class Zygote:
    """Forks a worker for every request on ``control`` and reports what became of it."""

    def __init__(
        self, control: socket.socket, entry: Entry, warming: Iterator[None] | None = None
    ) -> None:
        """``warming``: what is still to be done before forks, a piece at a time, while nobody asks."""
        self._control = control
        self._entry = entry
        self._warming = warming
        self._children: dict[int, int] = {}
        self._bell, bell = socket.socketpair()
        self._bell.setblocking(False)
        bell.setblocking(False)
        self._bells = (self._bell, bell)
        signal.signal(signal.SIGCHLD, lambda number, frame: None)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.set_wakeup_fd(bell.fileno(), warn_on_full_buffer=False)

    def serve(self) -> None:
        """Until the control socket ends; then no child is left."""
        self._say({"ready": True})
        with selectors.DefaultSelector() as selector:
            selector.register(self._control, selectors.EVENT_READ, self._request)
            selector.register(self._bell, selectors.EVENT_READ, self._ring)
            going = True
            while going:
                asked = selector.select(None if self._warming is None else REST)
                if not asked:
                    self._warm()
                for key, _ in asked:
                    going = key.data() and going
        signal.set_wakeup_fd(-1)
        for pid in list(self._children):
            os.kill(pid, signal.SIGKILL)

    def _warm(self) -> None:
        """Do one more piece; what it leaves in memory is shared with the children from then on."""
        if self._warming is not None and next(self._warming, self) is self:
            self._warming = None
            gc.collect()
        gc.freeze()

    def _request(self) -> bool:
        """Fork for one request; False at the end of the control socket."""
        try:
            text, descriptors, _, _ = socket.recv_fds(self._control, REQUEST_BYTES, 1)
        except OSError:
            return False
        if not text:
            return False
        number = int(json.loads(text)["fork"])
        sock = socket.socket(fileno=descriptors[0])
        pid = os.fork()
        if pid == 0:
            self._become(sock)
        sock.close()
        self._children[pid] = number
        return self._say({"forked": number, "pid": pid})

    def _become(self, sock: socket.socket) -> None:
        """In the child: let go of what is the parent's, then be a worker. Never returns."""
        code = 1
        try:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            self._control.close()
            for bell in self._bells:
                bell.close()
            self._entry(sock)
            code = 0
        finally:
            os._exit(code)

    def _ring(self) -> bool:
        """A child has ended: reap and report all that have."""
        self._bell.recv(4096)
        going = True
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return going
            if pid == 0:
                return going
            number = self._children.pop(pid, None)
            if number is not None:
                code = os.waitstatus_to_exitcode(status)
                going = self._say({"exited": number, "pid": pid, "status": code})

    def _say(self, message: dict[str, Any]) -> bool:
        try:
            self._control.send(json.dumps(message).encode())
        except OSError:
            return False
        return True


def main(number: str) -> None:
    """Warm up, then serve on the control socket ``number``."""
    end_with_parent()  # nobody listens to the control socket yet
    control = socket.socket(fileno=int(number))
    from app.worker.main import work
    from app.worker.warm import warm_up

    warming = warm_up()
    next(warming)
    gc.freeze()
    end_with_parent(0)
    Zygote(control, work, warming).serve()


if __name__ == "__main__":
    main(sys.argv[1])
