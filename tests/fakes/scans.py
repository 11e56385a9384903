"""A dozen scans as an afternoon at a scanner leaves them, and rows by the thousand."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path

from app.domain.quality import Quality, QualityLimits, QualityNumbers, judge
from app.domain.run import SlideClass
from app.domain.scan import ScanId
from app.domain.slide import PictureKind
from app.domain.step import StepState
from app.pipeline.journey import IDENTIFY, JOURNEY, QUALITY, VERIFY
from app.services.views import Attention, Choice, ExpectedView, ScanView, StepView

PICTURES = Path(__file__).parent.parent / "data" / "pictures"
EXPECTED = tuple(
    ExpectedView(barcode, summary, klass)
    for barcode, summary, klass in (
        ("407871", "Run 2 · P1", SlideClass.EXPECTED),
        ("465551", "Run 2 · P1", SlideClass.EXPECTED),
        ("754788", "Run 2 · P1", SlideClass.EXPECTED),
        ("620999", "Run 2 · P2", SlideClass.NOT_IN_SHEET),
    )
)
_LETTERS = {
    "S": StepState.SUCCEEDED,
    "K": StepState.SKIPPED,
    "R": StepState.RUNNING,
    "F": StepState.FAILED,
    "B": StepState.BLOCKED,
    "N": StepState.NEEDS_ATTENTION,
    "W": StepState.WAITING_TO_RETRY,
    "H": StepState.PAUSED,
    "P": StepState.PENDING,
}


def steps(letters: str, at: datetime, errors: Mapping[str, tuple[str, str, str]] | None = None) -> tuple[StepView, ...]:
    """Return thirteen steps by one letter each; `errors` maps a step id to title, message and hint."""
    found = []
    for number, (step, letter) in enumerate(zip(JOURNEY, letters.ljust(13, "P"), strict=True)):
        state = _LETTERS[letter]
        title, message, hint = (errors or {}).get(step.id, ("", "", ""))
        begun = None if state in (StepState.PENDING, StepState.BLOCKED) else at + timedelta(seconds=9 * number)
        ended = begun + timedelta(seconds=8) if begun and state is StepState.SUCCEEDED else None
        seconds = 0.4 + 3.7 * (number % 4) if begun and state is not StepState.SKIPPED else 0.0
        attempts = 3 if letter in "FW" else 1 if begun else 0
        found.append(StepView(step.id, step.title, state, attempts, seconds, message, title, hint, begun, ended))
    return tuple(found)


def quality(blurry: float | None, focus: float = 0.16, *, blank: bool = False) -> Quality:
    """Return the verdict on such numbers."""
    return judge(
        QualityNumbers(blurry, focus, 31.4, blank=blank, reason="No objective power in the file"), QualityLimits()
    )


def scan(
    number: int,
    barcode: str | None,
    badge: str,
    state: StepState,
    letters: str,
    now: datetime,
    *,
    message: str = "",
    gigabytes: float = 1.84,
    copied: float = 0.0,
    verified: float = 0.0,
    rate: float | None = None,
    attention: Attention | None = None,
    verdict: Quality | None = None,
    errors: Mapping[str, tuple[str, str, str]] | None = None,
) -> ScanView:
    """Return one scan; `copied` and `verified` are shares of its bytes."""
    found = now - timedelta(minutes=70 - 4 * number)
    size = round(gigabytes * 1e9)
    safe = state is StepState.SUCCEEDED
    named = letters[3:4] == "S"
    name = f"{barcode}_Prec01_Run 2_P1.svs" if named else None
    left = None if not rate else size * (1 - copied) / rate + 1
    return ScanView(
        id=ScanId(f"{number:04d}feb90bff5f5f"),
        barcode=barcode,
        source_name=f"feb90bff5f5f{number:02d}db.svs",
        file_name=name,
        folder="Prec01/Run 2" if named else None,
        state=state,
        badge=badge,
        message=message,
        steps=steps(letters, found, errors),
        size_bytes=size,
        copied_bytes=size if safe else round(size * copied),
        verified_bytes=size if safe else round(size * verified),
        rate=rate,
        seconds_left=left,
        attempts=3 if "F" in letters or "W" in letters else 1,
        attention=attention,
        quality=verdict,
        row={"Barcode": barcode, "Study": "Prec01", "Run": "Run 2", "Plate": "P1", "Stain": "H&E"} if barcode else {},
        rescan_of=None,
        superseded_by=None,
        found_at=found,
        verified_at=now - timedelta(minutes=30 - 2 * number) if letters[8:9] == "S" else None,
        paused=state is StepState.PAUSED,
        destination=f"/share/Prec01/Run 2/{name}" if safe else None,
    )


def a_dozen(now: datetime) -> tuple[ScanView, ...]:
    """Return one scan of every kind."""
    blurry = Attention(
        QUALITY,
        "Too blurry",
        "12.4 % of the tissue is not sharp (limit 5 %).",
        "The glass is still in slot 3.",
        (Choice.ORDER_RESCAN, Choice.ACCEPT, Choice.LOOK_CLOSER),
    )
    nameless = Attention(
        IDENTIFY,
        "The label could not be read",
        "No barcode in the file, on the label or in the name.",
        "Scan the glass, or read the label.",
        (Choice.SHOW_LABEL, Choice.LOOK_CLOSER),
    )
    broken = {VERIFY: ("The copy differs", "SHA-256 differs twice in block 214 of 545902", "Check cable and share")}
    twice = Attention(
        VERIFY, "Two good scans of one slide", "13:40 and 15:02 both pass.", "Which one counts?",
        (Choice.KEEP_NEW, Choice.KEEP_OLD, Choice.KEEP_BOTH),
    )  # fmt: skip
    good, state = quality(0.9), StepState
    return (
        scan(
            0,
            "620995",
            "Safe",
            state.SUCCEEDED,
            "SSSSSSSSSKSKK",
            now,
            message="Sheet written · the slot can be emptied",
            gigabytes=0.94,
            verdict=good,
        ),
        scan(
            1,
            "407866",
            "Safe, rescan",
            state.SUCCEEDED,
            "SSSSSSSSSKSSK",
            now,
            message="Replaces the scan of 13:40 (coverslip edge) · older in Rescans",
            gigabytes=1.40,
            verdict=quality(1.8),
        ),
        scan(
            2,
            "465549",
            "Safe",
            state.SUCCEEDED,
            "SSSSSSSSSKKSK",
            now,
            message="Sheet pending",
            gigabytes=1.77,
            verdict=quality(0.4, 0.31),
        ),
        scan(
            3,
            "545891",
            "Need to rescan",
            state.NEEDS_ATTENTION,
            "SSSSSSSSSKKS",
            now,
            copied=1.0,
            verified=1.0,
            attention=blurry,
            verdict=quality(12.4),
        ),
        scan(
            4,
            None,
            "Which slide?",
            state.NEEDS_ATTENTION,
            "SNPPS",
            now,
            gigabytes=2.10,
            attention=nameless,
            verdict=good,
        ),
        scan(
            5,
            "545902",
            "Failed",
            state.FAILED,
            "SSSSSSSSFBBBB",
            now,
            message="The copy differs from the source, twice",
            errors=broken,
            verdict=good,
            copied=1.0,
        ),
        scan(
            6,
            "317335",
            "Verifying",
            state.RUNNING,
            "SSSSSSSR",
            now,
            message="read back 96 % · equal so far",
            gigabytes=1.12,
            copied=1.0,
            verified=0.92,
            rate=512e6,
            verdict=good,
        ),
        scan(
            7,
            "645750",
            "Copying 62 %",
            state.RUNNING,
            "SSSSRRR",
            now,
            message="read back 58 %",
            gigabytes=2.31,
            copied=0.62,
            verified=0.58,
            rate=412e6,
        ),
        scan(
            8,
            "645761",
            "Paused",
            state.PAUSED,
            "SSSSSSH",
            now,
            message="Paused by Mira Holm",
            gigabytes=1.02,
            copied=0.35,
            verified=0.2,
            verdict=good,
        ),
        scan(
            9,
            "317340",
            "Waiting to retry",
            state.WAITING_TO_RETRY,
            "SSSSSSW",
            now,
            message="The share was away for a moment; next try in 20 s",
            verdict=good,
        ),
        scan(
            10,
            "754779",
            "Keep which?",
            state.NEEDS_ATTENTION,
            "SSSSSSSSN",
            now,
            copied=1.0,
            verified=1.0,
            attention=twice,
            gigabytes=1.31,
            verdict=good,
        ),
        scan(11, "754780", "Being scanned", state.RUNNING, "R", now, message="quiet for 3 of 60 s", gigabytes=0.61),
    )


def thousands(count: int, now: datetime) -> tuple[ScanView, ...]:
    """Return many scans in mixed states."""
    kinds = (
        ("Safe", StepState.SUCCEEDED, "SSSSSSSSSKKSK"),
        ("Copying", StepState.RUNNING, "SSSSSSR"),
        ("Failed", StepState.FAILED, "SSSSSSF"),
        ("Waiting", StepState.PENDING, "SSSS"),
    )
    return tuple(
        scan(number, f"{100000 + number}", *kinds[number % 4], now, gigabytes=0.5 + number % 7)
        for number in range(count)
    )


def picture_of(view: ScanView, kind: PictureKind) -> str | None:
    """Return the file that is a scan's picture of that kind."""
    if kind is PictureKind.THUMBNAIL:
        number = int(view.id[:4])
        return "blurred.png" if view.badge == "Need to rescan" else f"tissue-{number % 6}.png" if number != 11 else None
    return {PictureKind.LABEL: "label.png", PictureKind.MACRO: "macro.png"}.get(kind, "quality-map.png")
