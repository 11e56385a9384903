"""The left column of the home page: barcode, run, counts, what is expected next."""

from PySide6.QtCore import QModelIndex, QObject, QPersistentModelIndex, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QPainter
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QSizePolicy,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
)

from app.domain.run import SlideClass
from app.services.views import ExpectedView, HandScanAnswer, HandScanKind, RunView
from app.ui import painting, wording
from app.ui.surfaces import label, wear
from app.ui.theme import Theme
from app.ui.tokens import Tone

_KIND_TONES = {
    HandScanKind.EXPECTED: Tone.GOOD,
    HandScanKind.ADDED: Tone.GOOD,
    HandScanKind.AGAIN: Tone.BUSY,
    HandScanKind.NOT_IN_SHEET: Tone.WARN,
    HandScanKind.REFUSED: Tone.BAD,
}
_KIND_SIGNS = {
    HandScanKind.EXPECTED: "✓",
    HandScanKind.ADDED: "✓",
    HandScanKind.AGAIN: "↻",
    HandScanKind.NOT_IN_SHEET: "!",
    HandScanKind.REFUSED: "✕",
}


class BarcodeCard(QFrame):
    """The last scan's verdict, readable from a metre, and the field. `entered` carries what was typed."""

    entered = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("verdict")
        self._barcode = label(self.tr("Ready"), "huge")
        self._answer = label(self.tr("Scan a slide's barcode: no click needed"), wrap=True)
        self.field = QLineEdit()
        self.field.setPlaceholderText(self.tr("Scan or type a barcode"))
        self.field.setAccessibleName(self.tr("Barcode"))
        self.field.setClearButtonEnabled(True)
        self.field.returnPressed.connect(self._on_return)
        inside = QVBoxLayout(self)
        inside.setContentsMargins(16, 12, 16, 14)
        inside.setSpacing(5)
        self._title = label(self.tr("Last scan"), "cardTitle")
        inside.addWidget(self._title)
        inside.addWidget(self._barcode)
        inside.addWidget(self._answer)
        inside.addSpacing(4)
        inside.addWidget(self.field)
        wear(self, Tone.QUIET)

    def show_answer(self, answer: HandScanAnswer) -> None:
        """Say in colour, sign and words how the barcode was taken."""
        tone = _KIND_TONES[answer.kind]
        kind = f" · {answer.symbology}" if answer.symbology else ""
        self._title.setText(self.tr("Last scan") + kind)
        self._barcode.setText(answer.barcode)
        self._barcode.setToolTip(answer.barcode)
        self._answer.setText(f"{_KIND_SIGNS[answer.kind]} {answer.text}")
        wear(self, tone)
        wear(self._answer, tone, "ink")

    def _on_return(self) -> None:
        text = self.field.text().strip()
        if text:
            self.field.clear()
            self.entered.emit(text)


class RunCard(QFrame):
    """Who runs what since when, and when all will be safe. `start_wanted` while there is no run."""

    start_wanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("card")
        self._title = label("", "cardTitle")
        self._values = {name: label("") for name in ("operator", "started")}
        self._safe = label("", "big")
        self._note = label("", "small", wrap=True)
        self._start = QPushButton(self.tr("Start run…"))
        self._start.setObjectName("primary")
        self._start.clicked.connect(self.start_wanted)
        grid = QGridLayout(self)
        grid.setContentsMargins(16, 12, 16, 14)
        grid.setVerticalSpacing(5)
        grid.setColumnMinimumWidth(0, 104)
        grid.setColumnStretch(1, 1)
        grid.addWidget(self._title, 0, 0, 1, 2)
        self._lines: list[QLabel] = []
        rows = ((self.tr("Operator"), self._values["operator"]), (self.tr("Started"), self._values["started"]))
        for number, (title, value) in enumerate((*rows, (self.tr("All safe by"), self._safe)), start=1):
            left = label(title, "muted")
            grid.addWidget(left, number, 0)
            grid.addWidget(value, number, 1)
            self._lines += [left, value]
        grid.addWidget(self._note, 4, 0, 1, 2)
        grid.addWidget(self._start, 5, 0, 1, 2)

    def show_run(self, view: RunView, run_seconds: float) -> None:
        """Bring the card up to date; `run_seconds` is how long the run has lasted."""
        run = view.run
        going = run is not None and run.ended_at is None
        self._start.setVisible(not going)
        for line in self._lines:
            line.setVisible(run is not None)
        self._note.setText(view.safe_note)
        self._note.setVisible(run is not None and bool(view.safe_note))
        if run is None:
            self._title.setText(self.tr("No run yet"))
            return
        self._title.setText(self.tr("Run {0}").format(run.id))
        self._values["operator"].setText(run.operator.name)
        since = f"{wording.clock(run.started_at)}, {wording.duration(run_seconds)}"
        ended = self.tr("{0}, ended {1}").format(wording.clock(run.started_at), wording.clock(run.ended_at))
        self._values["started"].setText(since if going else ended)
        waiting = view.on_their_way or view.need_you or view.expected_not_scanned
        self._safe.setText(wording.clock(view.safe_at) or ("–" if waiting else self.tr("✓ all safe")))


class CountsCard(QFrame):
    """How many slides stand how."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("card")
        grid = QGridLayout(self)
        grid.setContentsMargins(16, 12, 16, 14)
        grid.setVerticalSpacing(5)
        grid.setColumnStretch(0, 1)
        grid.addWidget(label(self.tr("Slides of this run"), "cardTitle"), 0, 0, 1, 2)
        self._rows: list[tuple[QLabel, Tone]] = []
        for number, (title, tone) in enumerate(self._titles(), start=1):
            value = label("0", "strong")
            value.setAccessibleName(title)
            value.setAlignment(Qt.AlignmentFlag.AlignRight)
            grid.addWidget(label(title), number, 0)
            grid.addWidget(value, number, 1)
            self._rows.append((value, tone))

    def show_run(self, view: RunView) -> None:
        """Bring the numbers up to date; a zero is quiet."""
        numbers = (
            view.verified,
            view.on_their_way,
            view.need_you,
            view.expected_not_scanned,
            view.not_in_sheet,
            view.rescans,
        )
        for (value, tone), number in zip(self._rows, numbers, strict=True):
            value.setText(str(number))
            wear(value, tone if number else Tone.QUIET, "ink")

    def _titles(self) -> tuple[tuple[str, Tone], ...]:
        return (
            (self.tr("Verified on the share"), Tone.GOOD),
            (self.tr("On their way"), Tone.BUSY),
            (self.tr("Need you"), Tone.BAD),
            (self.tr("Expected, not scanned yet"), Tone.QUIET),
            (self.tr("Not in the sheet"), Tone.WARN),
            (self.tr("Rescans"), Tone.QUIET),
        )


_CLASS_TONES = {
    SlideClass.COMPLETE: Tone.GOOD,
    SlideClass.ON_ITS_WAY: Tone.BUSY,
    SlideClass.EXPECTED: Tone.QUIET,
    SlideClass.RESCAN: Tone.QUIET,
    SlideClass.FAILED: Tone.BAD,
}
_ORDER = (SlideClass.COMPLETE, SlideClass.ON_ITS_WAY)


class ExpectedCard(QFrame):
    """The slides still to come first, then those on their way and those done. `list_wanted` by its button."""

    list_wanted = Signal()

    def __init__(self, theme: Theme, *, with_lists: bool) -> None:
        super().__init__()
        frame_title = self.tr("Next expected")
        self.setObjectName("card")
        inside = QVBoxLayout(self)
        inside.setContentsMargins(16, 12, 10, 12)
        head = QHBoxLayout()
        head.addWidget(label(frame_title, "cardTitle"), 1)
        from_file = QPushButton(self.tr("From a file…"), self)
        from_file.setObjectName("plain")
        from_file.setToolTip(self.tr("Expect the slides of a list, .xlsx or .csv; or drop it on the window (Ctrl+I)"))
        from_file.clicked.connect(self.list_wanted)
        from_file.setVisible(with_lists)
        head.addWidget(from_file)
        inside.addLayout(head)
        self._list = QListWidget()
        self._list.setAccessibleName(frame_title)
        self._list.setUniformItemSizes(True)
        self._list.setItemDelegate(_ExpectedDelegate(theme, self._list))
        self._list.setSelectionMode(QListWidget.SelectionMode.NoSelection)
        self._list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._list.setObjectName("plainList")
        self._list.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Ignored)
        self.setMinimumHeight(round(theme.base_px * 8))
        self._empty = label(
            self.tr("Nothing expected: scan the slides of the rack, one after the other"), "muted", wrap=True
        )
        inside.addWidget(self._empty, 1, Qt.AlignmentFlag.AlignTop)
        inside.addWidget(self._list, 1)
        self._shown: tuple[ExpectedView, ...] | None = None

    def show_run(self, view: RunView) -> None:
        """Bring the list up to date."""
        if view.expected == self._shown:
            return
        self._shown = view.expected
        self._empty.setVisible(not view.expected)
        self._list.setVisible(bool(view.expected))
        self._list.clear()
        for expected in sorted(
            view.expected, key=lambda each: _ORDER.index(each.klass) + 1 if each.klass in _ORDER else 0
        ):
            text = f"{expected.barcode}  {expected.summary}  {wording.slide_class(expected.klass)}"
            item = QListWidgetItem(text)
            item.setToolTip(text)
            item.setData(Qt.ItemDataRole.UserRole, (expected.barcode, expected.summary, expected.klass.value))
            self._list.addItem(item)


class _ExpectedDelegate(QStyledItemDelegate):
    """Draws barcode, row in short, and class of one expected slide."""

    def __init__(self, theme: Theme, parent: QObject) -> None:
        super().__init__(parent)
        self._theme = theme

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        """Return the height of a line."""
        return QSize(100, round(self._theme.base_px * 1.75))

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        """Draw one line."""
        barcode, summary, klass = index.data(Qt.ItemDataRole.UserRole)
        tokens, box = self._theme.tokens, QRectF(option.rect).adjusted(0, 0, -6, 0)
        tone = _CLASS_TONES.get(SlideClass(klass), Tone.WARN)
        small, plain = self._theme.font(0.86), self._theme.font(1.0, bold=True)
        words = wording.slide_class(SlideClass(klass))
        painter.setFont(small)
        painter.setPen(QColor(tokens.shade(tone).strong))
        painter.drawText(box, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, words)
        right = box.right() - painter.fontMetrics().horizontalAdvance(words) - 10
        painting.line_of_text(painter, box, barcode, plain, tokens.text)
        left = box.left() + painter.fontMetrics().horizontalAdvance(barcode) + 10
        room = QRectF(left, box.top(), max(0.0, right - left), box.height())
        painting.line_of_text(painter, room, painting.elided(summary, small, room.width()), small, tokens.text_muted)
