"""What the journal knows of past verdicts: the focus of accepted scans, and every scan that was judged."""

import sqlite3
from datetime import date, datetime

from app.adapters.storage.records import read_quality, reading_rows
from app.domain.focus_calibration import Optics
from app.domain.scan import ScanId
from app.domain.tuning import PastVerdict, said_of

_SERIAL = "COALESCE(json_extract(facts, '$.scanner_serial'), '')"
_OBJECTIVE = "json_extract(facts, '$.objective')"
# The first line is the index scan_by_optics: its expressions must stay as they are there.
_ACCEPTED = f"""
    quality IS NOT NULL AND scanner = ? AND {_SERIAL} = ? AND {_OBJECTIVE} IS ?
    AND json_extract(quality, '$.focus') IS NOT NULL AND superseded_by IS NULL
    AND (verdict_by_person = 'pass'
        OR (verdict_by_person IS NULL AND published AND json_extract(quality, '$.verdict') = 'pass'))
"""


class QualityTables:
    """The part of the journal that remembers how scans were judged. It reads what the scans' table holds."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    def first_accepted_focus(self, optics: Optics, since: date | None, most: int) -> tuple[float, ...]:
        """Return the focus ratios of the first accepted scans with these optics, oldest first."""
        rows = self._db.execute(
            f"SELECT json_extract(quality, '$.focus') FROM scan WHERE {_ACCEPTED} AND substr(found_at, 1, 10) >= ?"
            " ORDER BY number LIMIT ?",
            (optics.scanner, optics.serial, optics.objective, "" if since is None else since.isoformat(), most),
        )
        return tuple(row[0] for row in rows)

    def last_accepted_focus(self, optics: Optics, most: int) -> tuple[float, ...]:
        """Return the focus ratios of the last accepted scans with these optics, newest first."""
        rows = self._db.execute(
            f"SELECT json_extract(quality, '$.focus') FROM scan WHERE {_ACCEPTED} ORDER BY number DESC LIMIT ?",
            (optics.scanner, optics.serial, optics.objective, most),
        )
        return tuple(row[0] for row in rows)

    def past_verdicts(self) -> tuple[PastVerdict, ...]:
        """Return every scan that was judged, oldest first, with what people made of it."""
        reasons = dict(
            self._db.execute("SELECT scan || ' ' || new, reason FROM audit WHERE action = 'verdict' ORDER BY number")
        )
        rows = self._db.execute(
            f"SELECT id, barcode, scanner, {_SERIAL} AS serial, {_OBJECTIVE} AS objective, found_at, quality,"
            " verdict_by_person, EXISTS (SELECT 1 FROM scan AS later"
            " WHERE later.id = scan.superseded_by AND later.number > scan.number) AS taken_over"
            " FROM scan WHERE quality IS NOT NULL ORDER BY number"
        )
        with reading_rows():
            return tuple(_past_verdict(row, reasons) for row in rows)


def _past_verdict(row: sqlite3.Row, reasons: dict[str, str]) -> PastVerdict:
    by_person = row["verdict_by_person"]
    return PastVerdict(
        scan=ScanId(row["id"]),
        barcode=row["barcode"],
        optics=Optics(row["scanner"], row["serial"], row["objective"]),
        found_at=datetime.fromisoformat(row["found_at"]),
        quality=read_quality(row["quality"]),
        said=said_of(by_person, taken_over=bool(row["taken_over"])),
        why="" if by_person is None else reasons.get(f"{row['id']} {by_person}", ""),
    )
