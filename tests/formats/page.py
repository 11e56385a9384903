"""docs/formats.md: the page that says what is read of each format, and what was tried on made files only."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict

from tests.formats.cells import Row
from tests.formats.known import FORMATS, Format

UNTRIED = "untried on a real file"
INTRO = """# Formats

What the program reads of each format of whole-slide scanners and microscopes, made from files and not from memory:

    python -m tests.formats FOLDER --out docs/formats.md

finds every scan below a folder, reads it as the program does, and writes this page. It was made from all samples that
we may use; `tests/data/slides/` holds the smaller part of them, under the same names, and the tests compare this page
with what is read of those. The same files give the same page.
"""
FORMATS_INTRO = f"""
## Formats

Each format that the program takes for a scan. *{UNTRIED.capitalize()}* means that no file of such a scanner was at
hand, and only what is named there was tried: what is read of a real one may be wrong or missing.

"""
SCANS_INTRO = """
A file of another name is a scan too if it begins like a TIFF, DICOM or CZI file.

## Scans read

A cell that begins with *none* or *no* has nothing to show and says why; none is empty.

- **origin**: *real* comes from a scanner, a microscope or the program of one; *made* was written by a script in the
  vendor's layout, by us or by others.
- **files**: how many make up the scan, and how they lie.
- **facts**: width × height in pixels, resolutions, micrometres a pixel, power of the objective, channels.
- **thumbnail**: the size drawn when 512 pixels are asked for; **label** and **macro**: as large as the file has them.
- **barcode**: each one read, with its symbology and where it was seen.
- **complete**: whether the structure says that all bytes are there; else what is missing.
- **reader**: who answered for the facts. Pictures come from tifffile where it has them, else from OpenSlide.

"""
MADE_INTRO = f"""
## Made by hand or with a library

Of these formats no sample could be had. What is below is made by `tests/formats/made.py`, as the formats' documents
describe them, each time the page is made: **{UNTRIED}**.

"""
HEADS = (
    "scan", "origin", "format", "vendor", "files", "facts", "thumbnail", "label", "macro", "barcode", "complete",
    "reader",
)  # fmt: skip


def markdown(rows: Sequence[Row], made: Sequence[Row], real_formats: frozenset[str]) -> str:
    """Return the page: a row for each known format, rows of the folder's scans, rows of made files.

    `real_formats` holds the names of the formats of which the folder has a real file.
    """
    parts = (INTRO, FORMATS_INTRO, _formats(real_formats), SCANS_INTRO, _scans(rows), MADE_INTRO, _scans(made))
    return "".join(parts)


def as_json(rows: Sequence[Row], made: Sequence[Row]) -> str:
    """Return the rows as a document, for other programs."""
    document = {"scans": [asdict(row) for row in rows], "made": [asdict(row) for row in made]}
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _scans(rows: Iterable[Row]) -> str:
    cells = [list(asdict(row).values()) for row in rows]
    return _table(HEADS, ([f"`{first}`", *others] for first, *others in cells))


def _formats(real_formats: frozenset[str]) -> str:
    heads = ("format", "on disk", "may hold", "read by", "tried on")
    return _table(heads, (_format(each, each.name in real_formats) for each in FORMATS))


def _format(known: Format, real: bool) -> list[str]:
    held = ", ".join(kind.value for kind in known.pictures)
    nothing = "no pictures beside the image" if known.readers else "nobody knows"
    tried = "real files, see below" if real else f"{UNTRIED}: {known.untried or 'made files, see below'}"
    return [known.name, known.on_disk, held or nothing, known.readers or "nobody", tried]


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    return "".join(map(_line, (heads, ["---"] * len(heads), *rows)))


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(map(_escaped, cells))} |\n"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;").replace("\n", " ")
