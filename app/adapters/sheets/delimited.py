"""A .csv, .tsv or .txt file: its cells as a person sees them, and exact cells changed in its text.

Encoding, byte order mark, separator, line ends and quotes stay as the file has them: a cell that is not ours keeps
its very characters.
"""

import codecs
import re
from collections.abc import Iterator
from pathlib import PurePath
from typing import NamedTuple

from app.domain.errors import UseError
from app.domain.sheet_reading import same_header
from app.domain.spreadsheet_text import plain_cell

_SEPARATORS = (",", ";", "\t", "|")
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_NO_TEXT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff]")
_QUOTED = re.compile(r'"((?:[^"]++|"")*+)"(.*)', re.DOTALL)
_AS_TEXT = re.compile(r'="([^"]*)"')
_SEPARATOR_LINE = re.compile(r"sep=(.)(?:\r\n|\r|\n)", re.IGNORECASE)


class _Text(NamedTuple):
    mark: bytes
    encoding: str
    text: str


class _Record(NamedTuple):
    """A row as written: its fields with their quotes, and its line end (empty at the end of the file)."""

    fields: list[str]
    line_end: str


class DelimitedSheet:
    """A delimited file in memory. Rows count from 1, columns from 0; `title` is the file's name.

    Raises UseError when the encoding cannot be told or a quote is never closed.
    """

    def __init__(self, data: bytes, *, name: str, barcode_header: str) -> None:
        self.title = name
        self._mark, self._encoding, text = _decoded(data, name)
        stated = _SEPARATOR_LINE.match(text)
        self._prelude = stated[0] if stated else ""
        body = text[len(self._prelude) :]
        self._separator = stated[1] if stated else _separator(body, name, barcode_header)
        self._records = list(_records(body, self._separator, name))

    def grid(self) -> list[list[str]]:
        """Return the cells as a person sees them; `="000123"`, Excel's way to keep zeros, is 000123."""
        return [[_shown(field) for field in record.fields] for record in self._records]

    def right_end(self) -> int:
        """Return the first column that no cell with content reaches."""
        return (
            max((index for each in self._records for index, field in enumerate(each.fields) if field), default=-1) + 1
        )

    def put(self, row: int, column: int, text: str) -> str | None:
        """Store a text in a cell of a row that was read; return None, or in words why it must stay as it is."""
        stored = self.as_stored(text)
        try:
            stored.encode(self._encoding)
        except UnicodeEncodeError as error:
            return f"the file's encoding ({self._encoding}) has no “{stored[error.start]}”; save it as CSV UTF-8"
        fields = self._records[row - 1].fields
        fields.extend([""] * (column + 1 - len(fields)))
        fields[column] = self._quoted(stored)
        return None

    def add_column(self, row: int, column: int, header: str) -> str | None:
        """Store the header of a new column; answers as `put`."""
        return self.put(row, column, header)

    def as_stored(self, text: str) -> str:
        """Return what a reading shows after `put`: what Excel would take for a formula begins with an apostrophe."""
        return plain_cell(_NO_TEXT.sub("\ufffd", text))

    def to_bytes(self) -> bytes:
        """Return the whole file with the changed cells."""
        rows = (self._separator.join(record.fields) + record.line_end for record in self._records)
        return self._mark + (self._prelude + "".join(rows)).encode(self._encoding)

    def _quoted(self, text: str) -> str:
        if any(each in text for each in (self._separator, '"', "\r", "\n")) or text != text.strip():
            return '"' + text.replace('"', '""') + '"'
        return text


def _decoded(data: bytes, name: str) -> _Text:
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            candidates = [(mark, encoding)]
            break
    else:
        bare = "utf-16-le" if data[1:2] == b"\0" else "utf-16-be" if data[:1] == b"\0" else ""
        candidates = [(b"", bare)] if bare else [(b"", "utf-8"), (b"", "cp1252")]
    for mark, encoding in candidates:
        try:
            return _Text(mark, encoding, data[len(mark) :].decode(encoding))
        except UnicodeDecodeError:
            continue
    raise UseError(
        "The slide sheet's encoding cannot be told",
        f"{name} is neither UTF-8, UTF-16 nor Windows-1252.",
        "Save it again from the spreadsheet program as CSV UTF-8.",
    )


def _separator(text: str, name: str, barcode_header: str) -> str:
    """Return the separator that lets the barcode header stand in a cell of its own, else the one with most cells."""
    usual = "\t" if PurePath(name).suffix.lower() == ".tsv" else ","
    head = re.match(r'(?:"[^"]*"|[^"\r\n])*+(?:\r\n|\r|\n|$)' * 2, text)
    top = head[0] if head else text[:10000]

    def worth(separator: str) -> tuple[bool, int, bool]:
        try:
            records = list(_records(top, separator, name))
        except UseError:  # read with this separator a quote stays open: another one fits better
            return False, 0, False
        cells = [_shown(field) for record in records for field in record.fields]
        return any(same_header(cell, barcode_header) for cell in cells), len(cells), separator == usual

    return max(_SEPARATORS, key=worth)


def _records(text: str, separator: str, name: str) -> Iterator[_Record]:
    outside = f"[^{re.escape(separator)}\\r\\n]*+"
    field = re.compile(
        rf'(?P<field>"(?:[^"]++|"")*+"{outside}|(?!"){outside})(?P<end>{re.escape(separator)}|\r\n|\r|\n|\Z)'
    )
    position, row = 0, 1
    fields: list[str] = []
    while position < len(text) or fields:
        found = field.match(text, position)
        if found is None:
            raise UseError(
                "The slide sheet has a quote that is never closed",
                f"{name}: the quote opens in row {row}.",
                "Close it, or save the file again from the spreadsheet program.",
            )
        fields.append(found["field"])
        position = found.end()
        if found["end"] != separator:
            yield _Record(fields, found["end"])
            fields, row = [], row + 1


def _shown(field: str) -> str:
    """Return the text of a field as written: without its quotes, doubled quotes once."""
    quoted = _QUOTED.fullmatch(field)
    if quoted:
        field = quoted[1].replace('""', '"') + quoted[2]
    as_text = _AS_TEXT.fullmatch(field)
    return as_text[1] if as_text else field
