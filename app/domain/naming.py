"""What a scan is called on the share, and in which folder it lies: made from the slide's row of the sheet.

The members of a set keep their places to each other: that part is in `members.py`.
"""

import re
from collections.abc import Iterable

from app.domain.clean_name import clean_part, clean_text, unreserved
from app.domain.errors import SlideError, UseError
from app.domain.members import member_finals, own_folder, rescan_final, rescan_finals
from app.domain.sheet import SheetColumn, SheetRow, SlideSheet
from app.domain.sheet_reading import find_column, nearest

__all__ = [
    "LONGEST_PATH",
    "clean_part",
    "file_stem",
    "folder_path",
    "member_finals",
    "own_folder",
    "rescan_final",
    "rescan_finals",
    "slide_path",
    "template_columns",
    "template_headers",
]

LONGEST_PATH = 180
"""The most characters of a scan's path below the destination's root."""
LONGEST_NAME_BYTES = 200
"""The most bytes (UTF-8) of a file name: file systems take 255, a partial name and a rescan's id need room."""

_FIELD = re.compile(r"\{([^{}]*)\}")


def file_stem(sheet: SlideSheet, row: SheetRow) -> str:
    """Return the file name without its ending: the included columns in sheet order joined by `_`, else the barcode.

    Raises SlideError when nothing is left of it or when it is too long.
    """
    parts = [clean_text(row.cells.get(column.header, "")) for column in sheet.name_columns()]
    stem = unreserved("_".join(part for part in parts if part)) or clean_text(row.barcode)
    if not stem:
        raise SlideError(
            "No name can be made for this slide",
            f"{sheet.title}, row {row.number}: the cells that make the name hold nothing a file name may hold.",
            "Fill the cells whose rule says Include in Name?.",
        )
    if len(stem) > LONGEST_PATH or len(stem.encode()) > LONGEST_NAME_BYTES:
        raise _too_long(sheet, row, sheet.name_columns(), stem)
    return stem


def folder_path(template: str, sheet: SlideSheet, row: SheetRow) -> str:
    """Return the folder as a POSIX path below the root, made from a template such as `{Study}/{Experiment}`.

    Parts that come out empty are left out; the answer is empty when all do. Raises UseError when the template names
    a column the sheet does not have, SlideError when the path is too long.
    """
    columns = template_columns(template, sheet)
    texts = {column.header: row.cells.get(column.header, "") for column in columns}
    parts = (_fill(part, sheet, texts) for part in _template_parts(template))
    folder = "/".join(part for part in parts if part)
    if len(folder) > LONGEST_PATH or any(len(part.encode()) > LONGEST_NAME_BYTES for part in folder.split("/")):
        raise _too_long(sheet, row, columns, folder)
    return folder


def slide_path(template: str, sheet: SlideSheet, row: SheetRow, *, extension: str) -> tuple[str, str]:
    """Return folder and stem of a slide, after checking that the whole path is at most LONGEST_PATH characters.

    Raises as `file_stem` and `folder_path` do; a path that is too long is never shortened, that could hide a slide.
    """
    folder, stem = folder_path(template, sheet, row), file_stem(sheet, row)
    path = "/".join(part for part in (folder, stem + extension) if part)
    if len(path) > LONGEST_PATH:
        raise _too_long(sheet, row, (*template_columns(template, sheet), *sheet.name_columns()), path)
    return folder, stem


def template_columns(template: str, sheet: SlideSheet) -> tuple[SheetColumn, ...]:
    """Return the columns a folder template names; raises UseError for an unknown column or a stray brace."""
    return tuple(_template_column(name, template, sheet) for name in template_headers(template))


def template_headers(template: str) -> tuple[str, ...]:
    """Return the headers a folder template names, in order; raises UseError for a stray brace."""
    if re.search(r"[{}]", _FIELD.sub("", template)):
        raise UseError(
            "The folder template has a stray brace",
            f"[destination] folder is “{template}”.",
            "Write each column in one pair of braces, as in {Study}/{Experiment}.",
        )
    return tuple(_FIELD.findall(template))


def _template_parts(template: str) -> Iterable[str]:
    """Split a template at the slashes outside its braces: a column may be called `Slide/Block`."""
    outside = _FIELD.sub(lambda field: field[0].replace("/", "\0").replace("\\", "\1"), template)
    for part in re.split(r"[/\\]", outside):
        yield part.replace("\0", "/").replace("\1", "\\")


def _fill(part: str, sheet: SlideSheet, texts: dict[str, str]) -> str:
    def value(field: re.Match[str]) -> str:
        column = find_column(sheet.columns, field[1])
        return clean_text(texts[column.header]) if column else ""

    return clean_text(_FIELD.sub(value, part))


def _template_column(name: str, template: str, sheet: SlideSheet) -> SheetColumn:
    column = find_column(sheet.columns, name)
    if column is not None:
        return column
    close = nearest(name, (each.header for each in sheet.columns))
    raise UseError(
        "The folder template names a column the sheet does not have",
        f"[destination] folder is “{template}”; {sheet.title} has no column “{name}”.",
        f"Did you mean {{{close}}}?" if close else "It has: " + ", ".join(each.header for each in sheet.columns) + ".",
    )


def _too_long(sheet: SlideSheet, row: SheetRow, columns: Iterable[SheetColumn], path: str) -> SlideError:
    sizes = {f"{each.letter}{row.number} ({each.header})": len(row.cells.get(each.header, "")) for each in columns}
    sizes = sizes or {f"the barcode in row {row.number}": len(row.barcode)}
    longest = sorted(sizes.items(), key=lambda each: -each[1])[:3]
    made_by = ", ".join(f"{cell} with {length} characters" for cell, length in longest if length)
    return SlideError(
        "The name is too long",
        f"{sheet.title}: the name would take {len(path)} characters ({len(path.encode())} bytes); "
        f"at most {LONGEST_PATH} are safe on every share. Longest: {made_by}.",
        "Shorten these cells in the sheet, or include fewer columns in the name.",
    )
