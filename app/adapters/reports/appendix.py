"""The appendix: full checksums, the steps' durations and messages, the settings in force."""

from collections.abc import Iterator, Sequence

from app.adapters.reports import look
from app.adapters.reports.pages import Pages
from app.adapters.reports.table import Column, Row, Table
from app.adapters.reports.text import Block, Text
from app.adapters.reports.wording import duration
from app.domain.report import RunReport, SlideLine, StepLine
from app.domain.step import StepState

STEPS_IN_A_TABLE = 13
_SLIDE_WIDTH = 118.0
_HEADING_HEIGHT = 60.0
"""What a heading and the note below it take, in points."""


def draw_appendix(pages: Pages, report: RunReport) -> None:
    """Draw the three parts of the appendix."""
    _draw_checksums(pages, report)
    _draw_durations(pages, report)
    _draw_messages(pages, report)
    _draw_settings(pages, report)
    pages.y -= 10
    pages.place(
        Text(
            "Characters that the fonts of this report lack are printed as [U+1F52C], control and invisible characters "
            "as \ufffd. The attached run.json holds all texts as they are.",
            look.NOTE,
        )
    )


def manifest_line(sha256: str, path: str) -> str:
    """Return one line of a manifest as sha256sum writes it: names with line ends or backslashes are escaped."""
    escaped = path.replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r")
    return f"{'' if escaped == path else chr(92)}{sha256}  {escaped}"


def manifest(report: RunReport) -> bytes:
    """Return the report's files in the form that `sha256sum -c` reads, one a line; names keep the bytes they have."""
    return b"".join(_name_bytes(f"{line}\n") for line in _manifest_lines(report))


def _name_bytes(line: str) -> bytes:
    try:
        return line.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:  # a half surrogate of a Windows name, which no byte stands for
        return line.encode("utf-8", "surrogatepass")


def _manifest_lines(report: RunReport) -> Iterator[str]:
    return (manifest_line(file.sha256, file.destination) for slide in report.slides for file in slide.files)


def _draw_checksums(pages: Pages, report: RunReport) -> None:
    pages.section("Appendix A: Checksums", "checksums")
    if not any(slide.files for slide in report.slides):
        pages.place(Text("No file was verified.", look.BODY), gap=4)
        return
    note = (
        "To check the files, save the attached manifest.sha256 in the destination's root "
        "and run “sha256sum -c manifest.sha256” there."
    )
    pages.place(Text(note, look.NOTE), gap=5)
    columns = (Column("SHA-256 and path below the destination's root", look.WIDTH),)
    Table(columns, pad_y=1.6).flow(pages, (Row((Text(line, look.CODE),)) for line in _manifest_lines(report)))


def _draw_durations(pages: Pages, report: RunReport) -> None:
    titles = list(dict.fromkeys(step.title for slide in report.slides for step in slide.steps))
    shares = [titles[start : start + STEPS_IN_A_TABLE] for start in range(0, len(titles), STEPS_IN_A_TABLE)]
    tables = [Table(_columns_of(shown), pad_y=3) for shown in shares]
    need = _HEADING_HEIGHT + (tables[0].opening_height if tables else 0.0)
    pages.section("Appendix B: Step Durations", "durations", need=need)
    if not titles:
        pages.place(Text("No step has been taken.", look.BODY), gap=4)
        return
    note = "Work of the last attempt. ×2 tells the attempts; steps that did not succeed name their state."
    pages.place(Text(note, look.NOTE), gap=5)
    for table, shown in zip(tables, shares, strict=True):
        table.flow(pages, (_durations(slide, shown) for slide in report.slides))
        pages.y -= 8


def _columns_of(titles: Sequence[str]) -> tuple[Column, ...]:
    width = (look.WIDTH - _SLIDE_WIDTH) / len(titles) if len(titles) > 4 else 90.0
    return Column("Slide", _SLIDE_WIDTH), *(Column(title, width, "right") for title in titles)


def _durations(slide: SlideLine, titles: Sequence[str]) -> Row:
    steps = {step.title: step for step in slide.steps}
    cells: list[Block] = [Text(_name(slide), look.CELL)]
    cells.extend(_duration(steps.get(title)) for title in titles)
    return Row(tuple(cells))


def _duration(step: StepLine | None) -> Block:
    soft, plain = look.CELL_SOFT.aligned("right"), look.CELL.aligned("right")
    if step is None:
        return Text("–", soft)
    times = f" ×{step.attempts}" if step.attempts > 1 else ""
    if step.state is StepState.SUCCEEDED:
        return Text(duration(step.seconds) + times, plain)
    if step.state is StepState.SKIPPED:
        return Text("Skipped", soft)
    worked = f"\n{duration(step.seconds)}{times}" if step.seconds else ""
    return Text(step.state.title + worked, plain.coloured(look.AMBER))


def _draw_messages(pages: Pages, report: RunReport) -> None:
    rows = list(_message_rows(report))
    if not rows:
        return
    pages.section("Appendix C: Messages of Steps", "messages")
    columns = (
        Column("Slide", _SLIDE_WIDTH),
        Column("Step", 120),
        Column("State", 90),
        Column("Attempts", 50, "right"),
        Column("Message", look.WIDTH - _SLIDE_WIDTH - 260),
    )
    Table(columns, pad_y=3).flow(pages, rows)


def _message_rows(report: RunReport) -> Iterator[Row]:
    """Yield what steps said that were repeated or did not succeed."""
    for slide in report.slides:
        for step in slide.steps:
            if step.message and (step.attempts > 1 or step.state is not StepState.SUCCEEDED):
                yield Row(
                    (
                        Text(_name(slide), look.CELL),
                        Text(step.title, look.CELL),
                        Text(step.state.title, look.CELL),
                        Text(str(step.attempts), look.CELL.aligned("right")),
                        Text(step.message, look.CELL),
                    )
                )


def _draw_settings(pages: Pages, report: RunReport) -> None:
    pages.section("Appendix D: Settings in Force", "settings")
    if not report.settings:
        pages.place(Text("All settings had their defaults.", look.BODY), gap=4)
        return
    columns = (Column("Setting", 260), Column("Value", look.WIDTH - 260))
    rows = (Row((Text(name, look.CELL), Text(value, look.CELL))) for name, value in report.settings)
    Table(columns, pad_y=2.5).flow(pages, rows)


def _name(slide: SlideLine) -> str:
    return slide.barcode or slide.source_name
