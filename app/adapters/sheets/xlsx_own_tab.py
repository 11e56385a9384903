"""The program's own tab in an .xlsx workbook: made where it is missing, in the package's XML (decision 0021)."""

import posixpath
import re
from typing import TYPE_CHECKING

from app.adapters.sheets.xlsx import XlsxSheet
from app.adapters.sheets.xlsx_package import Tab, XlsxPackage, relations_of
from app.domain.errors import SurroundingsError, UseError
from app.domain.own_tab import OWN_TAB_HEADER

if TYPE_CHECKING:
    from lxml.etree import _Element

_LONGEST_TITLE = 31
_NO_TITLE = re.compile(r"[\[\]:*?/\\\x00-\x1f]|^'|'$")
_RESERVED_TITLE = "history"
_CONTENT_TYPES = "[Content_Types].xml"
_WORKSHEET_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"
_BEFORE_CALCULATION = (
    "fileVersion",
    "fileSharing",
    "workbookPr",
    "workbookProtection",
    "bookViews",
    "sheets",
    "functionGroups",
    "externalReferences",
    "definedNames",
)
"""What stands before `calcPr` in a workbook's part, whose order is fixed (ECMA-376, CT_Workbook)."""
_EMPTY_TAB = (
    '<worksheet xmlns="{space}"><dimension ref="A1"/>'
    '<sheetViews><sheetView workbookViewId="0">'
    '<pane xSplit="1" ySplit="1" topLeftCell="B2" activePane="bottomRight" state="frozen"/>'
    "</sheetView></sheetViews>"
    '<sheetFormatPr defaultRowHeight="15"/>'
    '<cols><col min="1" max="{columns}" width="20" customWidth="1"/></cols>'
    "<sheetData/></worksheet>"
)


def refuse_title(title: str) -> None:
    """Raise UseError when a worksheet cannot have this title."""
    if len(title) > _LONGEST_TITLE or _NO_TITLE.search(title) or title.casefold() == _RESERVED_TITLE:
        raise UseError(
            "A worksheet cannot have this name",
            f"[sheet] own_tab is “{title}”",
            f"It may have {_LONGEST_TITLE} characters and none of [ ] : * ? / \\, nor an apostrophe at its ends",
        )


def own_tab(package: XlsxPackage, title: str) -> XlsxSheet:
    """Return the worksheet of this title, to be written to; where there is none it is made, in memory, with a header.

    The file that is saved asks the spreadsheet program to calculate anew when it opens it: a lookup would show what it
    found when the file was last saved there. Raises SurroundingsError where the structure is protected, UseError where
    a tab of another kind, such as a chart, has the title.
    """
    tab = package.tab_named(title) or _added(package, title)
    _ask_for_calculation(package)
    file = XlsxSheet(package, tab)
    if not any(any(row) for row in file.grid()):
        row = file.add_rows(1)[0]
        for column, header in enumerate(OWN_TAB_HEADER):
            file.put(row, column, header)
    return file


def _added(package: XlsxPackage, title: str) -> Tab:
    """Add an empty worksheet behind the last one: names of the lab's count worksheets by their position."""
    workbook = package.parse(package.workbook)
    protection = workbook.find("{*}workbookProtection")
    if protection is not None and protection.get("lockStructure") in {"1", "true"}:
        raise SurroundingsError(
            "The workbook takes no new worksheet",
            f"The structure of {package.name} is protected, and it has no worksheet “{title}”.",
            f"Take the protection off, add an empty worksheet “{title}”, and protect it again.",
        )
    part = _free_part(package)
    space = workbook.tag.rpartition("}")[0].lstrip("{")
    package.put(part, _EMPTY_TAB.format(space=space, columns=len(OWN_TAB_HEADER)).encode())
    _declare(package, part)
    _list(package, workbook, title, _relate(package, part))
    return Tab(title, part)


def _free_part(package: XlsxPackage) -> str:
    folder = posixpath.join(posixpath.dirname(package.workbook), "worksheets")
    taken = {name.casefold() for name in package.parts()}
    number = 1
    while (part := f"{folder}/sheet{number}.xml").casefold() in taken:
        number += 1
    return part


def _declare(package: XlsxPackage, part: str) -> None:
    types = package.parse(_CONTENT_TYPES)
    attributes = {"PartName": f"/{part}", "ContentType": _WORKSHEET_TYPE}
    types.append(types.makeelement(_beside(types, "Override"), attributes))
    package.put_tree(_CONTENT_TYPES, types)


def _relate(package: XlsxPackage, part: str) -> str:
    """Relate the workbook to a new worksheet as it is to the others; return the relation's id."""
    name = relations_of(package.workbook)
    relations = package.parse(name)
    kinds = (each.get("Type", "") for each in relations.iterchildren())
    kind = next((each for each in kinds if each.endswith("/worksheet")), None)
    if kind is None:
        raise package.damaged(KeyError("worksheet"))
    taken = {each.get("Id", "").casefold() for each in relations.iterchildren()}
    number = len(taken) + 1
    while f"rid{number}" in taken:
        number += 1
    target = posixpath.relpath(part, posixpath.dirname(package.workbook) or ".")
    attributes = {"Id": f"rId{number}", "Type": kind, "Target": target}
    relations.append(relations.makeelement(_beside(relations, "Relationship"), attributes))
    package.put_tree(name, relations)
    return f"rId{number}"


def _list(package: XlsxPackage, workbook: "_Element", title: str, relation: str) -> None:
    """List a worksheet behind the others, by the attributes that these have: workbooks differ in namespaces."""
    sheets = workbook.findall("{*}sheets/{*}sheet")
    keys = (str(key) for sheet in sheets for key, _ in sheet.items())
    relation_key = next((key for key in keys if key.endswith("}id")), None)
    if relation_key is None:
        raise package.damaged(KeyError("sheets"))
    if any(sheet.get("name", "").casefold() == title.casefold() for sheet in sheets):
        raise UseError(
            "A tab has the name of ours",
            f"{package.name}: “{title}” is no worksheet with cells; nothing is written there",
            "Rename it, or name another in [sheet] own_tab",
        )
    number = 1 + max(int(sheet.get("sheetId", "0")) for sheet in sheets)
    attributes = {"name": title, "sheetId": str(number), relation_key: relation}
    sheets[-1].addnext(workbook.makeelement(_beside(workbook, "sheet"), attributes))
    package.put_tree(package.workbook, workbook)


def _ask_for_calculation(package: XlsxPackage) -> None:
    workbook = package.parse(package.workbook)
    calculation = workbook.find("{*}calcPr")
    if calculation is None:
        calculation = workbook.makeelement(_beside(workbook, "calcPr"))
        before = {_beside(workbook, name) for name in _BEFORE_CALCULATION}
        at = max((index for index, each in enumerate(workbook) if each.tag in before), default=-1)
        workbook.insert(at + 1, calculation)
    if calculation.get("fullCalcOnLoad") not in {"1", "true"}:
        calculation.set("fullCalcOnLoad", "1")
        package.put_tree(package.workbook, workbook)


def _beside(neighbour: "_Element", name: str) -> str:
    """Return a tag in the neighbour's own namespace."""
    return f"{neighbour.tag.rpartition('}')[0]}}}{name}"
