"""One worksheet of an .xlsx file: its cells as a person sees them, and exact cells changed in its XML.

Only the cells of ours change. Formats, validation, merged cells, charts, comments, tables and the other tabs stay as
they are, because nothing but this worksheet's part is written, and in it nothing but the cells.
"""

import re
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from app.adapters.sheets.number_text import number_text
from app.adapters.sheets.xlsx_package import Tab, XlsxPackage, escaped, rich_text, unescaped, whole_characters
from app.domain.sheet_reading import column_letter

if TYPE_CHECKING:
    from lxml.etree import _Element

LONGEST_CELL = 32767
"""The most characters Excel takes in a cell."""
_LAST_COLUMN = 16383
_REF = re.compile(r"\$?([A-Z]+)\$?(\d+)")
_WHOLE_FORMULAS = {"array", "dataTable"}
_XML_SPACE = "{http://www.w3.org/XML/1998/namespace}space"


class _Range(NamedTuple):
    left: int
    top: int
    right: int
    bottom: int

    def holds(self, row: int, column: int) -> bool:
        return self.top <= row <= self.bottom and self.left <= column <= self.right


class XlsxSheet:
    """A worksheet of a package in memory. Rows count from 1 as people see them, columns from 0."""

    def __init__(self, package: XlsxPackage, tab: Tab) -> None:
        self._package = package
        self.title = f"{package.name}, {tab.name}"
        self._part = tab.part
        self._root = package.parse(tab.part)
        self._value_tag = _tag(self._root, "v")
        self._rows = _numbered_rows(self._root)
        self._set: list[tuple[int, int]] = []
        self._merged = [_range(each.get("ref", "")) for each in self._root.iterfind("{*}mergeCells/{*}mergeCell")]
        self._arrays = [
            _range(each.get("ref", ""))
            for each in self._root.iterfind(".//{*}f[@ref]")
            if each.get("t") in _WHOLE_FORMULAS
        ]

    def grid(self) -> list[list[str]]:
        """Return the cells as a person sees them, row 1 first; formulas show their last result."""
        rows = {number: self._texts(row) for number, row in self._rows.items()}
        last = max((number for number, texts in rows.items() if any(texts)), default=0)
        return [rows.get(number, []) for number in range(1, last + 1)]

    def right_end(self) -> int:
        """Return the first column that neither a cell with content nor a table nor merged cells reach."""
        cells = [column for row in self._rows.values() for column, cell in _placed(row) if _has_content(cell)]
        ranges = [
            _range(self._package.parse(part).get("ref", "")) for part in self._package.related(self._part, "table")
        ]
        return max([-1, *cells, *(each.right for each in (*ranges, *self._merged))]) + 1

    def put(self, row: int, column: int, text: str) -> str | None:
        """Store a text in a cell of a row that was read; return None, or in words why it must stay as it is."""
        address = f"{column_letter(column)}{row}"
        if column > _LAST_COLUMN:
            return "the worksheet has no room for another column"
        if len(text) > LONGEST_CELL:
            return f"the text has {len(text)} characters, a cell takes {LONGEST_CELL}"
        if any(each.holds(row, column) and (each.left, each.top) != (column, row) for each in self._merged):
            return f"cell {address} is hidden under merged cells"
        element = self._cell(row, column)
        if element.find("{*}f") is not None or any(each.holds(row, column) for each in self._arrays):
            return f"cell {address} holds a formula of the lab's"
        _fill(element, self.as_stored(text))
        self._set.append((row, column))
        return None

    def add_column(self, row: int, column: int, header: str) -> str | None:
        """Store the header of a new column, in the style of its left neighbour; answers as `put`."""
        reason = self.put(row, column, header)
        if reason is None and column:
            style = self._cell(row, column - 1).get("s")
            if style is not None:
                self._cell(row, column).set("s", style)
        return reason

    def add_rows(self, count: int) -> range:
        """Make room for rows below the last that holds anything; return their numbers."""
        used = (number for number, row in self._rows.items() if any(_has_content(cell) for _, cell in _placed(row)))
        last = max(used, default=0)
        above = max((number for number in self._rows if number <= last), default=0)
        for number in range(last + 1, last + 1 + count):
            if number not in self._rows:
                self._rows[number] = self._row_below(above, number)
            above = number
        return range(last + 1, last + 1 + count)

    def as_stored(self, text: str) -> str:
        """Return what a reading shows after `put`: the text itself, a workbook's text is never parsed."""
        return whole_characters(text)

    def to_bytes(self) -> bytes:
        """Return the whole file with the changed worksheet."""
        self._stretch_dimension()
        self._package.put_tree(self._part, self._root)
        return self._package.to_bytes()

    def _row_below(self, above: int, number: int) -> "_Element":
        """Make a row element below the one with the number `above`, 0 for the top."""
        data = self._root.find("{*}sheetData")
        if data is None:
            raise self._package.damaged(KeyError("sheetData"))
        row = data.makeelement(_tag(data, "row"), {"r": str(number)})
        data.insert(data.index(self._rows[above]) + 1 if above else 0, row)
        return row

    def _texts(self, row: "_Element") -> list[str]:
        texts: list[str] = []
        for column, cell in _placed(row):
            texts += [""] * (column - len(texts))
            texts.append(self._text(cell) if len(cell) else "")
        return texts

    def _text(self, cell: "_Element") -> str:
        kind = cell.get("t", "n")
        if kind == "inlineStr":
            inline = cell.find("{*}is")
            return "" if inline is None else rich_text(inline)
        value = next((child.text for child in cell if child.tag == self._value_tag), "") or ""
        if not value:
            return ""
        if kind == "s":
            texts = self._package.shared_texts
            return texts[int(value)] if value.isdecimal() and int(value) < len(texts) else ""
        if kind == "b":
            return "TRUE" if value in {"1", "true"} else "FALSE"
        if kind == "n":
            return number_text(value, self._format(cell), from_1904=self._package.from_1904)
        return unescaped(value)

    def _format(self, cell: "_Element") -> str:
        style = cell.get("s", "")
        formats = self._package.formats
        return formats[int(style)] if style.isdecimal() and int(style) < len(formats) else "General"

    def _cell(self, row: int, column: int) -> "_Element":
        """Return the cell element, made in its place and in its row's or column's style where there was none."""
        line = self._rows[row]
        position = 0
        for there, cell in _placed(line):
            if there == column:
                return cell
            if there > column:
                break
            position = line.index(cell) + 1
        cell = line.makeelement(_tag(line, "c"), {"r": f"{column_letter(column)}{row}"})
        style = line.get("s") if line.get("customFormat") in {"1", "true"} else self._column_style(column)
        if style is not None:
            cell.set("s", style)
        line.insert(position, cell)
        _stretch_spans(line, column)
        return cell

    def _column_style(self, column: int) -> str | None:
        for each in self._root.iterfind("{*}cols/{*}col"):
            if int(each.get("min", "0")) <= column + 1 <= int(each.get("max", "0")):
                return each.get("style")
        return None

    def _stretch_dimension(self) -> None:
        dimension = self._root.find("{*}dimension")
        cells = self._set
        if dimension is None or not cells:
            return
        old = _range(dimension.get("ref", "A1"))
        left, right = min(old.left, *(c for _, c in cells)), max(old.right, *(c for _, c in cells))
        top, bottom = min(old.top, *(r for r, _ in cells)), max(old.bottom, *(r for r, _ in cells))
        dimension.set("ref", f"{column_letter(left)}{top}:{column_letter(right)}{bottom}")


def _fill(cell: "_Element", text: str) -> None:
    """Make a cell hold this text and nothing else; its style stays. An empty text empties the cell."""
    for child in list(cell):
        cell.remove(child)
    cell.text = None
    for attribute in ("t", "cm", "vm"):  # kind and rich-value marks belong to the value that goes
        cell.attrib.pop(attribute, "")
    if not text:
        return
    cell.set("t", "inlineStr")
    inline = cell.makeelement(_tag(cell, "is"))
    holder = cell.makeelement(_tag(cell, "t"), {_XML_SPACE: "preserve"})
    holder.text = escaped(text)
    inline.append(holder)
    cell.append(inline)


def _numbered_rows(root: "_Element") -> dict[int, "_Element"]:
    """Return the row elements by number; a row that does not say its number follows the one before."""
    rows: dict[int, _Element] = {}
    number = 0
    for row in root.iterfind("{*}sheetData/{*}row"):
        stated = row.get("r", "")
        number = int(stated) if stated.isdecimal() else number + 1
        rows[number] = row
    return rows


def _placed(row: "_Element") -> list[tuple[int, "_Element"]]:
    """Return the cells of a row with their columns; a cell that does not say where it is follows the one before."""
    placed, column = [], -1
    for cell in row.iterchildren("{*}c"):
        letters = cell.get("r", "").rstrip("0123456789")
        column = _column_index(letters) if letters else column + 1
        placed.append((column, cell))
    return placed


@cache
def _column_index(letters: str) -> int:
    index = 0
    for letter in letters:
        index = index * 26 + ord(letter) - ord("A") + 1
    return index - 1


def _range(ref: str) -> _Range:
    """Return the corners of `A1:C3` or `A1`; an unreadable one is the first cell."""
    ends = _REF.findall(ref) or [("A", "1")]
    (left, top), (right, bottom) = ends[0], ends[-1]
    return _Range(_column_index(left), int(top), _column_index(right), int(bottom))


def _has_content(cell: "_Element") -> bool:
    return any(child.tag.rpartition("}")[2] in {"v", "f", "is"} for child in cell.iterchildren("{*}*"))


def _stretch_spans(row: "_Element", column: int) -> None:
    first, _, last = row.get("spans", "").partition(":")
    if first.isdecimal() and last.isdecimal():
        row.set("spans", f"{min(int(first), column + 1)}:{max(int(last), column + 1)}")


def _tag(neighbour: "_Element", name: str) -> str:
    """Return a tag in the neighbour's own namespace: strict and transitional workbooks differ in it."""
    return f"{neighbour.tag.rpartition('}')[0]}}}{name}"
