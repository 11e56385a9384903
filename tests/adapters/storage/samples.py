"""Values with something in every field."""

from datetime import UTC, datetime
from pathlib import Path

from app.domain.dossier import Dossier
from app.domain.quality import Quality, QualityLimits, QualityNumbers, Verdict
from app.domain.scan import Layout, Member, RunId, Scan, ScanId, ScanSet, VerifiedFile
from app.domain.slide import BarcodeReading, BarcodeSource, Problem, SlideFacts
from app.domain.step import StepRecord, StepState
from app.pipeline.journey import JOURNEY

AT = datetime(2026, 11, 22, 14, 51, 3, 123456, tzinfo=UTC)


def a_dossier(number: str, *, run: RunId | None = None) -> Dossier:
    """Return a scan with every field set, its steps still to come."""
    files = ScanSet(
        Path("/scanner") / "Raven 1",
        f"in/{number} ü.mrxs",
        (Member(f"in/{number} ü.mrxs", 12, 1_700_000_000_123_456_789), Member(f"in/{number} ü/Data.dat", 2**40, 1)),
        Layout.FILE_AND_FOLDER,
    )
    scan = Scan(
        id=ScanId(f"scan-{number}"), run=run, scanner="Raven", files=files, found_at=AT, barcode="000123",
        assigned="000124", stem="000123_Prec01", file_name="000123_Prec01.mrxs", folder="Prec01/Run 2", priority=7,
        paused=False, cancelled=False, earlier=True, verdict_by_person="pass", keep="both",
        superseded_by=ScanId("scan-z"),
    )  # fmt: skip
    facts = SlideFacts(
        "MIRAX", "3DHISTECH", (100, 200), 9, (0.25, 0.26), 20.0, ("label", "macro"),
        (BarcodeReading("000123", "Code128", BarcodeSource.LABEL), BarcodeReading("x", "", BarcodeSource.PERSON)),
        complete=False, problem=Problem("Not whole", "3 of 4", "Wait"), scanned_at="2026-11-22", scanner_serial="S1",
        reader="openslide", properties={"mirax.x": "1", "a": "ß"},
    )  # fmt: skip
    numbers = QualityNumbers(
        12.4, 0.31, 22.5, blank=False, reason="why", missed_percent=18.2, pen_percent=3.1, blurry_pen_percent=1.5
    )
    limits = QualityLimits(6.0, 0.21, 0.2, focus_usual=0.16, focus_of="Raven at 20x")
    verified = VerifiedFile("/scanner/a", "Prec01/a", 12, "ab" * 32, "read back")
    return Dossier(
        scan, {step.id: StepRecord(step.id, StepState.PENDING) for step in JOURNEY}, facts,
        Quality(Verdict.RESCAN, numbers, "Need to rescan", limits, "1.0"), {"Study": "Prec01", "Barcode": "000123"},
        (verified,), True, left={"Study": "Prec02"},
    )  # fmt: skip
