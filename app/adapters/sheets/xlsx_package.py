"""An .xlsx file as a zip of parts: finds the worksheet, its shared texts and formats, and writes single parts anew."""

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
        self.name = name
        self._changed: dict[str, bytes] = {}
        if data.startswith(_OLE_START):
            raise UseError(
                "The slide sheet cannot be opened",
                f"{name} is protected by a password or is an old .xls workbook.",
                "Save it as .xlsx without a password to open it.",
            )
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(data))
        except zipfile.BadZipFile as error:
            raise self.damaged(error) from error

    def read(self, part: str) -> bytes:
        """Return the bytes of a part as it is to be."""
        if part in self._changed:
            return self._changed[part]
        try:
            info = self._zip.getinfo(part)
            if info.file_size > LARGEST_PART_BYTES:
                raise UseError("The slide sheet is too large", f"{self.name}: {part} holds {info.file_size} bytes.")
            return self._zip.read(info)
        except (KeyError, RuntimeError, NotImplementedError, EOFError, zipfile.BadZipFile, zlib.error) as error:
            raise self.damaged(error) from error

    def parse(self, part: str) -> "_Element":
        """Return the root of an XML part, read without entities, DTDs or the network."""
        from lxml import etree

        parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
        try:
            return etree.fromstring(self.read(part), parser)
        except etree.XMLSyntaxError as error:
            raise self.damaged(error) from error

    def tab_named(self, wanted: str) -> Tab | None:
        """Return the worksheet of this name, case aside; None where there is none."""
        return next((tab for tab, _ in self._tabs() if tab.name.casefold() == wanted.strip().casefold()), None)

    def tab(self, wanted: str, *, other_than: str = "") -> Tab:
        """Return the worksheet of this name, or the first that is not hidden; raises UseError when it is not there.

        `other_than` names one that is never the first.
        """
        names = self._tabs()
        if wanted:
            found = self.tab_named(wanted)
        else:
            ours = other_than.casefold()
            found = next((tab for tab, shown in names if shown and tab.name.casefold() != ours), None)
        if found is not None:
            return found
        there = ", ".join(f"“{tab.name}”" for tab, _ in names) or "none"
        close = nearest(wanted, (tab.name for tab, _ in names))
        raise UseError(
            "The workbook does not have that worksheet",
            f"{self.name} has no worksheet “{wanted}”; it has {there}.",
            f"Did you mean “{close}”? Name it in [sheet] worksheet." if close else "Name it in [sheet] worksheet.",
        )

    def related(self, part: str, kind: str) -> Iterator[str]:
        """Yield the parts that this one relates to by a kind such as `table`."""
        rels = relations_of(part)
        if rels in self.parts():
            for relation in self.parse(rels).iterchildren():
                if relation.get("Type", "").endswith("/" + kind):
                    yield _target(part, relation.get("Target", ""))

    @cached_property
    def shared_texts(self) -> list[str]:
        """The texts that cells refer to by number."""
        for part in self.related(self.workbook, "sharedStrings"):
            return [rich_text(entry) for entry in self.parse(part).iterchildren("{*}si")]
        return []

    @cached_property
    def formats(self) -> list[str]:
        """The number format code of each cell style, by its number."""
        for part in self.related(self.workbook, "styles"):
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
        properties = self.parse(self.workbook).find("{*}workbookPr")
        return properties is not None and properties.get("date1904") in {"1", "true"}

    def put(self, part: str, data: bytes) -> None:
        """Change a part, or add one."""
        self._changed[part] = data

    def put_tree(self, part: str, root: "_Element") -> None:
        """Change an XML part, or add one."""
        from lxml import etree

        tree = root.getroottree()
        self.put(part, bytes(etree.tostring(tree, xml_declaration=True, encoding="UTF-8", standalone=True)))

    def parts(self) -> frozenset[str]:
        """Return the names of all parts."""
        return frozenset((*self._zip.namelist(), *self._changed))

    def to_bytes(self) -> bytes:
        """Return the whole file with what was changed; all other parts keep their bytes, order and dates."""
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
                target.writestr(copy, self.read(info.filename))
            for part in sorted(self.parts().difference(self._zip.namelist())):
                target.writestr(zipfile.ZipInfo(part), self._changed[part], zipfile.ZIP_DEFLATED)
        return out.getvalue()

    @cached_property
    def workbook(self) -> str:
        """The part that lists the worksheets."""
        for part in self.related("", "officeDocument"):
            return part
        raise self.damaged(KeyError("officeDocument"))

    def _tabs(self) -> list[tuple[Tab, bool]]:
        parts = {}
        for relation in self.parse(relations_of(self.workbook)).iterchildren():
            if relation.get("Type", "").endswith("/worksheet"):
                parts[relation.get("Id", "")] = _target(self.workbook, relation.get("Target", ""))
        found = []
        for sheet in self.parse(self.workbook).iterfind("{*}sheets/{*}sheet"):
            relation_id = next((value for key, value in sheet.items() if str(key).endswith("}" + _RELATION_ID)), "")
            if relation_id in parts:
                shown = sheet.get("state", "visible") == "visible"
                found.append((Tab(sheet.get("name", ""), parts[relation_id]), shown))
        return found

    def damaged(self, error: Exception) -> SurroundingsError:
        """Return in words that the file is not whole."""
        return SurroundingsError(
            "The slide sheet cannot be read",
            f"{self.name} is damaged, or is just being saved ({str(error) or type(error).__name__}).",
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


def relations_of(part: str) -> str:
    """Return the part that says what a part relates to."""
    return f"{posixpath.dirname(part)}/_rels/{posixpath.basename(part)}.rels".lstrip("/")


def _target(part: str, target: str) -> str:
    """Return the part a relation of `part` points to; a leading slash counts from the root of the package."""
    return posixpath.normpath(posixpath.join("/", posixpath.dirname(part), target)).lstrip("/")
