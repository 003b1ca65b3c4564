"""The same own data set removed, named, described and uploaded at once: missing is an answer."""

from __future__ import annotations

import asyncio
import shutil
import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from app.catalog.shelf import META, SHELF, TEXT, TextFacts
from app.core.errors import NotFound
from app.own.keep import REPORT, About, FileReport, digest_of, place
from app.own.library import Library
from app.own.refusals import InUse


async def nobody(digest: str) -> list[str]:
    await asyncio.sleep(0)
    return []


def made(folder: Path) -> Path:
    """A small set as the reader leaves it."""
    folder.mkdir(parents=True)
    (folder / META).write_text(TextFacts(characters=3, different=3).model_dump_json())
    (folder / REPORT).write_text(FileReport(filename="a.txt", bytes=3).model_dump_json())
    np.save(folder / TEXT, np.frombuffer(b"abc", np.uint8))
    return folder


def test_nothing_but_missing_is_met_while_the_set_comes_and_goes(tmp_path: Path) -> None:
    root = tmp_path / "root"
    library = Library(root)
    digest = digest_of(made(tmp_path / "first"))
    faults: list[BaseException] = []
    seen: dict[str, int] = {}
    started = threading.Barrier(7)

    def upload(number: int) -> None:
        place(made(tmp_path / f"{threading.get_ident()}-{number}"), root)

    def remove(_: int) -> None:
        asyncio.run(library.remove(digest, nobody))

    def look(_: int) -> None:
        assert library.get(digest).digest == digest

    def name(number: int) -> None:
        library.change(digest, name=f"name {number}")

    def everything(_: int) -> None:
        library.list()

    def repeat(action: Callable[[int], None]) -> None:
        started.wait()
        for number in range(150):
            try:
                action(number)
            except NotFound:
                continue
            except BaseException as fault:
                faults.append(fault)
                return
            seen[action.__name__] = seen.get(action.__name__, 0) + 1

    actions = [upload, upload, remove, remove, look, name, everything]
    threads = [threading.Thread(target=repeat, args=(action,)) for action in actions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    assert seen["upload"] == 300
    assert seen["remove"] > 0
    SHELF.forget(digest)


@pytest.mark.parametrize("content", [b"", b"{", b"\xff", b'{"filename": 1}', None])
def test_a_damaged_report_leaves_the_set_usable(tmp_path: Path, content: bytes | None) -> None:
    library = Library(tmp_path / "root")
    digest = place(made(tmp_path / "made"), tmp_path / "root")
    report = tmp_path / "root" / digest / REPORT
    if content is None:
        report.unlink()
    else:
        report.write_bytes(content)
    assert library.get(digest).report.remarks == ()
    asyncio.run(library.remove(digest, nobody))
    with pytest.raises(NotFound):
        library.get(digest)


def test_two_that_remove_the_same_set_do_not_meet(tmp_path: Path) -> None:
    root = tmp_path / "root"
    library = Library(root)
    digest = place(made(tmp_path / "made"), root)

    async def meanwhile(asked: str) -> list[str]:
        shutil.rmtree(root / asked)
        return []

    with pytest.raises(NotFound):
        asyncio.run(library.remove(digest, meanwhile))
    assert library.list() == []


def test_a_set_that_a_run_came_to_need_stays_though_it_was_uploaded_again(tmp_path: Path) -> None:
    root = tmp_path / "root"
    library = Library(root)
    digest = place(made(tmp_path / "made"), root)
    answers = iter([[], ["run"]])

    async def meanwhile(asked: str) -> list[str]:
        found = next(answers)
        if found:
            place(made(tmp_path / "again"), root)
        return found

    with pytest.raises(InUse):
        asyncio.run(library.remove(digest, meanwhile))
    assert library.get(digest).digest == digest
    library.tidy()
    assert [one.name for one in root.iterdir()] == [digest]


def test_a_set_removed_between_two_looks_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "root"
    library = Library(root)
    digest = place(made(tmp_path / "made"), root)
    about = Library._about

    def removed_after(self: Library, asked: str) -> About | None:
        found = about(self, asked)
        shutil.rmtree(root / asked, ignore_errors=True)
        return found

    monkeypatch.setattr(Library, "_about", removed_after)
    assert library.get(digest).report.bytes == 0
    with pytest.raises(NotFound):
        library.get(digest)
    with pytest.raises(NotFound):
        library.change(digest, name="x")
    place(made(tmp_path / "again"), root)
    with pytest.raises(NotFound):
        library.change(digest, name="x")


def test_a_set_is_placed_though_the_one_before_it_goes_away_just_now(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "root"
    place(made(tmp_path / "made"), root)
    rename = Path.rename

    def gone_meanwhile(self: Path, target: Path) -> Path:
        try:
            return rename(self, target)
        except OSError:
            shutil.rmtree(target)
            raise

    monkeypatch.setattr(Path, "rename", gone_meanwhile)
    digest = place(made(tmp_path / "again"), root)
    assert Library(root).get(digest).digest == digest
