"""What came of thresholds that were tried, for people: tables of text."""

from collections.abc import Callable, Iterator, Sequence

from app.domain.focus_calibration import FEWEST, Optics
from app.domain.quality import Verdict
from app.domain.tuning import ChangedVerdict, PastVerdict, Said, TriedValue
from app.pipeline.quality_limits import LEARNED
from app.services.tuning import FocusLesson, Trial, TuningReport

MOST_CHANGES = 40
"""How many changed verdicts are listed; the JSON document has all."""
_NOTHING_YET = "The journal holds no quality verdicts yet: thresholds can be tried once slides were scanned."
_NOTHING_MEANT = "The journal holds no quality verdicts of that time: there is nothing to try thresholds on."
_MEANING = """An alarm is a review or a rescan: right where people ordered a rescan or scanned again, false where they
accepted the scan. Missed is what they scanned again without an alarm."""
Row = tuple[str, ...]


def tuning_text(report: TuningReport, trial: Trial, settings_file: str) -> str:
    """Return the whole answer in paragraphs; `settings_file` is where the thresholds would have to be written."""
    if not report.past.verdicts:
        return _NOTHING_YET if trial.since is None else _NOTHING_MEANT
    paragraphs = (
        _heading(report.past.verdicts),
        _compared(report),
        _changes(report.changes),
        _range("blur limit", report.blur, trial.blur_limit_percent, _percent),
        _range("focus limit", report.focus, trial.focus_review, _ratio),
        "\n".join(_lesson(optics, lesson) for optics, lesson in report.past.lessons.items()),
        _advice(trial, settings_file),
    )
    return "\n\n".join(paragraph for paragraph in paragraphs if paragraph)


def _heading(pasts: Sequence[PastVerdict]) -> str:
    first, last = pasts[0].found_at, pasts[-1].found_at
    scanners = ", ".join(sorted({past.optics.scanner for past in pasts}))
    scans = "1 scan" if len(pasts) == 1 else f"{len(pasts)} scans"
    said = {each: sum(past.said is each for past in pasts) for each in Said}
    people = (
        "Nobody has accepted or overruled a verdict yet, nor scanned a slide again: which alarms were right cannot be"
        " told."
        if said[Said.NOTHING] == len(pasts)
        else f"People accepted {said[Said.ACCEPTED]}, ordered a rescan of {said[Said.RESCAN_ORDERED]} and scanned"
        f" {said[Said.SCANNED_AGAIN]} again without a word; of {said[Said.NOTHING]} nobody said anything."
    )
    days = dict.fromkeys((f"{first:%Y-%m-%d}", f"{last:%Y-%m-%d}"))
    return f"Tried on {scans} of {scanners}, {' to '.join(days)}. Nothing is changed.\n{people}"


def _compared(report: TuningReport) -> str:
    then, now, tried = report.then, report.now, report.tried
    rows = [
        ("", "as judged", "with these"),
        ("blur limit", "", f"{tried.blur_limit_percent:g} %"),
        ("focus limit", "", _focus_limit(report)),
        ("least tissue", "", f"{tried.tissue_min_percent:g} %"),
        *((_word(each), str(then.verdicts[each]), str(now.verdicts[each])) for each in Verdict),
        ("alarms that were right", str(then.right), str(now.right)),
        ("false alarms", str(then.false), str(now.false)),
        ("missed", str(then.missed), str(now.missed)),
        ("alarms nobody answered", str(then.unanswered), str(now.unanswered)),
    ]
    return "\n".join((*_table(rows, left=(0,)), _MEANING))


def _focus_limit(report: TuningReport) -> str:
    learns = report.tried.focus_calibration == LEARNED
    learned = learns and any(lesson.learned for lesson in report.past.lessons.values())
    return LEARNED if learned else _ratio(report.tried.focus_review)


def _changes(changes: Sequence[ChangedVerdict]) -> str:
    if not changes:
        return "No verdict would change."
    head = "1 verdict would change:" if len(changes) == 1 else f"{len(changes)} verdicts would change:"
    rows: list[Row] = [("slide", "blurred", "focus", "tissue", "then", "now", "what people said")]
    rows += [_change(each) for each in changes[:MOST_CHANGES]]
    more = len(changes) - MOST_CHANGES
    tail = [f"… and {more} more; --json lists all."] if more > 0 else []
    return "\n".join((head, *_table(rows, left=(0, 4, 5, 6)), *tail))


def _change(each: ChangedVerdict) -> tuple[str, ...]:
    past, numbers = each.past, each.past.quality.numbers
    said = past.said.value
    return (
        past.barcode or past.scan,
        _percent(numbers.blurry_percent),
        _ratio(numbers.focus),
        _percent(numbers.tissue_percent),
        _word(past.quality.verdict),
        _word(each.now),
        f"{said}: {past.why}" if past.why else said,
    )


def _range(name: str, values: Sequence[TriedValue], tried: float | None, words: Callable[[float | None], str]) -> str:
    rows: list[Row] = [(name, "alarms", "right", "false", "missed", "unanswered", "")]
    for each in values:
        tally = each.tally
        counts = (tally.alarms, tally.right, tally.false, tally.missed, tally.unanswered)
        value = LEARNED if each.value is None else words(each.value)
        mark = "← tried" if each.value is not None and each.value == tried else ""
        rows.append((value, *map(str, counts), "← in force" if each.in_force else mark))
    return "\n".join(_table(rows, left=(6,)))


def _lesson(optics: Optics, lesson: FocusLesson) -> str:
    serial = f" (serial {optics.serial})" if optics.serial else ""
    newest = "" if lesson.newest is None else f"; the newest measure {_ratio(lesson.newest)}"
    if lesson.learned is None:
        return f"Focus of {optics.words}{serial}: not learned, fewer than {FEWEST} slides were accepted{newest}."
    learned = lesson.learned
    return (
        f"Focus of {optics.words}{serial}: {learned.slides} accepted slides measure {learned.usual:.3f} ±"
        f" {learned.spread:.3f}, so the limit is {learned.limit:.3f}{newest}."
    )


def _advice(trial: Trial, settings_file: str) -> str:
    changes = trial.changes()
    if not changes:
        return "Try others with --blur PERCENT, --focus RATIO, --tissue PERCENT."
    lines = [f'{key} = "{value}"' if isinstance(value, str) else f"{key} = {value}" for key, value in changes.items()]
    return "\n".join((f"To use these, write into {settings_file}:", "  [quality]", *(f"  {line}" for line in lines)))


def _word(verdict: Verdict) -> str:
    return verdict.value.replace("_", " ")


def _percent(value: float | None) -> str:
    return "–" if value is None else f"{value:.1f} %"


def _ratio(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"


def _table(rows: Sequence[Sequence[str]], left: Sequence[int]) -> Iterator[str]:
    """Yield lines whose columns stand under each other, those in `left` flush left, the others flush right."""
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (
            cell.ljust(width) if place in left else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        yield ("  " + "   ".join(cells)).rstrip()
