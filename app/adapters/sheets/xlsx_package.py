"""An .xlsx file as a zip of parts: finds the worksheet, its shared texts and formats, and writes one part anew."""

import io
import posixpath
import re
import zipfile
import zlib
from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from app.adapters.sheets.number_text import BUILTIN_FORMATS
from app.domain.errors import SurroundingsError, UseError
from app.domain.sheet_reading import nearest

if TYPE_CHECKING:
    from lxml.etree import _Element

LARGEST_PART_BYTES = 256 * 2**20
"""A part that unpacks to more than this is no slide sheet."""

_OLE_START = b"\xd0\xcf\x11\xe0"
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
_NEEDS_ESCAPE = re.compile("[\x00-\x08\x0b-\x1f\ufffe\uffff]|_(?=x[0-9A-Fa-f]{4}_)")
_HALF = re.compile("[\ud800-\udfff]")
_RELATION_ID = "id"


class Tab(NamedTuple):
    """A worksheet of the workbook: the name on its tab and the part that holds it."""

    name: str
    part: str


class XlsxPackage:
    """The parts of one .xlsx file held in memory; `name` is the file's name for people.

    Raises UseError for what is no .xlsx workbook or is locked by a password, SurroundingsError for a damaged one.
    """

    def __init__(self, data: bytes, *, name: str) -> None:
        self._name = name
        if data.startswith(_OLE_START):
            raise UseError(
                "The slide sheet cannot be opened",
                f"{name} is protected by a password or is an old .xls workbook.",
                "Save it as .xlsx without a password to open it.",
            )
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(data))
        except zipfile.BadZipFile as error:
            raise self._damaged(error) from error

    def read(self, part: str) -> bytes:
        """Return the bytes of a part."""
        try:
            info = self._zip.getinfo(part)
            if info.file_size > LARGEST_PART_BYTES:
                raise UseError("The slide sheet is too large", f"{self._name}: {part} holds {info.file_size} bytes.")
            return self._zip.read(info)
        except (KeyError, RuntimeError, NotImplementedError, EOFError, zipfile.BadZipFile, zlib.error) as error:
            raise self._damaged(error) from error

    def parse(self, part: str) -> "_Element":
        """Return the root of an XML part, read without entities, DTDs or the network."""
        from lxml import etree

        parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
        try:
            return etree.fromstring(self.read(part), parser)
        except etree.XMLSyntaxError as error:
            raise self._damaged(error) from error

    def tab(self, wanted: str) -> Tab:
        """Return the worksheet of this name, or the first that is not hidden; raises UseError when it is not there."""
        names = self._tabs()
        if wanted:
            found = next((tab for tab, _ in names if tab.name.casefold() == wanted.strip().casefold()), None)
        else:
            found = next((tab for tab, shown in names if shown), None)
        if found is not None:
            return found
        there = ", ".join(f"“{tab.name}”" for tab, _ in names) or "none"
        close = nearest(wanted, (tab.name for tab, _ in names))
        raise UseError(
            "The workbook does not have that worksheet",
            f"{self._name} has no worksheet “{wanted}”; it has {there}.",
            f"Did you mean “{close}”? Name it in [sheet] worksheet." if close else "Name it in [sheet] worksheet.",
        )

    def related(self, part: str, kind: str) -> Iterator[str]:
        """Yield the parts that this one relates to by a kind such as `table`."""
        rels = f"{posixpath.dirname(part)}/_rels/{posixpath.basename(part)}.rels".lstrip("/")
        if rels in self._zip.namelist():
            for relation in self.parse(rels).iterchildren():
                if relation.get("Type", "").endswith("/" + kind):
                    yield _target(part, relation.get("Target", ""))

    @cached_property
    def shared_texts(self) -> list[str]:
        """The texts that cells refer to by number."""
        for part in self.related(self._workbook, "sharedStrings"):
            return [rich_text(entry) for entry in self.parse(part).iterchildren("{*}si")]
        return []

    @cached_property
    def formats(self) -> list[str]:
        """The number format code of each cell style, by its number."""
        for part in self.related(self._workbook, "styles"):
            root = self.parse(part)
            own = {
                each.get("numFmtId", ""): each.get("formatCode", "") for each in root.iterfind("{*}numFmts/{*}numFmt")
            }
            ids = [each.get("numFmtId", "0") for each in root.iterfind("{*}cellXfs/{*}xf")]
            builtin = {str(number): code for number, code in BUILTIN_FORMATS.items()}
            return [own.get(each) or builtin.get(each, "General") for each in ids]
        return []

    @cached_property
    def from_1904(self) -> bool:
        """Whether days are counted from 1904, as old Macintosh workbooks do."""
        properties = self.parse(self._workbook).find("{*}workbookPr")
        return properties is not None and properties.get("date1904") in {"1", "true"}

    def with_part(self, part: str, data: bytes) -> bytes:
        """Return the whole file with this one part replaced; all others keep their bytes, order and dates."""
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w") as target:
            target.comment = self._zip.comment
            for info in self._zip.infolist():
                copy = zipfile.ZipInfo(info.filename, info.date_time)
                copy.compress_type, copy.external_attr, copy.comment = (
                    info.compress_type,
                    info.external_attr,
                    info.comment,
                )
                copy.create_system = info.create_system
                target.writestr(copy, data if info.filename == part else self.read(info.filename))
        return out.getvalue()

    @cached_property
    def _workbook(self) -> str:
        for part in self.related("", "officeDocument"):
            return part
        raise self._damaged(KeyError("officeDocument"))

    def _tabs(self) -> list[tuple[Tab, bool]]:
        parts = {}
        rels = f"{posixpath.dirname(self._workbook)}/_rels/{posixpath.basename(self._workbook)}.rels".lstrip("/")
        for relation in self.parse(rels).iterchildren():
            if relation.get("Type", "").endswith("/worksheet"):
                parts[relation.get("Id", "")] = _target(self._workbook, relation.get("Target", ""))
        found = []
        for sheet in self.parse(self._workbook).iterfind("{*}sheets/{*}sheet"):
            relation_id = next((value for key, value in sheet.items() if str(key).endswith("}" + _RELATION_ID)), "")
            if relation_id in parts:
                shown = sheet.get("state", "visible") == "visible"
                found.append((Tab(sheet.get("name", ""), parts[relation_id]), shown))
        return found

    def _damaged(self, error: Exception) -> SurroundingsError:
        return SurroundingsError(
            "The slide sheet cannot be read",
            f"{self._name} is damaged, or is just being saved ({str(error) or type(error).__name__}).",
            "It is tried again. If it stays so, open it in Excel and save it again.",
        )


def rich_text(element: "_Element") -> str:
    """Return the text of a shared or inline string without its formatting and its phonetic hints."""
    if len(element) == 1 and str(element[0].tag).endswith("}t"):  # plain text, as nearly all of it is
        return unescaped(element[0].text or "")
    texts = [*element.iterfind("{*}t"), *element.iterfind("{*}r/{*}t")]
    return unescaped("".join(each.text or "" for each in texts))


def unescaped(text: str) -> str:
    """Return a workbook's text with `_x000D_` and its like as the characters they stand for."""
    return whole_characters(_ESCAPED.sub(lambda found: chr(int(found[1], 16)), text)) if "_x" in text else text


def escaped(text: str) -> str:
    """Return a text as a workbook stores it: characters that XML cannot hold become `_x0001_`."""
    return _NEEDS_ESCAPE.sub(lambda found: f"_x{ord(found[0]):04X}_", text)


def whole_characters(text: str) -> str:
    """Return the text with U+FFFD for each half of a character, which no file can hold."""
    return _HALF.sub("\ufffd", text)


def _target(part: str, target: str) -> str:
    """Return the part a relation of `part` points to; a leading slash counts from the root of the package."""
    return posixpath.normpath(posixpath.join("/", posixpath.dirname(part), target)).lstrip("/")
