"""CSV files: what is found in them, what does not fit, and the arrays a network gets."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.catalog.datasets import SHELF
from app.catalog.datasets.uploaded_table import UploadedTable
from app.catalog.shelf import TABLE, TableFacts
from app.core.errors import GlassnetError
from app.own.keep import FileReport
from app.own.refusals import (
    EmptyFile,
    LineTooLong,
    NeitherKind,
    NoRows,
    NotSeparated,
    OneColumn,
    Refused,
    TooMany,
)
from tests.own.files import keep

FLOWERS = (
    "length,width,colour,kind\n"
    "1.0,2.0,red,rose\n"
    "2.0,,blue,lily\n"
    "3.0,4.0,red,rose\n"
    "oops,5.0,blue,lily\n"
    "5.0,6.0\n"
    "nan,7.0,,lily\n"
    "1e400,8.0,red,rose\n"
    "7.0,9.0,red,\n"
    "8.0,1.0,blue,lily\n"
)


def kept(tmp_path: Path, text: str | bytes) -> tuple[UploadedTable, TableFacts, FileReport]:
    content = text if isinstance(text, bytes) else text.encode()
    folder, report = keep(tmp_path, content, filename="flowers.csv")
    SHELF.look_in(folder.parent)
    facts = SHELF.facts(folder.name)
    assert isinstance(facts, TableFacts)
    return UploadedTable(digest=folder.name), facts, report


def test_types_are_detected_and_misfits_listed(tmp_path: Path) -> None:
    part, facts, report = kept(tmp_path, FLOWERS)
    assert facts.rows == 8
    assert [(c.name, c.kind, c.present) for c in facts.columns] == [
        ("length", "number", 5),
        ("width", "number", 7),
        ("colour", "category", 7),
        ("kind", "category", 7),
    ]
    assert facts.columns[3].categories == ("lily", "rose")
    assert (report.encoding, report.delimiter, report.header) == ("utf-8", ",", True)
    assert report.preview[0] == ("1.0", "2.0", "red", "rose")
    assert [(r.row, r.column) for r in report.remarks] == [
        (6, None),
        (5, "length"),
        (8, "length"),
    ]
    for remark in report.remarks:
        assert remark.message.zh
        assert remark.repair.en
    assert part.faults() == ()
    assert part.sizes == (6, 1)  # of the seven rows with a target


def test_arrays_follow_the_stated_rule(tmp_path: Path) -> None:
    """Standardised by the training rows, written out again with NumPy in float64."""
    part, _, _ = kept(tmp_path, FLOWERS)
    data = part.load(tmp_path)
    length = np.array([1, 2, 3, np.nan, np.nan, np.nan, 8])
    width = np.array([2, np.nan, 4, 5, 7, 8, 1.0])
    red = np.array([1, 0, 1, 0, 0, 1, 0])
    blue = np.array([0, 1, 0, 1, 0, 0, 1])
    kind = np.array([1, 0, 1, 0, 0, 1, 0])
    order = part.order()
    train = order[:6]
    expected = []
    for column in (length, width):
        mean, deviation = np.nanmean(column[train]), np.nanstd(column[train])
        filled = np.where(np.isnan(column), mean, column)
        expected.append((filled - mean) / deviation)
    table = np.stack([*expected, blue, red], axis=1)[order]
    np.testing.assert_allclose(np.concatenate([data.train_x, data.val_x]), table, atol=1e-6)
    np.testing.assert_array_equal(np.concatenate([data.train_y, data.val_y]), kind[order])
    names = [(f.name.en, f.category) for f in part.features_of(tmp_path)]
    assert names == [("length", None), ("width", None), ("colour", "blue"), ("colour", "red")]
    x, y = part.peek(tmp_path, "val", slice(0, 5))
    np.testing.assert_array_equal(x, data.val_x)
    np.testing.assert_array_equal(y, data.val_y)


def test_regression_and_chosen_features(tmp_path: Path) -> None:
    rows = "".join(f"{i},{i % 3},{2.5 * i + 1}\n" for i in range(50))
    part, _, _ = kept(tmp_path, f"a,b,y\n{rows}")
    assert (part.TASK, part.targets, part.input_shape) == ("regression", 1, (2,))
    scale = part.value(tmp_path)
    assert scale is not None
    data = part.load(tmp_path)
    targets = data.train_y[:, 0] * scale.scale + scale.centre
    feature = part.features_of(tmp_path)[0]
    a = data.train_x[:, 0] * feature.scale + feature.centre
    np.testing.assert_allclose(targets, 2.5 * a + 1, rtol=1e-5)
    plain = part.model_copy(update={"features": ("a",), "standardise": False})
    assert plain.input_shape == (1,)
    raw = plain.load(tmp_path)
    np.testing.assert_allclose(raw.train_y[:, 0], 2.5 * raw.train_x[:, 0] + 1, rtol=1e-6)
    classes = part.model_copy(update={"target": "b", "task": "classification"})
    assert [name.en for name in classes.CLASSES] == ["0", "1", "2"]
    assert sorted(set(classes.load(tmp_path).train_y.tolist())) == [0, 1, 2]


def changed(part: UploadedTable, options: dict[str, object]) -> UploadedTable:
    """With other options, as a request would bring them."""
    return UploadedTable.model_validate_json(
        json.dumps({**part.model_dump(mode="json"), **options}), strict=True
    )


@pytest.mark.parametrize(
    ("options", "field", "repair"),
    [
        ({"target": "nothing"}, "target", "y"),
        ({"target": "one"}, "target", "y"),
        ({"features": ("y",)}, "features", []),
        ({"features": ("a", "free")}, "features", ["a"]),
        ({"target": "c", "task": "regression"}, "task", "classification"),
        ({"target": "a", "task": "classification"}, "task", "regression"),
    ],
)
def test_options_that_do_not_suit_name_their_field(
    tmp_path: Path, options: dict[str, object], field: str, repair: object
) -> None:
    rows = "".join(f"{i},only,{'uv'[i % 2]},word{i},{i % 2}\n" for i in range(300))
    part, _, _ = kept(tmp_path, f"a,one,c,free,y\n{rows}")
    wrong = changed(part, options)
    (fault,) = wrong.faults()
    assert fault.pointer == f"/training/dataset/{field}"
    assert fault.message.en
    assert fault.message.zh
    assert fault.repairs[0].patch[0]["value"] == repair
    assert changed(wrong, {field: repair}).faults() == ()


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030"])
def test_delimiters_and_encodings(tmp_path: Path, delimiter: str, encoding: str) -> None:
    rows = [["长度", "种类"], *([str(i), "玫瑰" if i % 2 else "百合"] for i in range(40))]
    text = "\r\n".join(delimiter.join(row) for row in rows)
    _, facts, report = kept(tmp_path, text.encode(encoding))
    assert [column.name for column in facts.columns] == ["长度", "种类"]
    assert set(facts.columns[1].categories) == {"玫瑰", "百合"}
    assert report.delimiter == delimiter
    assert report.remark_count == 0


@pytest.mark.parametrize(
    ("header", "names", "rows"),
    [
        ("found", ["column 1", "column 2"], 4),
        ("yes", ["2019", "2020"], 3),
        ("no", ["column 1", "column 2"], 4),
    ],
)
def test_the_user_knows_better_about_the_header(
    tmp_path: Path, header: str, names: list[str], rows: int
) -> None:
    """A header of years looks like a row of numbers."""
    content = b"2019,2020\n1,2\n3,4\n5,6\n"
    folder, report = keep(tmp_path, content, header=header)
    SHELF.look_in(folder.parent)
    facts = SHELF.facts(folder.name)
    assert isinstance(facts, TableFacts)
    assert [column.name for column in facts.columns] == names
    assert (facts.rows, report.header) == (rows, header == "yes")


def test_the_user_knows_better_about_the_separator(tmp_path: Path) -> None:
    """Decimal commas: commas cut every row alike, too."""
    content = "".join(f"{i},5|{i},25\n" for i in range(20)).encode()
    _, report = keep(tmp_path, content, delimiter="bar", header="no")
    assert report.delimiter == "|"
    assert report.preview[0] == ("0,5", "0,25")
    _, found = keep(tmp_path, content)
    assert found.delimiter == ","
    with pytest.raises(NotSeparated) as caught:
        keep(tmp_path, content, delimiter="tab")
    assert "“tab”" in caught.value.text.en
    assert "分隔符" in caught.value.text.zh
    with pytest.raises(EmptyFile):
        keep(tmp_path, b"\n \n", delimiter="comma")


def test_latin1_and_no_header(tmp_path: Path) -> None:
    _, facts, report = kept(tmp_path, "1,caf\xe9\n2,th\xe9\n3,caf\xe9\n".encode("latin-1"))
    assert report.header is False
    assert [column.name for column in facts.columns] == ["column 1", "column 2"]


def test_the_same_content_is_the_same_set(tmp_path: Path) -> None:
    first, _, _ = kept(tmp_path, FLOWERS)
    again, _, _ = kept(tmp_path, FLOWERS)
    other, _, _ = kept(tmp_path, FLOWERS.replace("8.0,1.0", "8.0,1.5"))
    assert first.digest == again.digest != other.digest
    assert len(list((tmp_path / "root").iterdir())) == 2


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (b"", EmptyFile),
        (b" \n\n", EmptyFile),
        (b"a\n1\n2\n3\n", OneColumn),
        (b"a,b\n", NoRows),
        (b"a,b\n1,2,3\n4\n", NoRows),
        (bytes(range(256)) * 40, NeitherKind),
        (b"\x7fELF" + b"\0" * 500, NeitherKind),
        (b"a,b\n" + b'"' + b"x" * 3_000_000, LineTooLong),
        (b"a" * 3_000_000, LineTooLong),
        ((",".join(map(str, range(10_000))) + "\n").encode() * 3, TooMany),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_hopeless_files_are_refused(
    tmp_path: Path, content: bytes, error: type[GlassnetError]
) -> None:
    with pytest.raises(error) as caught:
        keep(tmp_path, content)
    assert caught.value.text.en != caught.value.text.zh
    assert not (tmp_path / "root").exists()


cells = st.one_of(
    st.text(max_size=12),
    st.floats().map(str),
    st.integers().map(str),
    st.sampled_from(["", "NA", "inf", "-inf", "NaN", "1e999", "1_000", "真", "a,b", 'q"q', "x\ny"]),
)


@settings(max_examples=max(50, settings().max_examples // 3))
@given(rows=st.lists(st.lists(cells, min_size=1, max_size=5), max_size=12), raw=st.binary())
def test_any_table_is_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, rows: list[list[str]], raw: bytes
) -> None:
    """Never a crash: a set whose arrays are finite, or a refusal in both languages."""
    out = io.StringIO()
    csv.writer(out).writerows(rows)
    tmp_path = tmp_path_factory.mktemp("any")
    for content in (out.getvalue().encode("utf-8", "surrogatepass"), raw):
        try:
            folder, report = keep(tmp_path, content)
        except Refused:
            continue
        SHELF.look_in(folder.parent)
        assert report.remark_count >= len(report.remarks)
        table = np.load(folder / TABLE, allow_pickle=False)
        assert not np.isinf(table).any()
        part = UploadedTable(digest=folder.name)
        if part.faults():
            continue
        data = part.load(tmp_path)
        assert np.isfinite(data.train_x).all()
        assert (len(data.train_x), len(data.val_x)) == part.sizes
        if part.TASK == "classification":
            assert data.train_y.max() < part.targets


def test_names_of_columns_and_categories_are_one_visible_line_and_stay_apart(
    tmp_path: Path,
) -> None:
    rows = "".join(f"{i},r\u202eed\n{i},green\u200b\n{i},green\n{i},\u3164\n" for i in range(9))
    part, facts, _ = kept(tmp_path, f"le\u0301ngth\u202e,  l\u00e9ngth \n{rows}")
    first, second = facts.columns
    assert [first.name, second.name] == ["l\u00e9ngth", "l\u00e9ngth 2"]
    assert second.categories == ("green", "red", "\u3164")
    assert part.task == "auto"
    assert len(part.CLASSES) == 3
