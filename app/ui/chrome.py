"""What stays around the pages: header, rail, and status bar."""

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QButtonGroup, QFrame, QHBoxLayout, QLabel, QPushButton, QToolButton, QVBoxLayout, QWidget

from app.domain.run import Run
from app.services.views import StationView
from app.ui import wording
from app.ui.surfaces import label, pill, wear
from app.ui.theme import Theme
from app.ui.tokens import Tone

_REMARKS_FROM_PX = 1150
"""A narrower status bar keeps its words whole by leaving the remarks out."""


class Header(QFrame):
    """Product, scanner, what it does right now, who stands at it; `theme_wanted`, `hand_scanner_wanted` by buttons."""

    theme_wanted = Signal()
    hand_scanner_wanted = Signal()

    def __init__(self, theme: Theme, title: str, *, with_hand_scanner: bool = True) -> None:
        super().__init__()
        self.setObjectName("header")
        self._theme = theme
        self._scanner = pill()
        self._writing = pill()
        self._operator = pill()
        self._button = QToolButton()
        self._button.setObjectName("tool")
        self._button.setToolTip(self.tr("Light or dark"))
        self._button.setAccessibleName(self.tr("Light or dark colours"))
        self._button.clicked.connect(self.theme_wanted)
        self._hand_scanner = QToolButton()
        self._hand_scanner.setObjectName("tool")
        self._hand_scanner.setToolTip(self.tr("Set up the hand scanner (Ctrl+H)"))
        self._hand_scanner.setAccessibleName(self.tr("Set up the hand scanner"))
        self._hand_scanner.clicked.connect(self.hand_scanner_wanted)
        self._hand_scanner.setVisible(with_hand_scanner)
        row = QHBoxLayout(self)
        row.setContentsMargins(20, 9, 16, 9)
        row.setSpacing(12)
        row.addWidget(label(title, "product"))
        row.addWidget(self._scanner)
        row.addWidget(self._writing)
        row.addStretch(1)
        row.addWidget(self._operator)
        row.addWidget(self._hand_scanner)
        row.addWidget(self._button)
        self.recolour()

    def recolour(self) -> None:
        """Draw the icons in the colours in force."""
        for button, icon in ((self._button, "theme"), (self._hand_scanner, "barcode")):
            button.setIcon(self._theme.icons.icon(icon, self._theme.tokens.text_muted, size=20))

    def show_station(self, station: StationView, run: Run | None) -> None:
        """Bring all pills up to date."""
        self._scanner.setText(station.scanner)
        self._scanner.setToolTip(station.lab)
        text, tone = scanner_words(station)
        self._writing.setText(text)
        self._writing.setToolTip(station.scanner_trouble)
        wear(self._writing, tone)
        self._operator.setText(run.operator.name if run and run.ended_at is None else self.tr("no run"))


def scanner_words(station: StationView) -> tuple[str, Tone]:
    """Return what the scanner does, in words, and the tone of it."""
    say = wording.say
    if station.scanner_trouble:
        return f"✕ {station.scanner_trouble}", Tone.BAD
    if station.last_write_seconds is None:
        return say("○ scanner has written nothing yet"), Tone.QUIET
    if station.writing:
        return say("● scanner writing, {0}").format(wording.ago(station.last_write_seconds)), Tone.GOOD
    return say("○ scanner quiet, last wrote {0}").format(wording.ago(station.last_write_seconds)), Tone.QUIET


class Rail(QFrame):
    """The pages, one button each. `chosen` carries the page's number."""

    chosen = Signal(int)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("rail")
        self._theme = theme
        self._buttons: list[tuple[QToolButton, str]] = []
        self._group = QButtonGroup(self)
        self._group.setExclusive(True)
        self._group.idClicked.connect(self.chosen)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(7, 12, 7, 12)
        self._column.setSpacing(6)
        self._column.addStretch(1)

    def add(self, title: str, icon: str) -> None:
        """Add a page."""
        number = len(self._buttons)
        button = QToolButton()
        button.setObjectName("railButton")
        button.setText(title)
        button.setAccessibleName(title)
        button.setToolTip(f"{title} (Ctrl+{number + 1})")
        button.setCheckable(True)
        button.setChecked(number == 0)
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextUnderIcon)
        button.setIconSize(QSize(24, 24))
        button.setFixedWidth(round(self._theme.base_px * 4.3))
        self._group.addButton(button, number)
        self._buttons.append((button, icon))
        self._column.insertWidget(number, button)
        self.recolour()

    def select(self, number: int) -> None:
        """Show a page as the present one."""
        self._buttons[number][0].setChecked(True)

    def recolour(self) -> None:
        """Draw the icons in the colours in force."""
        tokens = self._theme.tokens
        for button, icon in self._buttons:
            button.setIcon(self._theme.icons.icon(icon, tokens.text_muted, tokens.shade(Tone.BUSY).strong, 24))


class StatusBar(QFrame):
    """Room on the scanner's disk, speed, sheet, share: each a word with its tone.

    `report_wanted` by its button, `share_wanted` by the share's, `sheet_wanted` by the sheet's.
    """

    report_wanted = Signal()
    share_wanted = Signal()
    sheet_wanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("statusBar")
        row = QHBoxLayout(self)
        row.setContentsMargins(20, 9, 16, 9)
        row.setSpacing(6)
        self._room = self._pair(row, self.tr("Room for"))
        self._rate = self._pair(row, self.tr("Transfer"))
        self._sheet = _Words(self.tr("Sheet"))
        self._sheet.clicked.connect(self.sheet_wanted)
        self._sheet_remark = label("", "small")
        for widget in (label(self.tr("Sheet"), "muted"), self._sheet, self._sheet_remark):
            row.addWidget(widget)
        row.addStretch(1)
        self._share = QPushButton()
        self._share.setObjectName("plain")
        self._share.setAccessibleName(self.tr("Share"))
        self._share.setToolTip(self.tr("How the share stands: checks, findings, leftovers, stations (Ctrl+4)"))
        self._share.clicked.connect(self.share_wanted)
        row.addWidget(label(self.tr("Share"), "muted"))
        row.addWidget(self._share)
        row.addSpacing(22)
        report = QPushButton(self.tr("Make report"))
        report.setObjectName("plain")
        report.setToolTip(self.tr("Write the PDF of this run and open it (Ctrl+R)"))
        report.clicked.connect(self.report_wanted)
        row.addWidget(report)

    def show_station(self, station: StationView) -> None:
        """Bring all states up to date."""
        room = station.room_for_slides
        self._set(
            self._room,
            "?" if room is None else self.tr("{0} more slides").format(room),
            self.tr("on this scanner") if not station.room_warning else self.tr("short of room"),
            Tone.QUIET if room is None else Tone.GOOD if room > 10 else Tone.WARN if room > 3 else Tone.BAD,
        )
        self._set(self._rate, *rate_words(station))
        self._set((self._sheet, self._sheet_remark), *sheet_words(station))
        words, tone = share_words(station)
        self._share.setText(words)
        wear(self._share, tone, "ink")

    def _pair(self, row: QHBoxLayout, title: str) -> tuple[QLabel, QLabel]:
        value, remark = label(""), label("", "small")
        value.setAccessibleName(title)
        for widget in (label(title, "muted"), value, remark):
            row.addWidget(widget)
        row.addSpacing(22)
        return value, remark

    def _set(self, pair: tuple["QLabel | _Words", QLabel], text: str, remark: str, tone: Tone) -> None:
        value, small = pair
        value.setText(text)
        small.setText(remark)
        small.setVisible(bool(remark) and self.width() >= _REMARKS_FROM_PX)
        wear(value, tone, "ink")


class _Words(QPushButton):
    """Words of the bar that can be pressed; cut where there is no room for them, whole in the tooltip."""

    _LEAST_PX = 90

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setObjectName("plain")
        self.setAccessibleName(name)
        self._words = ""

    def setText(self, text: str) -> None:
        """Show these words, as many as fit."""
        if text != self._words:
            self._words = text
            self.setToolTip(text)
            self.updateGeometry()
        self._fit()

    def sizeHint(self) -> QSize:
        """Return the room that all the words need."""
        hint, metrics = super().sizeHint(), self.fontMetrics()
        more = metrics.horizontalAdvance(self._words) - metrics.horizontalAdvance(self.text())
        return QSize(hint.width() + more, hint.height())

    def minimumSizeHint(self) -> QSize:
        """Return little: a long trouble must not make the window wider."""
        return QSize(self._LEAST_PX, super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Cut the words anew."""
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        frame = super().sizeHint().width() - self.fontMetrics().horizontalAdvance(self.text())
        room = self.width() - frame
        super().setText(self.fontMetrics().elidedText(self._words, Qt.TextElideMode.ElideRight, room))


def rate_words(station: StationView) -> tuple[str, str, Tone]:
    """Return how fast verified bytes arrive, a remark, and the tone."""
    say = wording.say
    if not station.copies:
        return say("idle"), "", Tone.QUIET
    remark = say("one at a time") if station.copies == 1 else say("{0} at a time").format(station.copies)
    if station.makes_way:
        remark = say("{0}, makes way for the scanner").format(remark)
    return wording.rate(station.rate) or say("at work"), remark, Tone.BUSY


def sheet_words(station: StationView) -> tuple[str, str, Tone]:
    """Return what waits to be written to the sheet, what is to be put right in it, and the tone."""
    say = wording.say
    findings = say("{0} to put right").format(station.sheet_findings) if station.sheet_findings else ""
    waiting = _waiting_words(station)
    if station.sheet_trouble:
        return " · ".join(part for part in (f"✕ {station.sheet_trouble}", waiting) if part), findings, Tone.BAD
    if waiting:
        return waiting, findings, Tone.WARN
    return say("✓ all written"), findings, Tone.GOOD


def _waiting_words(station: StationView) -> str:
    """Return how many slides wait for the sheet and when it is tried again, empty when none does."""
    say, again = wording.say, station.sheet_next_seconds
    if not station.sheet_pending:
        return ""
    waiting = say("{0} waiting").format(station.sheet_pending)
    return waiting if again is None else say("{0}, next try in {1}").format(waiting, wording.duration(round(again)))


def share_words(station: StationView) -> tuple[str, Tone]:
    """Return the share's state in words, and the tone."""
    if station.share_trouble:
        return f"✕ {station.share_trouble}", Tone.BAD
    if station.share_findings:
        return wording.say("✕ {0} file(s) damaged").format(station.share_findings), Tone.BAD
    return wording.say("✓ reachable"), Tone.GOOD


def row_of(*widgets: QWidget) -> QHBoxLayout:
    """Return the widgets side by side."""
    row = QHBoxLayout()
    row.setSpacing(8)
    for widget in widgets:
        row.addWidget(widget)
    return row
