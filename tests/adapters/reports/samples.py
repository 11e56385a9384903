"""Run reports made by hand: twelve scans with hostile texts, and any number of plain ones."""

import io
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from hashlib import sha256

from PIL import Image, ImageDraw

from app.domain.audit import AuditEntry
from app.domain.quality import Quality, QualityLimits, QualityNumbers, judge
from app.domain.report import NotDoneLine, RescanLine, RunReport, SlideLine, StepLine
from app.domain.run import Operator, Run
from app.domain.scan import RunId, ScanId, VerifiedFile
from app.domain.step import StepState

ZONE = timezone(timedelta(hours=1))
START = datetime(2019, 3, 4, 9, 2, 11, tzinfo=ZONE)
COLUMNS = ("Study", "Experiment", "Panel")
IMG = '<img src="file:///etc/passwd"/>'
BOLD = "<b>x"
HEBREW = "שלום 123 מעבדה"
EMOJI = "slide 🔬 ok"
FORMULA = '=HYPERLINK("http://evil.example";"x")'
LONG_WORD = "W" * 300
STEPS = (
    "Wait Until Written",
    "Get Slide Information",
    "Verify Not Missing",
    "Create File Name",
    "Check Image Quality",
    "Create Checksum",
    "Copy File to Share",
    "Create Checksum (share)",
    "Verify Checksum",
    "Upload Image",
    "Move Rescanned Images",
    "Mark Slide Complete",
    "Remove File From Queue",
)
SECONDS = (42.0, 1.4, 0.3, 0.1, 38.0, 9.0, 21.5, 9.4, 0.2, 1.1, 0.1, 3.6, 0.4)


def drawn_thumbnail() -> bytes:
    picture = Image.new("RGB", (256, 180), "white")
    ImageDraw.Draw(picture).ellipse((40, 30, 200, 150), fill=(196, 120, 170))
    out = io.BytesIO()
    picture.save(out, "PNG")
    return out.getvalue()


def quality(blur: float, focus: float = 0.17, tissue: float = 31.4) -> Quality:
    return judge(QualityNumbers(blur, focus, tissue), QualityLimits())


def steps(*, failed: str | None = None, message: str = "", attempts: int = 1) -> tuple[StepLine, ...]:
    lines = []
    behind = False
    for title, seconds in zip(STEPS, SECONDS, strict=True):
        if behind:
            lines.append(StepLine(title, StepState.BLOCKED, 0.0, 0, ""))
        elif title == failed:
            lines.append(StepLine(title, StepState.FAILED, seconds, attempts, message))
            behind = True
        else:
            lines.append(StepLine(title, StepState.SUCCEEDED, seconds, 1, ""))
    return tuple(lines)


def slide(number: int, thumbnail: bytes | None = None, blur: float = 0.4) -> SlideLine:
    barcode = f"S19-{1200 + number:05d}-A{number % 4 + 1}"
    found = START + timedelta(minutes=3 * number)
    name = f"{barcode}_HE_20x.svs"
    size = 1_204_118_402 + 17_331_911 * (number % 23)
    file = VerifiedFile(
        f"scan_{number:04d}.svs",
        f"2019/ONC-17/{name}",
        size,
        sha256(f"{number}".encode()).hexdigest(),
        "read back",
    )
    verdict = quality(blur)
    return SlideLine(
        scan=ScanId(f"scan-{number:04d}"),
        barcode=barcode,
        row={"Study": "ONC-17", "Experiment": f"E{number % 3 + 1}", "Panel": "H&E"},
        source_name=f"scan_{number:04d}.svs",
        files=(file,),
        size_bytes=size,
        state=StepState.SUCCEEDED,
        passed=True,
        failing_reasons=(),
        quality=verdict,
        found_at=found,
        verified_at=found + timedelta(minutes=2, seconds=13),
        thumbnail=thumbnail,
        steps=steps(),
        superseded_by=None,
    )


def sample_report(thumbnail: Callable[[], bytes] = drawn_thumbnail) -> RunReport:
    """Twelve scans: hostile texts, a rescan, failures, damaged pictures, a scan of many files."""
    lines = [slide(number, thumbnail(), 0.2 + 0.31 * number) for number in range(12)]
    lines[1] = replace(lines[1], row={"Study": IMG, "Experiment": BOLD, "Panel": "CD3 & CD8 <multiplex>"})
    lines[2] = replace(lines[2], row={"Study": HEBREW, "Experiment": EMOJI, "Panel": FORMULA})
    lines[3] = replace(
        lines[3],
        row={"Study": "ONC-17", "Experiment": LONG_WORD, "Panel": "CD20\x1b[31m\x00red"},
        source_name="a" * 120 + ".svs",
    )
    lines[4] = replace(
        lines[4],
        passed=False,
        failing_reasons=("Need to rescan, too blurry 7.9 %",),
        state=StepState.NEEDS_ATTENTION,
        quality=quality(7.9, 0.31),
        superseded_by=lines[5].scan,
    )
    lines[5] = replace(lines[5], barcode=lines[4].barcode, row=lines[4].row)
    lines[6] = replace(
        lines[6],
        passed=False,
        failing_reasons=("Need to rescan, too blurry 12.6 %",),
        state=StepState.NEEDS_ATTENTION,
        quality=quality(12.6, 0.36),
    )
    lines[7] = replace(lines[7], thumbnail=thumbnail()[:200], quality=quality(0.7, 0.30))
    lines[8] = replace(
        lines[8],
        passed=False,
        state=StepState.FAILED,
        files=(),
        verified_at=None,
        quality=None,
        thumbnail=None,
        steps=steps(failed="Copy File to Share", message="The share is full: 1.2 GB wanted, 0.4 GB free", attempts=3),
    )
    members = tuple(
        replace(lines[9].files[0], destination=f"2019/ONC-17/S19-01209-A2/Data{part:04d}.dat", size_bytes=90_000_000)
        for part in range(12)
    )
    lines[9] = replace(lines[9], files=(*lines[9].files, *members), quality=quality(2.7))
    lines[10] = replace(lines[10], barcode=None, passed=False, state=StepState.NEEDS_ATTENTION, quality=quality(0.1))
    return _report(tuple(lines))


def many_slides(count: int) -> RunReport:
    """A run of this many plain scans that share one picture."""
    picture = drawn_thumbnail()
    report = _report(tuple(slide(number, picture, (number * 37 % 100) / 20) for number in range(count)))
    return replace(report, rescans=(), audits=(), not_done=())


def _report(slides: tuple[SlideLine, ...]) -> RunReport:
    return RunReport(
        lab="Institute of Pathology, Northern University Hospital",
        run=Run(
            id=RunId("2019-03-04-AT2-01"),
            scanner="Aperio AT2 (SS12345)",
            operator=Operator("Mara Lindqvist", "mara.lindqvist@lab.example", "ML", "mlindqvist"),
            started_at=START,
            ended_at=START + timedelta(minutes=51, seconds=7),
        ),
        created_at=datetime(2019, 3, 4, 14, 5, 9, tzinfo=ZONE),
        program_version="1.0.0",
        quality_version="blur-3 (limits 5.0 %, 0.28, 0.1 %)",
        journal_id="7f0c2f0e-52d4-4c3e-9a4e-1f1f0a3b6c11",
        sheet_title="ONC-17 slides 2019",
        audit_head=sha256(b"head").hexdigest(),
        audit_entries=41,
        columns=COLUMNS,
        slides=slides,
        rescans=_rescans(slides),
        audits=_audits(slides),
        not_done=(
            NotDoneLine("S19-01299-A1", "", "Expected by hand scan, never found: slide broken, told the pathologist"),
            NotDoneLine(None, "scan_0099.svs", "No barcode was read"),
        ),
        settings=(
            ("quality.blur_rescan_percent", "5.0"),
            ("quality.focus_review", "0.28"),
            ("destination.root", r"\\share\slides"),
            ("naming.pattern", "{barcode}_{stain}_{objective}x{extension}"),
        ),
    )


def _rescans(slides: tuple[SlideLine, ...]) -> tuple[RescanLine, ...]:
    return (
        (
            RescanLine(
                slides[4].barcode or "",
                slides[4].scan,
                slides[5].scan,
                slides[5].scan,
                f"superseded/2019-03-04/{slides[4].files[0].destination}",
                "Need to rescan, too blurry 7.9 %",
                START + timedelta(minutes=20),
            ),
        )
        if len(slides) > 5
        else ()
    )


def _audits(slides: tuple[SlideLine, ...]) -> tuple[AuditEntry, ...]:
    def entry(minutes: int, action: str, place: int, old: str, new: str, reason: str) -> AuditEntry:
        return AuditEntry(
            at=START + timedelta(minutes=minutes),
            who="Mara Lindqvist",
            account="mlindqvist",
            station="SCAN-PC-02",
            version="1.0.0",
            action=action,
            run=RunId("2019-03-04-AT2-01"),
            scan=slides[place].scan,
            barcode=slides[place].barcode,
            old=old,
            new=new,
            reason=reason,
        )

    if len(slides) < 11:
        return ()
    return (
        entry(12, "Entered the barcode by hand", 2, "", slides[2].barcode or "", "Label torn, read from the glass"),
        entry(22, "Kept the newer scan", 4, slides[4].scan, slides[5].scan, "The older one is out of focus"),
        entry(31, "Overruled the verdict", 7, "Review", "Pass", f"Looked at it at 40x {IMG}"),
        entry(44, "Marked the step Skipped", 10, "Needs Attention", "Skipped", "Control slide, not in the sheet"),
    )
