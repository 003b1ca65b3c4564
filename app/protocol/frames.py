"""The names and codes inside a tensor frame. A frame is a safetensors file; nothing here needs torch.

Names are ``node.role``. A tensor of dtype U8 is quantised per map: for its first axis (channels or,
for vectors, the whole vector as one map) there are ``node.role.scale`` and ``node.role.zero`` (float32);
value = zero + (code - 2) * scale for codes 2–254, while 0, 1, 255 mean NaN, −∞ and +∞.
``__metadata__`` (strings) carries ``run``, ``branch``, ``step``, ``frame`` (number to acknowledge),
``tap`` (index into the tab's Watch), ``sample`` (JSON), ``epoch``, ``recorded``, ``label`` (of a stored
sample with a class), ``loss`` (of a sample that is to be reconstructed), and ``sent`` (seconds since
1970 when it left the worker).
"""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping

NAN_CODE, NEGATIVE_INFINITY_CODE, POSITIVE_INFINITY_CODE = 0, 1, 255
FIRST_CODE, LAST_CODE = 2, 254


def with_metadata(frame: bytes, extra: Mapping[str, str]) -> bytes:
    """The same frame with more ``__metadata__``; tensor bytes are not touched. For the fan-out."""
    (length,) = struct.unpack_from("<Q", frame)
    header = json.loads(frame[8 : 8 + length])
    header["__metadata__"] = {**header.get("__metadata__", {}), **extra}
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text + frame[8 + length :]


class Stamped:
    """A frame to be sent to many viewers: its header is parsed once, then each gets its own extra
    ``__metadata__`` by pasting bytes. Equal to :func:`with_metadata` for keys that are new."""

    def __init__(self, frame: bytes) -> None:
        (length,) = struct.unpack_from("<Q", frame)
        header = json.loads(frame[8 : 8 + length])
        known = header.pop("__metadata__", {})
        dump = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False).encode
        self._before = b'{"__metadata__":' + dump(known).encode()[:-1]
        self._after = b"}" + (b"," if header else b"") + dump(header).encode()[1:]
        self._tensors = memoryview(frame)[8 + length :]
        self._empty = not known
        self.size = len(frame)

    def stamp(self, extra: Mapping[str, str]) -> bytes:
        """The frame with these strings, which need no escaping, in its metadata."""
        pairs = ",".join(f'"{key}":"{value}"' for key, value in extra.items()).encode()
        comma = b"" if self._empty or not pairs else b","
        text = self._before + comma + pairs + self._after
        text += b" " * (-len(text) % 8)
        return b"".join((struct.pack("<Q", len(text)), text, self._tensors))


def metadata(frame: bytes) -> dict[str, str]:
    """The ``__metadata__`` of a frame."""
    (length,) = struct.unpack_from("<Q", frame)
    found = json.loads(frame[8 : 8 + length]).get("__metadata__", {})
    return {str(key): str(value) for key, value in found.items()}
