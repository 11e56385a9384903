"""Every setting, declared once: default, title, help, unit, range. Reading the file is `settings_text.py`'s work."""

import dataclasses
from dataclasses import dataclass, field, fields
from datetime import date
from typing import Any, NamedTuple

from app.domain.declaration import Declaration


def _declare(default: Any, declaration: Declaration) -> Any:
    return field(default=default, metadata={"declaration": declaration})


D = Declaration


@dataclass(frozen=True, slots=True)
class LabSettings:
    """`[lab]`"""

    name: str = _declare("Our lab", D("Lab", "Printed on reports."))
    operators: tuple[str, ...] = _declare(
        (), D("Operators", "One line a person: name, e-mail, initials, separated by commas.")
    )


@dataclass(frozen=True, slots=True)
class ScannerSettings:
    """`[scanner]`"""

    name: str = _declare("Scanner", D("Scanner", "As the Scanner column of the sheet spells it."))
    watch: str = _declare("", D("Watch folder", "Where the scanner writes its scans."))
    settle_seconds: float = _declare(
        60.0, D("Quiet time", "A scan is finished when no member changed for this long.", "s", 0.0, 86400.0)
    )
    barcode_pattern: str = _declare(
        "", D("Barcode pattern", "A regular expression that the lab's barcodes match whole; empty: any.", pattern=True)
    )
    identity: tuple[str, ...] = _declare(
        ("hand", "metadata", "label", "macro", "file_name"),
        D(
            "Identity",
            "Who may say which slide it is. All that speak must agree.",
            choices=("hand", "metadata", "label", "macro", "file_name"),
        ),
    )


@dataclass(frozen=True, slots=True)
class DestinationSettings:
    """`[destination]`"""

    url: str = _declare("", D("Share", "A folder or file:// address where verified scans go."))
    folder: str = _declare("{Study}/{Experiment}", D("Folder", "Made from the sheet's columns, named in braces."))
    rescans: str = _declare(
        "Rescans", D("Rescans", "The folder on the share that older scans of a slide move to.", inside=True)
    )


@dataclass(frozen=True, slots=True)
class SheetSettings:
    """`[sheet]`"""

    kind: str = _declare("workbook", D("Kind", "What the slide sheet is.", choices=("workbook", "google")))
    path: str = _declare("", D("Workbook", "The .xlsx or .csv file that lists the slides."))
    spreadsheet: str = _declare("", D("Google spreadsheet", "Its address in the browser, or the id in it."))
    worksheet: str = _declare("", D("Worksheet", "The tab of the workbook or spreadsheet; empty: the first."))
    mode: str = _declare(
        "in_place",
        D("Mode", "Our columns stand in the scientists' tab, or on our own.", choices=("in_place", "own_tab")),
    )
    own_tab: str = _declare("Slideferry", D("Our tab", "The title of the tab that own_tab makes where it is missing."))
    barcode_column: str = _declare("Barcode", D("Barcode column", "The header above the barcodes."))
    scanner_column: str = _declare("Scanner", D("Scanner column", "The header above the scanner's name; empty: none."))
    add_columns: bool = _declare(True, D("Add columns", "Whether missing columns of ours are added at the right end."))
    headers: tuple[str, ...] = _declare(
        (),
        D(
            "Headers",
            "The lab's own headers for columns of ours, each as “Status = Scan status”; not on a tab of our own.",
            headers=True,
        ),
    )
    sign_in: str = _declare(
        "google-service-account",
        D(
            "Google account",
            "Which secret signs in to Google: the lab's service account, or a person who signed in once.",
            choices=("google-service-account", "google-sign-in"),
        ),
    )
    calls_per_minute: int = _declare(
        20,
        D(
            "Calls a minute",
            "So many readings and so many writings of a Google spreadsheet; Google allows an account 60 of each, which"
            " all stations that use it share.",
            "",
            6,
            60,
        ),
    )
    timeout_seconds: float = _declare(
        20.0, D("Time limit", "How long Google may take to answer one call.", "s", 1.0, 300.0)
    )
    api_root: str = _declare(
        "https://sheets.googleapis.com", D("Service", "The host of the Google Sheets service, or one in its place.")
    )
    max_age_hours: float = _declare(
        24.0, D("Oldest reading", "How old a reading of the sheet may serve while it is away.", "h", 0.0, 720.0)
    )


@dataclass(frozen=True, slots=True)
class QualitySettings:
    """`[quality]`"""

    enabled: bool = _declare(True, D("Check quality", "Measure blur, focus and tissue of each scan."))
    blur_limit_percent: float = _declare(
        5.0, D("Blur limit", "More blurred tissue than this: need to rescan.", "%", 0.0, 100.0)
    )
    focus_review: float = _declare(
        0.28,
        D(
            "Focus limit",
            "A focus ratio above this is for a person to look at; a learned limit is never above it.",
            "",
            0.0,
            1.0,
        ),
    )
    focus_calibration: str = _declare(
        "learned",
        D(
            "Focus is compared",
            "learned: with the first accepted slides of the same scanner and objective, once there are 20 of them;"
            " fixed: with the focus limit alone.",
            choices=("learned", "fixed"),
        ),
    )
    focus_learned_since: str = _declare(
        "",
        D(
            "Focus is learned since",
            "Slides of before this day teach nothing, such as those of before the scanner was serviced; empty: all do.",
            day=True,
        ),
    )
    tissue_min_percent: float = _declare(
        0.1, D("Least tissue", "Less tissue than this is for a person to look at.", "%", 0.0, 100.0)
    )
    missed_tissue_percent: float = _declare(
        5.0,
        D(
            "Missed tissue",
            "More of the glass's tissue outside the scanned area is for a person to look at; 0: never.",
            "%",
            0.0,
            100.0,
        ),
    )


@dataclass(frozen=True, slots=True)
class ReleaseSettings:
    """`[release]`"""

    policy: str = _declare(
        "never",
        D("Free the scanner's disk", "never, or when both ends were checked again.", choices=("never", "verified")),
    )
    keep_days: float = _declare(7.0, D("Keep", "How long a verified scan stays on the scanner.", "d", 0.0, 3650.0))
    free_below_gb: float = _declare(
        0.0,
        D(
            "Only when short of room",
            "Scans stay until less than this is free on the scanner's disk; 0: they go as soon as they may.",
            "GB",
            0.0,
            1_000_000.0,
        ),
    )


@dataclass(frozen=True, slots=True)
class VerifySettings:
    """`[verify]`"""

    percent_per_day: float = _declare(
        0.0,
        D(
            "Read again each day",
            "The share of the store that is read again and compared each day, oldest check first; 0: none.",
            "%",
            0.0,
            100.0,
        ),
    )
    from_hour: int = _declare(20, D("From", "The hour of the day at which reading again may begin.", "h", 0, 23))
    until_hour: int = _declare(
        6, D("Until", "The hour at which it ends; equal to the first: the whole day.", "h", 0, 23)
    )


@dataclass(frozen=True, slots=True)
class JournalSettings:
    """`[journal]`"""

    backups: int = _declare(7, D("Backups", "How many daily copies of the journal are kept.", "", 1, 365))
    keep_days: int = _declare(
        0,
        D(
            "Keep details",
            "Pictures and step logs of scans whose run ended longer ago are dropped; 0: never. Scans, files, rescans"
            " and the audit log stay.",
            "d",
            0,
            36500,
        ),
    )


@dataclass(frozen=True, slots=True)
class ReportSettings:
    """`[report]`"""

    columns: tuple[str, ...] = _declare(
        ("Study", "Experiment", "Panel"), D("Columns", "The sheet's columns that the report shows.")
    )


@dataclass(frozen=True, slots=True)
class PipelineSettings:
    """`[pipeline]`"""

    copies: int = _declare(
        2,
        D(
            "Copies at once",
            "At most so many scans are copied side by side; fewer where measured rates show no gain.",
            "",
            1,
            16,
        ),
    )
    bandwidth_mb: float = _declare(
        0.0, D("Bandwidth", "The most all copies together may use; 0: no limit.", "MB/s", 0.0, 100_000.0)
    )
    gentle: str = _declare(
        "while_scanning",
        D(
            "Step back for the scanner",
            "When copies and checks make way for the acquisition software on this PC.",
            choices=("while_scanning", "always", "never"),
        ),
    )
    retries: int = _declare(5, D("Tries", "How often passing trouble is tried again.", "", 0, 100))
    retry_seconds: float = _declare(5.0, D("First pause", "Before the second try; doubles after it.", "s", 0.0, 3600.0))
    poll_seconds: float = _declare(2.0, D("Look", "How often the watch folder is looked at.", "s", 0.1, 600.0))


@dataclass(frozen=True, slots=True)
class HandScannerSettings:
    """`[wedge]`: the hand scanner that types as a keyboard does."""

    gap_ms: float = _declare(
        20.0,
        D(
            "Longest gap",
            "The usual time between two characters of the hand scanner is at most this; a person's is over 60.",
            "ms",
            2.0,
            40.0,
        ),
    )
    prefix: str = _declare("", D("Prefix", "What the scanner is set to send first; codes without it are not taken."))
    suffix: str = _declare(
        "enter_or_tab",
        D(
            "Suffix",
            "What ends a code; none: the scanner sends nothing behind it, and silence ends it.",
            choices=("enter_or_tab", "enter", "tab", "none"),
        ),
    )
    least_length: int = _declare(4, D("Shortest code", "Fewer characters than this are never a scan.", "", 2, 64))
    repeat_seconds: float = _declare(
        2.0, D("Repeat", "The same code again within this time counts once.", "s", 0.0, 60.0)
    )
    caps_lock: str = _declare(
        "correct",
        D(
            "Caps Lock",
            "correct: a code that is a slide of the lab only with small and capital letters swapped is taken so, and"
            " said; as_typed: letters are taken as they come.",
            choices=("correct", "as_typed"),
        ),
    )
    translate: tuple[str, ...] = _declare(
        (),
        D(
            "Keyboard layout",
            "Pairs of what arrives and what the code says, where scanner and PC differ in layout; the window's"
            " set-up of the hand scanner finds them.",
            pairs=True,
        ),
    )
    sound: bool = _declare(True, D("Sound", "Whether a scan is answered with a sound, too."))


@dataclass(frozen=True, slots=True)
class Settings:
    """All sections; each a frozen dataclass whose fields carry their `Declaration`."""

    lab: LabSettings = LabSettings()
    scanner: ScannerSettings = ScannerSettings()
    destination: DestinationSettings = DestinationSettings()
    sheet: SheetSettings = SheetSettings()
    quality: QualitySettings = QualitySettings()
    release: ReleaseSettings = ReleaseSettings()
    report: ReportSettings = ReportSettings()
    verify: VerifySettings = VerifySettings()
    journal: JournalSettings = JournalSettings()
    pipeline: PipelineSettings = PipelineSettings()
    wedge: HandScannerSettings = HandScannerSettings()


class Declared(NamedTuple):
    """One declared setting with where it stands: for the settings page, the check and docs/settings.md."""

    section: str
    key: str
    default: object
    declaration: Declaration


def declared_settings() -> tuple[Declared, ...]:
    """Return every setting in the order of the file."""
    return tuple(
        Declared(section.name, each.name, each.default, each.metadata["declaration"])
        for section in fields(Settings)
        for each in dataclasses.fields(section.default)  # type: ignore[arg-type]
    )


def day_of(text: str) -> date | None:
    """Return the day that a setting names, None where it names none."""
    return date.fromisoformat(text) if text else None
