"""The main window: puts header, rail, pages, panel and status bar together and connects them with the desk."""

import asyncio
from pathlib import Path

from PySide6.QtCore import QPoint, QSettings, QSize, Qt, QTimer
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import QHBoxLayout, QMainWindow, QSplitter, QStackedWidget, QVBoxLayout, QWidget

from app.domain.errors import SlideferryError
from app.domain.scan import ScanId
from app.domain.slide import PictureKind
from app.domain.step import StepId
from app.services.hand_scanner import HandScanner
from app.services.views import Choice, HandScanAnswer, OperatorsDesk
from app.ui.acts import Acts
from app.ui.banner import Banner, RoomNote
from app.ui.chrome import Header, Rail, StatusBar
from app.ui.commands import Commands
from app.ui.dialogs.question import Asker
from app.ui.errands import Errands
from app.ui.feed import Feed
from app.ui.hand_scans import HandScans
from app.ui.pictures import Pictures
from app.ui.queue_page import QueuePage
from app.ui.report_page import ReportPage
from app.ui.run_page import RunPage, on_its_way
from app.ui.share_page import SharePage
from app.ui.slide_lists import SlideLists
from app.ui.slide_panel import SlidePanel
from app.ui.theme import Theme, ThemeChoice
from app.ui.tokens import DARK
from app.ui.wedge_filter import WedgeFilter

_TICK_MS = 1000
RUN, QUEUE, REPORT, SHARE = range(4)


class MainWindow(QMainWindow):
    """Shows the desk and passes on what a person wants. `closing` is set when a person wants to close it."""

    def __init__(
        self,
        desk: OperatorsDesk,
        theme: Theme,
        wedge: WedgeFilter,
        title: str,
        hand_scanner: HandScanner | None = None,
    ) -> None:
        super().__init__()
        self.setWindowTitle(title)
        self.closing = asyncio.Event()
        self.desk, self.theme, self.wedge = desk, theme, wedge
        self.errands = Errands(self)
        self.asker = Asker(self)
        self.acts = Acts(desk, self.errands, self.asker, self)
        self.hand_scans = HandScans(desk, wedge, self.errands, self.asker, hand_scanner)
        self.slide_lists = SlideLists(desk, self.errands, self.asker, self)
        self._feed = Feed(desk, self)
        self.pictures = Pictures(desk, self.errands, self)
        self.header = Header(theme, title, with_hand_scanner=hand_scanner is not None)
        self.rail = Rail(theme)
        self.banner = Banner(theme)
        self.room_note = RoomNote()
        self.status = StatusBar()
        self.pages = QStackedWidget()
        self.run_page = RunPage(desk, theme, self.pictures)
        self.queue_page = QueuePage(desk, theme, self.pictures)
        self.report_page = ReportPage(desk)
        self.share_page = SharePage(desk, self.errands, self.asker)
        self.panel = SlidePanel(desk, self.errands, theme)
        self.splitter = QSplitter(Qt.Orientation.Horizontal)
        self._build()
        self.commands = Commands(self)
        self._connect()
        self._tick = QTimer(self)
        self._tick.setInterval(_TICK_MS)
        self._tick.timeout.connect(self._refresh_slow)
        self._tick.start()
        self._refresh_slow()
        self.pictures.look_at(view.id for view in self.queue_page.model.views())
        self.run_page.cards.setFocus()

    def show_page(self, number: int) -> None:
        """Turn to a page."""
        self.rail.select(number)
        self.pages.setCurrentIndex(number)
        self._refresh_slow()
        if number == SHARE:
            self.share_page.look()

    def open_scan(self, scan: ScanId, kind: PictureKind = PictureKind.THUMBNAIL) -> None:
        """Open the Slide panel beside the page."""
        first = not self.panel.isVisible()
        self.panel.open_scan(scan, kind)
        if first:
            wide = round(self.theme.base_px * 27)
            self.splitter.setSizes([max(400, self.splitter.width() - wide), wide])

    def selected(self) -> tuple[ScanId, ...]:
        """Return the scans selected on the page in front; without any, the one in the panel."""
        if self.pages.currentIndex() == RUN:
            found = self.run_page.selected()
        elif self.pages.currentIndex() == QUEUE:
            found = self.queue_page.selected()
        else:
            found = ()
        return found or ((self.panel.scan,) if self.panel.scan is not None else ())

    def reload(self) -> None:
        """Read everything anew (F5)."""
        self.run_page.model.reload()
        self.queue_page.model.reload()
        self.panel.refresh()
        self._refresh_slow()

    def pause_all(self) -> None:
        """Pause what goes on by itself, or let it go on if all of it is paused."""
        moving = [view for view in self.desk.scans() if on_its_way(view)]
        ids = [view.id for view in moving]
        if moving and all(view.paused for view in moving):
            self.acts.resume(ids)
        else:
            self.acts.pause(ids)

    def toggle_theme(self) -> None:
        """Change between light and dark."""
        self.theme.choose(ThemeChoice.LIGHT if self.theme.tokens is DARK else ThemeChoice.DARK)

    def closeEvent(self, event: QCloseEvent) -> None:
        """Ask the owner of the loop to close; the window itself goes when everything has ended."""
        event.ignore()
        self.closing.set()

    async def close_down(self) -> None:
        """Stop hearing the desk, end every task of the window, then hide it."""
        self._tick.stop()
        self._feed.close()
        self.acts.sheet.close()
        await self.errands.close()
        self.hide()

    def remember(self, store: QSettings | None) -> None:
        """Write down place and columns."""
        if store is None:
            return
        store.setValue("geometry", self.saveGeometry())
        store.setValue("queue", self.queue_page.table.horizontalHeader().saveState())

    def recall(self, store: QSettings | None) -> None:
        """Take the place and columns of the last time."""
        geometry = store.value("geometry") if store else None
        queue = store.value("queue") if store else None
        if geometry is None or not self.restoreGeometry(geometry):
            room = self.screen().availableSize()
            # The system puts a frame around it: 48 px leave room for one.
            self.resize(QSize(min(1600, room.width() - 16), min(1000, room.height() - 48)))
        if queue is not None:
            self.queue_page.table.horizontalHeader().restoreState(queue)

    def _build(self) -> None:
        titles = (self.tr("Run"), self.tr("Queue"), self.tr("Report"), self.tr("Share"))
        for title, icon in zip(titles, ("run", "queue", "report", "share"), strict=True):
            self.rail.add(title, icon)
        for page in (self.run_page, self.queue_page, self.report_page, self.share_page):
            self.pages.addWidget(page)
        self.splitter.addWidget(self.pages)
        self.splitter.addWidget(self.panel)
        self.splitter.setChildrenCollapsible(False)
        self.splitter.setStretchFactor(0, 1)
        self.splitter.setHandleWidth(1)
        middle = QVBoxLayout()
        middle.setSpacing(0)
        middle.addWidget(self.banner)
        middle.addWidget(self.room_note)
        middle.addWidget(self.splitter, 1)
        row = QHBoxLayout()
        row.setSpacing(0)
        row.addWidget(self.rail)
        row.addLayout(middle, 1)
        body = QWidget()
        body.setObjectName("body")
        whole = QVBoxLayout(body)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addWidget(self.header)
        whole.addLayout(row, 1)
        whole.addWidget(self.status)
        self.setCentralWidget(body)
        self.setMinimumSize(960, 620)

    def _connect(self) -> None:
        self.hand_scans.answered.connect(self._on_answer)
        self.errands.failed.connect(self._on_failed)
        self._feed.changed.connect(self._on_changed)
        self.rail.chosen.connect(self.show_page)
        self.header.theme_wanted.connect(self.toggle_theme)
        self.header.hand_scanner_wanted.connect(self.hand_scans.set_up)
        self.theme.changed.connect(self._recolour)
        self.status.report_wanted.connect(self.acts.report)
        self.status.sheet_wanted.connect(self.acts.sheet.show_sheet)
        self.status.share_wanted.connect(lambda: self.show_page(SHARE))
        self.run_page.barcode_entered.connect(self.hand_scans.take_typed)
        self.run_page.list_wanted.connect(self.slide_lists.choose)
        self.run_page.start_wanted.connect(self.acts.start_run)
        self.run_page.end_wanted.connect(self.acts.end_run)
        self.run_page.pause_all_wanted.connect(self.pause_all)
        self.report_page.report_wanted.connect(self.acts.report)
        self.report_page.end_wanted.connect(self.acts.end_run)
        self.acts.report_written.connect(self._on_report)
        self.acts.run_changed.connect(self.reload)
        self.acts.look_closer.connect(lambda scan: self.open_scan(ScanId(scan)))
        for opened in (self.run_page.cards.opened, self.queue_page.opened):
            opened.connect(lambda scan: self.open_scan(ScanId(scan)))
        for menu_wanted in (self.run_page.menu_wanted, self.queue_page.menu_wanted):
            menu_wanted.connect(self.commands.show_menu)
        self.run_page.room_wanted.connect(self.panel.close_panel)
        self.run_page.cards.chosen.connect(self._on_choice)
        self.panel.chosen.connect(self._on_choice)
        self.panel.step_menu_wanted.connect(self._on_step_menu)
        self.panel.keep_wanted.connect(self._on_keep_wanted)
        self.panel.row_wanted.connect(lambda scan: self.acts.sheet.open_row_of(ScanId(scan)))

    def _refresh_slow(self) -> None:
        """Refresh what changes with time alone, and whatever is in front."""
        station, run = self.desk.station(), self.desk.run()
        self.header.show_station(station, run.run)
        self.status.show_station(station)
        self.room_note.show_warning(station.room_warning)
        self.acts.sheet.refresh()
        if self.pages.currentIndex() == RUN:
            self.run_page.refresh()
        elif self.pages.currentIndex() == REPORT:
            self.report_page.refresh()
        elif self.pages.currentIndex() == SHARE:
            self.share_page.show_station(station)

    def _on_changed(self, scans: frozenset[ScanId]) -> None:
        self.pictures.look_at(scans)
        self.run_page.model.take(scans)
        self.queue_page.model.take(scans)
        if self.panel.scan in scans:
            self.panel.refresh()
        self._refresh_slow()

    def _on_answer(self, answer: HandScanAnswer) -> None:
        self.run_page.show_answer(answer)
        if self.pages.currentIndex() != RUN:
            self.show_page(RUN)
        self._refresh_slow()

    def _on_keep_wanted(self, scan: str) -> None:
        self.acts.keep(ScanId(scan))

    def _on_choice(self, scan: str, choice: Choice) -> None:
        self.acts.choose(ScanId(scan), choice)

    def _on_step_menu(self, scan: str, step: str, point: QPoint) -> None:
        self.commands.show_step_menu(ScanId(scan), StepId(step), point)

    def _on_failed(self, error: SlideferryError) -> None:
        self.banner.show_error(error)

    def _on_report(self, path: Path) -> None:
        self.report_page.show_report(path)
        self.show_page(REPORT)

    def _recolour(self) -> None:
        for part in (self.header, self.rail, self.banner, self.queue_page):
            part.recolour()
        self.update()
