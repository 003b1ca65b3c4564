"""uvicorn's HTTP protocol, for which what comes after a chunked body is no header of the request."""

from __future__ import annotations

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol


class WithoutTrailers(HttpToolsProtocol):
    """Drops the fields of a trailer section: RFC 9110 (6.5.1) forbids to merge them into the header."""

    _in_header = False

    def on_message_begin(self) -> None:
        self._in_header = True
        super().on_message_begin()

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._in_header:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        self._in_header = False
        super().on_headers_complete()
