"""How values of the domain stand in the journal's columns, and how they are read back."""

import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, fields
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from sqlite3 import Row
from typing import Any

from app.adapters.storage.when_needed import StepsWhenNeeded, TextsWhenNeeded, steps_text
from app.domain.dossier import Dossier
from app.domain.quality import Quality, QualityLimits, QualityNumbers, Verdict
from app.domain.scan import Layout, Member, RunId, Scan, ScanId, ScanSet, VerifiedFile
from app.domain.sheet import WRITTEN_COLUMNS, RowWrite, SheetColumn, SheetIntent, SheetRow, SlideSheet
from app.domain.slide import BarcodeReading, BarcodeSource, Problem, SlideFacts

# Looked up by the hundred thousand at the start: a dictionary answers several times faster than the enum itself.
_LAYOUTS = {each.value: each for each in Layout}
_SOURCES = {each.value: each for each in BarcodeSource}
_VERDICTS = {each.value: each for each in Verdict}
_folder = lru_cache(maxsize=64)(Path)


class UnreadableRowError(sqlite3.DatabaseError):
    """A row holds what this program never wrote: the file is damaged where SQLite itself does not see it."""

    sqlite_errorcode = sqlite3.SQLITE_CORRUPT


@contextmanager
def reading_rows() -> Iterator[None]:
    """Tell a value that is missing or cannot be read as what it is: damage of the file."""
    try:
        yield
    except (TypeError, ValueError, LookupError) as error:
        raise UnreadableRowError(f"a row cannot be read ({error})") from error


def text_of(value: object) -> str:
    """Return compact JSON with sorted keys, so that equal values have equal texts."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True)


def time_text(value: datetime | None) -> str | None:
    """Return a time with its zone as text."""
    return None if value is None else value.isoformat()


def time_of(value: str | None) -> datetime | None:
    """Read a time back."""
    return None if value is None else datetime.fromisoformat(value)


def facts_text(facts: SlideFacts | None) -> str | None:
    """Return facts as JSON."""
    if facts is None:
        return None
    return text_of(
        {
            "format": facts.format,
            "vendor": facts.vendor,
            "size": facts.size,
            "levels": facts.levels,
            "mpp": facts.mpp,
            "objective": facts.objective,
            "associated": facts.associated,
            "barcodes": [[each.text, each.symbology, each.source.value] for each in facts.barcodes],
            "complete": facts.complete,
            "problem": facts.problem and [facts.problem.title, facts.problem.message, facts.problem.hint],
            "scanned_at": facts.scanned_at,
            "scanner_serial": facts.scanner_serial,
            "reader": facts.reader,
            "channels": facts.channels,
            "structure_known": facts.structure_known,
        }
    )


def facts_of(text: str | None, properties: str) -> SlideFacts | None:
    """Read facts back; the file's own properties are read when somebody looks at them."""
    if text is None:
        return None
    got = json.loads(text)
    return SlideFacts(
        format=got["format"],
        vendor=got["vendor"],
        size=got["size"] and (got["size"][0], got["size"][1]),
        levels=got["levels"],
        mpp=got["mpp"] and (got["mpp"][0], got["mpp"][1]),
        objective=got["objective"],
        associated=tuple(got["associated"]),
        barcodes=tuple(BarcodeReading(each[0], each[1], _SOURCES[each[2]]) for each in got["barcodes"]),
        complete=got["complete"],
        problem=Problem(*got["problem"]) if got["problem"] else None,
        scanned_at=got["scanned_at"],
        scanner_serial=got["scanner_serial"],
        reader=got["reader"],
        channels=tuple(got.get("channels", ())),
        structure_known=got.get("structure_known", True),
        properties=TextsWhenNeeded(properties),
    )


def quality_text(quality: Quality | None) -> str | None:
    """Return a verdict as JSON."""
    if quality is None:
        return None
    numbers = quality.numbers
    return text_of(
        {
            "verdict": quality.verdict.value,
            "reason": quality.reason,
            "blurry_percent": numbers.blurry_percent,
            "focus": numbers.focus,
            "tissue_percent": numbers.tissue_percent,
            "blank": numbers.blank,
            "why_not": numbers.reason,
            "limits": quality.limits and asdict(quality.limits),
            "program": quality.program,
            "missed_percent": numbers.missed_percent,
            "pen_percent": numbers.pen_percent,
            "blurry_pen_percent": numbers.blurry_pen_percent,
        }
    )


def quality_of(text: str | None) -> Quality | None:
    """Read a verdict back, where there is one."""
    return None if text is None else read_quality(text)


def read_quality(text: str) -> Quality:
    """Read a verdict back; older journals know less of what is measured today."""
    got = json.loads(text)
    numbers = QualityNumbers(
        got["blurry_percent"],
        got["focus"],
        got["tissue_percent"],
        blank=got["blank"],
        reason=got["why_not"],
        missed_percent=got.get("missed_percent"),
        pen_percent=got.get("pen_percent"),
        blurry_pen_percent=got.get("blurry_pen_percent"),
    )
    limits = got.get("limits")
    judged_by = QualityLimits(**limits) if limits else None
    return Quality(_VERDICTS[got["verdict"]], numbers, got["reason"], judged_by, got.get("program", ""))


def scan_values(dossier: Dossier, before: Dossier | None = None) -> dict[str, Any]:
    """Return the columns of the scan table; with `before` only those of the parts that are others than they were.

    Most changes are moves of steps: what was found out about the file is then not written again.
    """
    values: dict[str, Any] = {}
    if before is None or dossier.scan != before.scan:
        values |= _own_values(dossier.scan)
    if before is None or dossier.steps != before.steps:
        values |= {"steps": steps_text(dossier.steps), "finished": int(dossier.finished)}
    if before is None or dossier.facts != before.facts:
        values |= {
            "facts": facts_text(dossier.facts),
            "properties": text_of(dict(dossier.facts.properties)) if dossier.facts else "{}",
        }
    if before is None or dossier.quality != before.quality:
        values["quality"] = quality_text(dossier.quality)
    # The order of the sheet's cells is part of the row, though mappings compare without it.
    if before is None or dossier.row is not before.row:
        values["row"] = json.dumps(dict(dossier.row), ensure_ascii=False)
    if before is None or dossier.files != before.files:
        values["files"] = text_of([[f.source, f.destination, f.size_bytes, f.sha256, f.check] for f in dossier.files])
    if before is None or dossier.published != before.published:
        values["published"] = int(dossier.published)
    if before is None or dossier.publishing != before.publishing:
        values["publishing"] = int(dossier.publishing)
    if before is None or dossier.left != before.left:
        values["left_cells"] = text_of(dict(dossier.left))
    return values


def _own_values(scan: Scan) -> dict[str, Any]:
    return {
        "id": scan.id,
        "run": scan.run,
        "scanner": scan.scanner,
        "root": str(scan.files.root),
        "main": scan.files.main,
        "layout": scan.files.layout.value,
        "members": text_of([[each.path, each.size_bytes, each.mtime_ns] for each in scan.files.members]),
        "found_at": time_text(scan.found_at),
        "barcode": scan.barcode,
        "assigned": scan.assigned,
        "stem": scan.stem,
        "file_name": scan.file_name,
        "folder": scan.folder,
        "priority": scan.priority,
        "paused": int(scan.paused),
        "cancelled": int(scan.cancelled),
        "earlier": int(scan.earlier),
        "verdict_by_person": scan.verdict_by_person,
        "keep": scan.keep,
        "superseded_by": scan.superseded_by,
    }


def dossier_of(row: Row) -> Dossier:
    """Read a scan back with its steps."""
    members = tuple(Member(*each) for each in json.loads(row["members"]))
    found_at = datetime.fromisoformat(row["found_at"])
    scan = Scan(
        id=ScanId(row["id"]),
        run=None if row["run"] is None else RunId(row["run"]),
        scanner=row["scanner"],
        files=ScanSet(_folder(row["root"]), row["main"], members, _LAYOUTS[row["layout"]]),
        found_at=found_at,
        barcode=row["barcode"],
        assigned=row["assigned"],
        stem=row["stem"],
        file_name=row["file_name"],
        folder=row["folder"],
        priority=row["priority"],
        paused=bool(row["paused"]),
        cancelled=bool(row["cancelled"]),
        earlier=bool(row["earlier"]),
        verdict_by_person=row["verdict_by_person"],
        keep=row["keep"],
        superseded_by=None if row["superseded_by"] is None else ScanId(row["superseded_by"]),
    )
    files = tuple(VerifiedFile(*each) for each in json.loads(row["files"]))
    return Dossier(
        scan=scan,
        steps=StepsWhenNeeded(row["steps"]),
        facts=facts_of(row["facts"], row["properties"]),
        quality=quality_of(row["quality"]),
        row=TextsWhenNeeded(row["row"]),
        files=files,
        published=bool(row["published"]),
        publishing=bool(row["publishing"]),
        left=json.loads(row["left_cells"]),
    )


def sheet_text(sheet: SlideSheet) -> str:
    """Return a reading of the sheet as JSON; the order of cells is kept."""
    content = {
        "title": sheet.title,
        "tab": sheet.tab,
        "barcode_header": sheet.barcode_header,
        "read_at": time_text(sheet.read_at),
        "columns": [[c.header, c.index, c.letter, c.in_name, c.required, c.written_as] for c in sheet.columns],
        "rows": [[row.number, row.barcode, dict(row.cells)] for row in sheet.rows],
    }
    return json.dumps(content, ensure_ascii=False)


def sheet_of(text: str) -> SlideSheet:
    """Read a reading of the sheet back."""
    got = json.loads(text)
    columns: Sequence[SheetColumn] = [_column(each) for each in got["columns"]]
    return SlideSheet(
        title=got["title"],
        columns=tuple(columns),
        rows=tuple(SheetRow(*each) for each in got["rows"]),
        barcode_header=got["barcode_header"],
        tab=got.get("tab"),
        read_at=datetime.fromisoformat(got["read_at"]),
    )


def _column(kept: Sequence[Any]) -> SheetColumn:
    """Return a column; a reading that was kept before labs could name ours does not say which are ours."""
    if len(kept) < len(fields(SheetColumn)):
        header = kept[0].casefold()
        kept = [*kept, next((ours for ours in WRITTEN_COLUMNS if ours.casefold() == header), "")]
    return SheetColumn(*kept)


def intent_text(intent: SheetIntent) -> str:
    """Return what is being written to the sheet as JSON."""
    rows = [[row.barcode, dict(row.cells)] for row in intent.rows]
    content = {"before": sheet_text(intent.before), "rows": rows, "own_tab": intent.own_tab}
    return json.dumps(content, ensure_ascii=False)


def intent_of(text: str) -> SheetIntent:
    """Read back what was being written to the sheet."""
    got = json.loads(text)
    rows = tuple(RowWrite(*each) for each in got["rows"])
    return SheetIntent(sheet_of(got["before"]), rows, own_tab=got.get("own_tab", False))
