"""How the window says numbers, times and choices; every text can be translated."""

from datetime import datetime

from PySide6.QtCore import QCoreApplication, QDate, QDateTime, QLocale

from app.domain.run import SlideClass
from app.domain.slide import BarcodeSource, PictureKind
from app.domain.step import StepState
from app.services.rescan_chain import Place
from app.services.views import Choice, ScanView

_KILO = 1000.0
_MINUTE = 60.0
_HOUR = 3600.0


def say(text: str) -> str:
    """Return the text in the window's language."""
    return QCoreApplication.translate("Wording", text)


def size(size_bytes: float) -> str:
    """Return bytes as people read them on a disk: 1.84 GB."""
    value = float(size_bytes)
    for unit in ("B", "kB", "MB", "GB"):
        if value < _KILO:
            return _number(value, unit)
        value /= _KILO
    return _number(value, "TB")


def _number(value: float, unit: str) -> str:
    digits = 0 if unit == "B" or value >= 100 else 2 if unit in ("GB", "TB") else 1
    return f"{value:.{digits}f} {unit}"


def rate(bytes_a_second: float | None) -> str:
    """Return a speed, or nothing where no byte moves."""
    return f"{size(bytes_a_second)}/s" if bytes_a_second else ""


def duration(seconds: float) -> str:
    """Return a span in its two largest units: 1 h 12 min, 4 min 5 s, 2 s."""
    if seconds >= _HOUR:
        return f"{int(seconds // _HOUR)} h {int(seconds % _HOUR // _MINUTE)} min"
    if seconds >= _MINUTE:
        return f"{int(seconds // _MINUTE)} min {int(seconds % _MINUTE)} s"
    return f"{seconds:.1f} s" if 0 < seconds < 10 and seconds != int(seconds) else f"{seconds:.0f} s"


def time_left(seconds: float | None) -> str:
    """Return what is left, or nothing where it is not known."""
    return "" if seconds is None else say("{0} left").format(duration(max(1.0, round(seconds))))


def ago(seconds: float) -> str:
    """Return how long ago something was."""
    return say("{0} ago").format(duration(round(seconds)))


def clock(moment: datetime | None) -> str:
    """Return the time of day here, in the form of the system; a day before today comes with its date."""
    if moment is None:
        return ""
    here = moment.astimezone()
    locale = QLocale.system()
    stamp = QDateTime(here.year, here.month, here.day, here.hour, here.minute, here.second)
    text = locale.toString(stamp.time(), "HH:mm")
    if here.date() == datetime.now().astimezone().date():
        return text
    return f"{locale.toString(stamp.date(), QLocale.FormatType.ShortFormat)} {text}"


def day(moment: datetime) -> str:
    """Return a date here, in the form of the system."""
    here = moment.astimezone()
    return QLocale.system().toString(QDate(here.year, here.month, here.day), QLocale.FormatType.ShortFormat)


def second_clock(moment: datetime) -> str:
    """Return the time of day here to the second, for logs."""
    return moment.astimezone().strftime("%H:%M:%S")


def percent(part: float, whole: float) -> str:
    """Return a share in whole per cent, never 100 % before all is there."""
    return f"{int(100 * part / whole)} %" if whole else "0 %"


def choice(which: Choice) -> str:
    """Return the words on a choice's button."""
    return {
        Choice.ASSIGN: say("Say which slide…"),
        Choice.RESTART: say("Try again"),
        Choice.ORDER_RESCAN: say("Order rescan"),
        Choice.ACCEPT: say("Accept with reason…"),
        Choice.KEEP_OLD: say("Keep old"),
        Choice.KEEP_NEW: say("Keep new"),
        Choice.KEEP_BOTH: say("Keep both"),
        Choice.FIND_OLDER: say("Find it on the share"),
        Choice.GO_ON_WITHOUT: say("Go on without it…"),
        Choice.HOLD: say("Hold this scan"),
        Choice.TAKE_OVER: say("Take over…"),
        Choice.LEAVE: say("Leave as it is"),
        Choice.SHOW_LABEL: say("Show label"),
        Choice.LOOK_CLOSER: say("Look closer"),
    }[which]


def short_choice(which: Choice) -> str:
    """Return the words on a choice's button where there is little room."""
    short = {
        Choice.ACCEPT: say("Accept…"),
        Choice.FIND_OLDER: say("Find it"),
        Choice.GO_ON_WITHOUT: say("Without it…"),
        Choice.HOLD: say("Hold"),
    }
    return short.get(which) or choice(which)


def place(which: Place) -> str:
    """Return where a scan of a slide lies."""
    return {
        Place.NAME: say("has the slide's name"),
        Place.BESIDE: say("kept beside it"),
        Place.RESCANS: say("in the rescans"),
        Place.ON_ITS_WAY: say("on its way"),
        Place.LOST: say("not on the share"),
        Place.GIVEN_UP: say("given up"),
    }[which]


def state(which: StepState) -> str:
    """Return a state's name."""
    return say(which.title)


def sign(which: StepState) -> str:
    """Return the sign that stands beside a state's colour, so that colour is never the only one."""
    return {
        StepState.PENDING: "○",
        StepState.RUNNING: "▶",
        StepState.WAITING_TO_RETRY: "↻",
        StepState.SUCCEEDED: "✓",
        StepState.SKIPPED: "–",
        StepState.FAILED: "✕",
        StepState.BLOCKED: "■",
        StepState.NEEDS_ATTENTION: "!",
        StepState.PAUSED: "‖",
        StepState.CANCELLED: "∅",
    }[which]


def slide_class(which: SlideClass) -> str:
    """Return how a slide of the run stands, in words."""
    return {
        SlideClass.COMPLETE: say("complete"),
        SlideClass.ON_ITS_WAY: say("on its way"),
        SlideClass.EXPECTED: say("expected"),
        SlideClass.MISSING: say("missing"),
        SlideClass.NOT_IN_SHEET: say("not in the sheet"),
        SlideClass.DUPLICATE_BARCODE: say("barcode twice in the sheet"),
        SlideClass.WRONG_SCANNER: say("other scanner"),
        SlideClass.METADATA_MISSING: say("sheet cell empty"),
        SlideClass.RESCAN: say("rescan"),
        SlideClass.FAILED: say("failed"),
    }[which]


def witness(which: BarcodeSource) -> str:
    """Return who says a barcode."""
    return {
        BarcodeSource.HAND: say("Hand scan"),
        BarcodeSource.METADATA: say("File metadata"),
        BarcodeSource.LABEL: say("Label picture"),
        BarcodeSource.MACRO: say("Macro picture"),
        BarcodeSource.FILE_NAME: say("File name"),
        BarcodeSource.PERSON: say("A person"),
    }[which]


def picture(which: PictureKind) -> str:
    """Return the name of a kind of picture."""
    return {
        PictureKind.THUMBNAIL: say("Thumbnail"),
        PictureKind.LABEL: say("Label"),
        PictureKind.MACRO: say("Macro"),
        PictureKind.QUALITY_MAP: say("Quality map"),
    }[which]


def slide_name(view: ScanView) -> str:
    """Return the slide's barcode, or words for a scan that has none: not read yet, or nobody could read it."""
    if view.barcode:
        return view.barcode
    return say("no barcode") if view.attention is not None else say("new scan")
