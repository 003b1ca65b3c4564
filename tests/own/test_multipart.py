"""Forms as they are sent and as they should not be: a file, or a refusal that names the field."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.own.multipart import LONGEST_BOUNDARY, BrokenForm, file_of

FORM = (
    b"--{b}\r\nContent-Disposition: form-data; name=\"note\"\r\n\r\nhello\r\n"
    b"--{b}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.csv\"\r\n\r\n"
    b"a,b\r\n1,2\r\n--{b}--\r\n"
)  # fmt: skip


def form(boundary: bytes = b"xyz") -> bytes:
    return FORM.replace(b"{b}", boundary)


def read(kind: str, *pieces: bytes) -> tuple[bytes, str]:
    async def coming() -> AsyncIterator[bytes]:
        for piece in pieces:
            yield piece

    async def whole() -> tuple[bytes, str]:
        found, name = await file_of(kind, coming())
        return b"".join([piece async for piece in found]), name

    return asyncio.run(whole())


@pytest.mark.parametrize(
    "kind",
    ["multipart/form-data; boundary=xyz", 'Multipart/Form-Data; charset=utf-8; boundary="xyz"'],
)
@pytest.mark.parametrize("cut", [1, 7, 1000])
def test_the_file_comes_out_however_the_form_is_cut(kind: str, cut: int) -> None:
    body = form()
    pieces = [body[start : start + cut] for start in range(0, len(body), cut)]
    assert read(kind, *pieces) == (b"a,b\r\n1,2", "a.csv")


def test_a_body_that_is_no_form_is_the_file() -> None:
    assert read("text/csv", b"a,", b"b") == (b"a,b", "")
    assert read("", b"x") == (b"x", "")


@pytest.mark.parametrize("length", [1, 70, LONGEST_BOUNDARY])
def test_boundaries_of_the_longest_length_are_read(length: int) -> None:
    boundary = "b" * length
    found, _ = read(f"multipart/form-data; boundary={boundary}", form(boundary.encode()))
    assert found == b"a,b\r\n1,2"


@pytest.mark.parametrize("length", [0, 257, 300, 10_000])
def test_boundaries_that_are_none_are_refused(length: int) -> None:
    boundary = "b" * length
    with pytest.raises(BrokenForm):
        read(f"multipart/form-data; boundary={boundary}", form(boundary.encode()))


@pytest.mark.parametrize(
    "kind",
    ["multipart/form-data", "multipart/form-data; boundary", "multipart/form-data; boundary=\"",
     "multipart/form-data; boundary=other", "multipart/form-data;;;=", "multipart/form-data; boundary=é"],
)  # fmt: skip
def test_kinds_without_a_right_boundary_are_refused(kind: str) -> None:
    with pytest.raises(BrokenForm):
        read(kind, form())


def test_a_form_that_stops_in_the_middle_of_the_file_is_refused() -> None:
    body = form()
    start = body.index(b"a,b\r\n")
    for end in range(start, body.index(b"--xyz--") + len(b"--xyz") - 1):
        with pytest.raises(BrokenForm):
            read("multipart/form-data; boundary=xyz", body[:end])


@given(
    kind=st.text(max_size=40).map(lambda tail: "multipart/form-data; boundary=xyz" + tail),
    body=st.lists(
        st.sampled_from([b"--xyz", b"--xyz--", b"\r\n", b"\r", b"\n", b":", b"\0", b"a" * 300, b'"',
                         b'Content-Disposition: form-data; name="file"', b'; filename="', b"\xff"])
        | st.binary(max_size=20),
        max_size=20,
    ),
)  # fmt: skip
def test_no_form_is_an_error_of_ours(kind: str, body: list[bytes]) -> None:
    with suppress(BrokenForm):
        read(kind, *body)
