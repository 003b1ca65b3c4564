"""A zip of class folders: the arrays, and every file that does not fit."""

from __future__ import annotations

import io
import stat
import zipfile
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from app.catalog.datasets import SHELF
from app.catalog.datasets.uploaded_pictures import UploadedPictures
from app.catalog.shelf import PictureFacts
from app.core.errors import GlassnetError
from app.own.pictures import decode
from app.own.refusals import BrokenZip, NoPictures, OneClass, Refused, TooMany
from tests.own.files import bomb_png, jpeg, keep, png, shades, zipped


def test_folders_become_classes(tmp_path: Path) -> None:
    files = {f"my pets/{name}": content for name, content in shades("dog", "cat", "鸟").items()}
    folder, report = keep(tmp_path, zipped(files), size=8, filename="pets.zip")
    SHELF.look_in(folder.parent)
    part = UploadedPictures(digest=folder.name)
    assert [name.en for name in part.CLASSES] == ["cat", "dog", "鸟"]
    assert (part.input_shape, part.sizes, part.faults()) == ((1, 8, 8), (10, 2), ())
    data = part.load(tmp_path)
    x, y = np.concatenate([data.train_x, data.val_x]), np.concatenate([data.train_y, data.val_y])
    assert x.dtype == np.float32
    first = {0: 40, 1: 0, 2: 80}
    for picture, label in zip(x, y, strict=True):
        shade = round(float(picture[0, 0, 0]) * 255)
        assert shade in range(first[int(label)], first[int(label)] + 4)
        assert np.ptp(picture) == 0
    peeked, _ = part.peek(tmp_path, "val", slice(1, 2))
    np.testing.assert_array_equal(peeked, data.val_x[1:2])
    assert report.remark_count == 0


def test_colour_grey_transparency_and_depth() -> None:
    red = np.zeros((10, 10, 3), np.uint8)
    red[..., 0] = 200
    assert decode(png(red), 5, "colour")[:, 0, 0].tolist() == [200, 0, 0]
    assert decode(png(red), 5, "grey")[0, 0, 0] == round(200 * 0.299)
    assert abs(int(decode(jpeg(red), 5, "colour")[0, 0, 0]) - 200) < 6
    clear = np.zeros((4, 4, 4), np.uint8)
    assert decode(png(clear), 4, "grey").min() == 255
    deep = io.BytesIO()
    Image.fromarray(np.full((4, 4), 40_000, np.uint16)).save(deep, "PNG")
    assert decode(deep.getvalue(), 4, "grey")[0, 0, 0] == 40_000 // 256
    assert decode(png(np.zeros((3, 9), np.uint8)), 6, "grey").shape == (1, 6, 6)


def test_every_misfit_is_listed_and_the_rest_is_read(tmp_path: Path) -> None:
    whole = png(np.zeros((9, 9), np.uint8))
    bad = {
        "a/truncated.png": whole[:-30],
        "a/nonsense.png": b"this is text",
        "a/bomb.png": bomb_png(),
        "a/notes.txt": b"hello",
        "a/inner.zip": zipped({"x.png": whole}),
        "../../etc/passwd.png": whole,
        "/absolute/x.png": whole,
        "a\\..\\..\\x.png": whole,
        "loose.png": whole,
    }
    out = io.BytesIO(zipped({**shades("a", "b"), **bad}))
    with zipfile.ZipFile(out, "a") as archive:
        link = zipfile.ZipInfo("a/link.png")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/passwd")
    folder, report = keep(tmp_path, out.getvalue())
    SHELF.look_in(folder.parent)
    facts = SHELF.facts(folder.name)
    assert isinstance(facts, PictureFacts)
    assert facts.classes == ("a", "b")
    assert facts.count == 8
    assert report.remark_count == len(bad) + 1
    named = {remark.file for remark in report.remarks}
    assert {"a/truncated.png", "a/bomb.png", "loose.png", "a/link.png"} <= named
    assert all(remark.message.zh and remark.repair.zh for remark in report.remarks)
    assert list(tmp_path.rglob("*.png")) == [], "nothing is ever unpacked"


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (b"PK\x03\x04 and nothing else", BrokenZip),
        (zipped({}), NoPictures),
        (zipped({"a/x.txt": b"1"}), NoPictures),
        (zipped(shades("only")), OneClass),
        (zipped({f"c{i}/x.png": png(np.zeros((4, 4), np.uint8)) for i in range(300)}), TooMany),
    ],
)
def test_hopeless_zips_are_refused(
    tmp_path: Path, content: bytes, error: type[GlassnetError]
) -> None:
    with pytest.raises(error) as caught:
        keep(tmp_path, content)
    assert caught.value.text.zh
    assert not (tmp_path / "root").exists()


def test_a_damaged_directory_is_no_crash(tmp_path: Path) -> None:
    whole = zipped(shades("a", "b"))
    random = np.random.RandomState(3)
    for _ in range(60):
        broken = bytearray(whole)
        for place in random.randint(0, len(broken), 8):
            broken[place] = random.randint(256)
        with suppress(Refused):
            keep(tmp_path, bytes(broken))


def test_names_of_classes_are_one_visible_line(tmp_path: Path) -> None:
    picture = png(np.zeros((9, 9), np.uint8))
    folders = ("cafe\u0301", "caf\u00e9", "do\u202eg", "=1+1", "<b>x")
    blob = zipped({f"{folder}/{i}.png": picture for i, folder in enumerate(folders)})
    folder, _ = keep(tmp_path, blob, filename="x.zip")
    SHELF.look_in(folder.parent)
    facts = SHELF.facts(folder.name)
    assert isinstance(facts, PictureFacts)
    assert facts.classes == ("<b>x", "=1+1", "caf\u00e9", "dog")
