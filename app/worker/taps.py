"""The taps that somebody watches: each at its own rate while training, once when the run is still."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from app.core.errors import GlassnetError
from app.engine.probes import Moment, Prober
from app.protocol.taps import TAP, Tap
from app.worker.channel import Channel

Version = tuple[int, int, int]


@dataclass
class Watched:
    """One tap, when its next frame is due, and which weights the last one showed."""

    key: str
    tap: Tap
    due: float = 0.0
    shown: Version | None = None


class Taps:
    """Makes and sends the frames that are due. A frame shows weights that no frame has shown yet."""

    def __init__(self, prober: Prober, channel: Channel) -> None:
        self._prober = prober
        self._channel = channel
        self._watched: list[Watched] = []
        self._number = 0

    def replace(self, taps: Sequence[dict[str, Any]]) -> None:
        """Watch these and no others; what is already watched is not sent again."""
        known = {(w.key, w.tap): w for w in self._watched}
        found = []
        for item in taps:
            try:
                tap = TAP.validate_json(json.dumps(item["tap"]))
            except ValidationError:
                continue  # the server has checked it: this one is of another version
            key = str(item["key"])
            found.append(known.get((key, tap)) or Watched(key, tap))
        self._watched = found
        self._channel.drop_frames()

    def wait(self, version: Version, most: float | None) -> float | None:
        """Seconds until a frame is due, at most ``most``."""
        due = [w.due for w in self._watched if w.shown != version]
        if not due:
            return most
        wait = max(0.0, min(due) - time.monotonic())
        return wait if most is None else min(wait, most)

    def look(self, version: Version, moment: Moment, *, still: bool) -> None:
        """Send every frame that is due; a run that has come to rest shows its last weights at once."""
        if not self._watched:
            return
        now = time.monotonic()
        for watched in self._watched:
            if watched.shown == version or (now < watched.due and not still):
                continue
            watched.shown = version
            watched.due = _next(watched.due, 1.0 / watched.tap.rate, now)
            self._send(watched, version, moment)
        self._prober.let_go()

    def _send(self, watched: Watched, version: Version, moment: Moment) -> None:
        try:
            frame = self._prober.frame(watched.tap, moment, version)
        except GlassnetError:
            return  # no such sample: the viewer's own check has said so
        self._number += 1
        header = {
            "type": "frame",
            "key": watched.key,
            "step": version[1],
            "branch": version[0],
            "frame": self._number,
            "sent": time.time(),
        }
        self._channel.frame(watched.key, header, frame)


def _next(due: float, period: float, now: float) -> float:
    """When the next frame is due: in step with the clock, without making up for what was missed."""
    return due + period if due + period > now else now + period
