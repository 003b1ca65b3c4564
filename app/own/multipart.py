"""The one file of a form, piece by piece, without keeping it: nothing of a form touches the disk here."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from app.core.errors import GlassnetError
from app.core.text import text

FIELD = b"file"
LONGEST_BOUNDARY = 256
"""What the parser takes; RFC 2046 (5.1.1) allows 70."""
# What is wrong with a form is said to who sent it, and fills no log.
logging.getLogger("python_multipart").setLevel(logging.ERROR)


class BrokenForm(GlassnetError):
    code, status = "upload_broken_form", 422
    message = text(
        "The form has no file in its field “file”. Send one, or the file itself as the body.",
        "表单的“file”字段中没有文件。请发送文件，或直接以文件作为请求正文。",
    )


async def file_of(kind: str, pieces: AsyncIterator[bytes]) -> tuple[AsyncIterator[bytes], str]:
    """(the file's pieces, its name) of a body with this content type; a body that is no form is itself
    the file, without a name. Raises :class:`BrokenForm`, from the iterator too."""
    media, options = parse_options_header(kind.encode("latin-1", "replace"))
    if media.strip().lower() != b"multipart/form-data":
        return pieces, ""
    form = _Form(options.get(b"boundary", b""))
    waiting: list[bytes] = []
    async for piece in pieces:
        waiting += form.feed(piece)
        if form.found:
            break
    if not form.found:
        raise BrokenForm
    return form.rest(waiting, pieces), form.filename


class _Form:
    """The callbacks of the parser, as one object."""

    def __init__(self, boundary: bytes) -> None:
        self.found = False
        self.filename = ""
        self._wanted = False
        self._out: list[bytes] = []
        self._whole = False
        self._name, self._value, self._disposition = b"", b"", b""
        if not 0 < len(boundary) <= LONGEST_BOUNDARY:
            raise BrokenForm
        self._parser = MultipartParser(
            boundary,
            {
                "on_part_begin": self._begin,
                "on_header_field": self._header_name,
                "on_header_value": self._header_value,
                "on_header_end": self._header_end,
                "on_headers_finished": self._headers_finished,
                "on_part_data": self._data,
                "on_part_end": self._end,
            },
        )

    def feed(self, piece: bytes) -> list[bytes]:
        """What of the file is in this piece of the form."""
        try:
            self._parser.write(piece)
        except FormParserError as error:
            raise BrokenForm from error
        found, self._out = self._out, []
        return found

    async def rest(
        self, waiting: list[bytes], pieces: AsyncIterator[bytes]
    ) -> AsyncIterator[bytes]:
        """The file, from what was read of it on the way."""
        for one in waiting:
            yield one
        async for piece in pieces:
            for one in self.feed(piece):
                yield one
        if not self._whole:  # the form stops in the middle of the file
            raise BrokenForm

    def _begin(self) -> None:
        self._name, self._value, self._disposition = b"", b"", b""

    def _header_name(self, data: bytes, start: int, end: int) -> None:
        self._name += data[start:end]

    def _header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _header_end(self) -> None:
        if self._name.lower() == b"content-disposition":
            self._disposition = self._value
        self._name, self._value = b"", b""

    def _headers_finished(self) -> None:
        _, options = parse_options_header(self._disposition)
        if options.get(b"name") == FIELD and not self.found:
            self.found = self._wanted = True
            self.filename = options.get(b"filename", b"").decode("utf-8", "replace")

    def _data(self, data: bytes, start: int, end: int) -> None:
        if self._wanted:
            self._out.append(data[start:end])

    def _end(self) -> None:
        self._whole = self._whole or self._wanted
        self._wanted = False
