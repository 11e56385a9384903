"""The home page: left what the operator does, right the slides, those that need a person first."""

from datetime import datetime

from PySide6.QtCore import QPoint, Qt, QTimer, Signal
from PySide6.QtGui import QFont, QFontMetrics, QResizeEvent
from PySide6.QtWidgets import (
    QBoxLayout,
    QButtonGroup,
    QFrame,
    QHBoxLayout,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from app.domain.scan import ScanId
from app.domain.step import StepState
from app.services.views import HandScanAnswer, OperatorsDesk, ScanView
from app.ui.cards_model import CardsModel
from app.ui.cards_view import CardsView
from app.ui.pictures import Pictures
from app.ui.rows import Wanted, of_this_run
from app.ui.run_column import BarcodeCard, CountsCard, ExpectedCard, RunCard
from app.ui.surfaces import label
from app.ui.theme import Theme

_NEED = (StepState.NEEDS_ATTENTION, StepState.FAILED, StepState.BLOCKED)
_COLUMN_FROM = 58
"""The narrowest page with a left column, in units of the text's size."""
_CHIP_FRAME_PX = 32
"""What a chip needs beside its text: padding, border, and the roundness of its ends."""
_SAFE = (StepState.SUCCEEDED,)


def needs_you(view: ScanView) -> bool:
    """Return whether a person has to look at this scan."""
    return view.state in _NEED


def safe(view: ScanView) -> bool:
    """Return whether this scan is done."""
    return view.state in _SAFE


def on_its_way(view: ScanView) -> bool:
    """Return whether this scan goes on by itself."""
    resting = needs_you(view) or safe(view) or view.state is StepState.CANCELLED
    return not resting and not view.earlier


_FILTERS: tuple[Wanted, ...] = (of_this_run, needs_you, on_its_way, safe)


class RunPage(QWidget):
    """Puts the column and the cards side by side; asks for acts by signals."""

    barcode_entered = Signal(str)
    list_wanted = Signal()
    start_wanted = Signal()
    end_wanted = Signal()
    pause_all_wanted = Signal()
    menu_wanted = Signal(QPoint)
    room_wanted = Signal()

    def __init__(self, desk: OperatorsDesk, theme: Theme, pictures: Pictures) -> None:
        super().__init__()
        self.setObjectName("page")
        self._desk = desk
        self._theme = theme
        self.model = CardsModel(desk, self)
        self.cards = CardsView(self.model, theme, pictures, self)
        self.barcode = BarcodeCard()
        self._run = RunCard()
        self._counts = CountsCard()
        self._expected = ExpectedCard(theme, with_lists=bool(desk.sheet.list_kinds))
        self._title = label(self.tr("Slides"), "pageTitle")
        self._chips = QButtonGroup(self)
        self._pause_all = QPushButton(self.tr("Pause all"))
        self._end = QPushButton(self.tr("End run and report"))
        self._end.setObjectName("primary")
        whole = QHBoxLayout(self)
        whole.setContentsMargins(16, 16, 4, 0)
        whole.setSpacing(16)
        self._column = self._left(theme)
        self._head = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._titles, self._acts = QHBoxLayout(), QHBoxLayout()
        whole.addWidget(self._column)
        whole.addLayout(self._right(), 1)
        self._connect()
        self.cards.empty_hint = self.tr("Scan a slide's barcode, or put a rack into the scanner")
        QTimer.singleShot(0, self.refresh)

    def refresh(self) -> None:
        """Bring everything but the cards up to date."""
        view = self._desk.run()
        going = view.run is not None and view.run.ended_at is None
        started = view.run.started_at if view.run else None
        seconds = (datetime.now().astimezone() - started).total_seconds() if started else 0.0
        self._run.show_run(view, max(0.0, seconds))
        self._counts.show_run(view)
        self._expected.show_run(view)
        self._end.setEnabled(going)
        self._count_chips()
        if self.model.rowCount() == 0:
            self._say_empty(going=going)

    def selected(self) -> tuple[ScanId, ...]:
        """Return the scans of the selected cards, top to bottom."""
        rows = sorted(index.row() for index in self.cards.selectionModel().selectedIndexes())
        return tuple(self.model.view_at(row).id for row in rows)

    def show_answer(self, answer: HandScanAnswer) -> None:
        """Say how a barcode was taken, and bring its card into sight."""
        if self._column.isHidden():
            self.room_wanted.emit()
        self.barcode.show_answer(answer)
        row = self.model.row_of(answer.scan) if answer.scan else None
        if row is not None:
            self.cards.setCurrentIndex(self.model.index(row, 0))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Lay the head out anew for the new width."""
        self._fit()
        super().resizeEvent(event)

    def _fit(self) -> None:
        """Give narrow pages to the slides: the column steps back, the buttons go below the chips, the title goes."""
        em, ways = self._theme.base_px, QBoxLayout.Direction
        chips = sum(chip.minimumWidth() + self._titles.spacing() for chip in self._chips.buttons())
        with_column = max(_COLUMN_FROM * em, self._column.width() + chips + 4 * em)
        self._column.setVisible(self.width() >= with_column)
        room = self.width() - (self._column.width() if self.width() >= with_column else 0) - 4 * em
        titles = chips + self._title.sizeHint().width() + 2 * self._titles.spacing()
        self._title.setVisible(room >= titles)
        wanted = titles + self._acts.minimumSize().width() + self._head.spacing()
        self._head.setDirection(ways.LeftToRight if room >= wanted else ways.TopToBottom)

    def _left(self, theme: Theme) -> QWidget:
        column = QWidget()
        column.setObjectName("panelContent")
        inside = QVBoxLayout(column)
        inside.setContentsMargins(0, 0, 4, 16)
        inside.setSpacing(12)
        for part in (self.barcode, self._run, self._counts):
            inside.addWidget(part)
        inside.addWidget(self._expected, 1)
        scroll = QScrollArea()
        scroll.setWidget(column)
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setFixedWidth(round(theme.base_px * 24.8))
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        return scroll

    def _right(self) -> QVBoxLayout:
        left, acts = self._titles, self._acts
        left.setSpacing(8)
        acts.setSpacing(8)
        self._title.setContentsMargins(0, 0, 6, 0)
        left.addWidget(self._title)
        for number in range(len(_FILTERS)):
            chip = QPushButton()
            chip.setObjectName("chip")
            chip.setCheckable(True)
            chip.setChecked(number == 0)
            self._chips.addButton(chip, number)
            left.addWidget(chip)
        left.addStretch(1)
        acts.addStretch(1)
        acts.addWidget(self._pause_all)
        acts.addWidget(self._end)
        self._head.setContentsMargins(0, 0, 12, 0)
        self._head.setSpacing(10)
        self._head.addLayout(left, 1)
        self._head.addLayout(acts)
        right = QVBoxLayout()
        right.setSpacing(12)
        right.addLayout(self._head)
        right.addWidget(self.cards, 1)
        return right

    def _connect(self) -> None:
        self.barcode.entered.connect(self.barcode_entered)
        self._run.start_wanted.connect(self.start_wanted)
        self._expected.list_wanted.connect(self.list_wanted)
        self._end.clicked.connect(self.end_wanted)
        self._pause_all.clicked.connect(self.pause_all_wanted)
        self.cards.menu_wanted.connect(self.menu_wanted)
        self._chips.idClicked.connect(lambda number: self.model.want(_FILTERS[number]))

    def _count_chips(self) -> None:
        views, grew = self._desk.scans(), False
        titles = (self.tr("All"), self.tr("Need you"), self.tr("On their way"), self.tr("Safe"))
        for number, (title, wanted) in enumerate(zip(titles, _FILTERS, strict=True)):
            button = self._chips.button(number)
            text = f"{title}  {sum(1 for view in views if wanted(view))}"
            if button.text() != text:
                button.setText(text)
                bold = button.font()
                bold.setWeight(QFont.Weight.DemiBold)  # as the stylesheet has it where the chip is checked
                button.setMinimumWidth(QFontMetrics(bold).horizontalAdvance(text) + _CHIP_FRAME_PX)
                grew = True
        if grew:
            self._fit()
        moving = [view for view in views if on_its_way(view)]
        paused = bool(moving) and all(view.paused for view in moving)
        self._pause_all.setText(self.tr("Resume all") if paused else self.tr("Pause all"))
        self._pause_all.setEnabled(bool(moving))

    def _say_empty(self, *, going: bool) -> None:
        filtered = self._chips.checkedId() > 0
        if filtered:
            self.cards.empty_title = self.tr("No slide here")
            self.cards.empty_hint = self.tr("Other slides of this run are under “All”")
        elif going:
            self.cards.empty_title = self.tr("Ready for the first slide")
            scanner = self._desk.station().scanner
            self.cards.empty_hint = self.tr("Scan a slide's barcode or put a rack into {0}").format(scanner)
        else:
            self.cards.empty_title = self.tr("No run yet")
            self.cards.empty_hint = self.tr("Press “Start run…”, then scan the slides of your rack")
        self.cards.viewport().update()
