"""The audit log as CSV or JSON, with everything that is needed to compute its hashes anew."""

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import asdict, fields
from pathlib import Path

from app.adapters.reports.atomic import replacing
from app.domain.audit import NOT_AUTHENTICATED
from app.domain.audit_chain import AuditRecord
from app.domain.spreadsheet_text import plain_cell

FORMAT = 1
_FIRST = ("number", "rule")
COLUMNS = (*_FIRST, *(each.name for each in fields(AuditRecord) if each.name not in _FIRST))


def write_audit_csv(records: Sequence[AuditRecord], out: Path) -> None:
    """Write one line an entry, atomically, as UTF-8 with a byte order mark; no text is taken for a formula.

    Raises SurroundingsError when the file cannot be written.
    """
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    for record in records:
        shown = audit_part(record)
        writer.writerow([_cell(shown[name]) for name in COLUMNS])
    with replacing(out) as file:
        file.write(text.getvalue().encode("utf-8-sig", errors="backslashreplace"))


def write_audit_json(records: Sequence[AuditRecord], out: Path) -> None:
    """Write all entries as one ASCII JSON document, atomically. Raises SurroundingsError."""
    document = {"format": FORMAT, "entries": [audit_part(record) for record in records]}
    with replacing(out) as file:
        file.write((json.dumps(document, indent=2) + "\n").encode("ascii"))


def audit_part(record: AuditRecord) -> dict[str, str | int | None]:
    """Return an entry by the names of its columns; entries of before say what is true of them, too."""
    values = asdict(record) | {"rule": record.rule, "authentication": record.authentication or NOT_AUTHENTICATED}
    return {name: values[name] for name in COLUMNS}


def _cell(value: str | int | None) -> str:
    return plain_cell(value) if isinstance(value, str) else "" if value is None else str(value)
