"""``multipart/form-data`` (RFC 7578), read by python-multipart's streaming parser."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from typing import Any, BinaryIO

from python_multipart.decoders import Base64Decoder, QuotedPrintableDecoder
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from hookline.protocol.extent import Extent
from hookline.protocol.formats import content_type, json, parameters
from hookline.protocol.formats.content_type import ContentType
from hookline.protocol.formats.document import Document, File, document
from hookline.protocol.formats.form import gathered
from hookline.protocol.problem import MALFORMED, TOO_LARGE, UNSUPPORTED_MEDIA_TYPE, Rejected

MAX_PARTS = 100
MAX_HEADERS = 8
MAX_HEADER_BYTES = 2048
MAX_FIELD_BYTES = 256 * 1024
"""Of all fields that are no files, together."""
_TEXT = ContentType("text/plain")
_AS_IT_IS = frozenset({"", "7bit", "8bit", "binary"})
# A line in the log for each malformed part would be a gift to whoever sends them.
_SILENT = logging.getLogger(f"{__name__}.parser")
_SILENT.disabled = True


def read(pieces: Iterable[bytes], kind: ContentType, spool: Callable[[], BinaryIO]) -> Document:
    """Return the fields as data, and the files.

    A field is text, or a JSON value if its part says so. A part with a file name is a file; one with an empty
    name and no content, as browsers send where nothing was chosen, is left out.

    :param spool: makes the temporary file that the files are written to, one after the other.
    :raises Rejected: it is not well-formed or ends too early, a part has no name, or a bound is exceeded.
    """
    boundary = kind.parameters.get("boundary", "")
    if not boundary:
        raise Rejected(MALFORMED, "The `Content-Type` has no `boundary`.")
    form = _Form(spool())
    try:
        # What is no ASCII or longer than RFC 2046 section 5.1.1 allows can stand in no body.
        parser = MultipartParser(
            boundary.encode("ascii"),
            form.callbacks(),
            max_header_count=MAX_HEADERS,
            max_header_size=MAX_HEADER_BYTES,
        )
        parser.logger = _SILENT
        for piece in pieces:
            parser.write(piece)
    except (FormParserError, UnicodeError):
        raise Rejected(MALFORMED, "The body is not well-formed multipart/form-data.") from None
    if not form.complete:
        raise Rejected(MALFORMED, "The body ends before its last boundary.")
    return document(gathered(form.fields), *form.files)


class _Form:
    """Collects what the parser tells."""

    def __init__(self, spool: BinaryIO) -> None:
        self.fields: list[tuple[str, Any]] = []
        self.files: list[File] = []
        self.complete = False
        self._spool = spool
        self._spooled = 0
        self._field_bytes = 0
        self._parts = 0

    def callbacks(self) -> Any:
        return {
            "on_part_begin": self._begin,
            "on_header_begin": self._header_begin,
            "on_header_field": self._header_field,
            "on_header_value": self._header_value,
            "on_header_end": self._header_end,
            "on_headers_finished": self._headers_finished,
            "on_part_data": lambda data, start, end: self._decoder.write(data[start:end]),
            "on_part_end": self._end,
            "on_end": self._finish,
        }

    def _finish(self) -> None:
        self.complete = True

    def _begin(self) -> None:
        self._parts += 1
        if self._parts > MAX_PARTS:
            raise Rejected(TOO_LARGE, f"A form may have {MAX_PARTS} parts.")
        self._headers: dict[str, str] = {}

    def _header_begin(self) -> None:
        self._header_name = self._header_text = b""

    def _header_field(self, data: bytes, start: int, end: int) -> None:
        self._header_name += data[start:end]

    def _header_value(self, data: bytes, start: int, end: int) -> None:
        self._header_text += data[start:end]

    def _header_end(self) -> None:
        name = self._header_name.decode("ascii").lower()
        if name in self._headers:
            raise Rejected(MALFORMED, "A part repeats a header.")
        self._headers[name] = self._header_text.decode("latin-1").strip(" \t")

    def _headers_finished(self) -> None:
        try:
            disposition, options = parse_options_header(self._headers.get("content-disposition"))
        except parameters.BROKEN:
            raise Rejected(MALFORMED, "The parameters of a part's header cannot be read.") from None
        if disposition != b"form-data" or b"name" not in options:
            raise Rejected(MALFORMED, "A part has no `Content-Disposition: form-data` with a name.")
        self._name = options[b"name"].decode()
        self._file_name = options[b"filename"].decode() if b"filename" in options else None
        self._start, self._value = self._spooled, bytearray()
        coding = self._headers.get("content-transfer-encoding", "").lower()
        if coding == "base64":
            self._decoder: Any = Base64Decoder(self)
        elif coding == "quoted-printable":
            self._decoder = QuotedPrintableDecoder(self)
        elif coding in _AS_IT_IS:
            self._decoder = self
        else:
            raise Rejected(UNSUPPORTED_MEDIA_TYPE, "A part's `Content-Transfer-Encoding` is not known.")

    def write(self, data: bytes) -> None:
        """Take decoded bytes of a part's content."""
        if self._file_name is not None:
            self._spool.write(data)
            self._spooled += len(data)
            return
        self._field_bytes += len(data)
        if self._field_bytes > MAX_FIELD_BYTES:
            raise Rejected(TOO_LARGE, f"The fields of a form may take {MAX_FIELD_BYTES} bytes; send a file.")
        self._value += data

    def _end(self) -> None:
        if self._decoder is not self:
            self._decoder.finalize()
        given = self._headers.get("content-type", "")
        if self._file_name is None:
            kind = content_type.parse(given) if given else _TEXT
            value = bytes(self._value)
            self.fields.append(
                (self._name, json.read(value, kind).data if kind.family == "json" else kind.decode(value))
            )
        elif self._file_name or self._spooled > self._start:
            extent = Extent(self._spool, self._start, self._spooled - self._start)
            self.files.append(File(self._file_name, given or "application/octet-stream", extent, self._name))

    def finalize(self) -> None:
        """Take the end of a decoded part."""
