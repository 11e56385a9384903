"""Every act as one QAction: in the toolbar, in menus and on the keys, enabled only where it makes sense."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QPoint
from PySide6.QtGui import QAction, QKeySequence, QShortcut
from PySide6.QtWidgets import QMenu

from app.domain.scan import ScanId
from app.domain.step import StepId
from app.pipeline.journey import STEPS
from app.services.views import ScanView
from app.ui import wording
from app.ui.choices import choices_of

if TYPE_CHECKING:
    from app.ui.main_window import MainWindow


class Commands(QObject):
    """Makes the actions and menus of a window."""

    def __init__(self, window: "MainWindow") -> None:
        super().__init__(window)
        self._window = window
        acts = window.acts
        self.pause = self._action(self.tr("Pause"), self.tr("Stop at the next safe moment"), "", acts.pause)
        self.resume = self._action(self.tr("Resume"), self.tr("Go on after a pause"), "", acts.resume)
        self.restart = self._action(
            self.tr("Restart"), self.tr("Try again from the step that failed"), "Ctrl+Shift+R", acts.restart
        )
        self.mark = self._action(
            self.tr("Mark as…"), self.tr("Mark a step by hand, with a reason"), "Ctrl+M", acts.mark
        )
        self.first = self._action(self.tr("First"), self.tr("Put before all others"), "Ctrl+Up", acts.first)
        self.cancel = self._action(self.tr("Cancel"), self.tr("Give up; the scanner's file stays"), "Del", acts.cancel)
        self.folder = self._action(self.tr("Open folder"), self.tr("Open where it lies"), "Ctrl+O", self._open_folder)
        self.copy = self._action(self.tr("Copy as text"), self.tr("Copy the rows as text"), "Ctrl+C", self._copy)
        self.assign = self._action(self.tr("Say which slide…"), self.tr("Assign a barcode"), "Ctrl+B", self._assign)
        window.queue_page.add_tools(
            [
                (self.pause, "pause"),
                (self.resume, "resume"),
                (self.restart, "restart"),
                (self.mark, "mark"),
                (self.first, "first"),
                (self.cancel, "cancel"),
                (self.folder, "folder"),
                (self.copy, "copy"),
            ]
        )
        self._keys()

    def show_menu(self, point: QPoint) -> None:
        """Show the menu of the selected scans."""
        views = self._views()
        if not views:
            return
        menu = self._menu()
        if len(views) == 1:
            self._fill_choices(menu, views[0])
        for action in (self.pause, self.resume, self.restart, self.first):
            menu.addAction(action)
        menu.addSeparator()
        for action in (self.mark, self.assign, self.folder, self.copy):
            menu.addAction(action)
        menu.addSeparator()
        menu.addAction(self.cancel)
        menu.popup(point)

    def show_step_menu(self, scan: ScanId, step: StepId, point: QPoint) -> None:
        """Show what can be done with one step of one scan."""
        acts, menu = self._window.acts, self._menu()
        title = STEPS[step].title
        again = menu.addAction(self.tr("Restart from “{0}”").format(title))
        again.triggered.connect(lambda: acts.restart_from(scan, step))
        if STEPS[step].by_hand:
            mark = menu.addAction(self.tr("Mark “{0}” as…").format(title))
            mark.triggered.connect(lambda: acts.mark((scan,), step))
        menu.popup(point)

    def _fill_choices(self, menu: QMenu, view: ScanView) -> None:
        look = menu.addAction(self.tr("Open slide"))
        look.triggered.connect(lambda: self._window.open_scan(view.id))
        for choice in choices_of(view):
            action = menu.addAction(wording.choice(choice))
            action.triggered.connect(lambda _checked=False, which=choice: self._window.acts.choose(view.id, which))
        menu.addSeparator()

    def _menu(self) -> QMenu:
        menu = QMenu(self._window)
        self._window.wedge.guard(menu)
        menu.aboutToHide.connect(menu.deleteLater)
        return menu

    def _action(self, title: str, tip: str, keys: str, act: Callable[[tuple[ScanId, ...]], None]) -> QAction:
        action = QAction(title, self)
        action.setIconText(f" {title}")
        action.setToolTip(tip)
        if keys:
            action.setShortcut(QKeySequence(keys))
        action.triggered.connect(lambda: act(self._window.selected()))
        self._window.addAction(action)
        return action

    def _keys(self) -> None:
        window = self._window
        keys: dict[str, Callable[[], None]] = {
            "Ctrl+1": lambda: window.show_page(0),
            "Ctrl+2": lambda: window.show_page(1),
            "Ctrl+3": lambda: window.show_page(2),
            "Ctrl+4": lambda: window.show_page(3),
            "F5": window.reload,
            "Ctrl+F": self._find,
            "Ctrl+R": window.acts.report,
            "Ctrl+E": window.acts.end_run,
            "Ctrl+I": self._expect_list,
            "Ctrl+T": window.toggle_theme,
            "Ctrl+H": window.hand_scans.set_up,
            "Esc": window.panel.close_panel,
        }
        for sequence, act in keys.items():
            QShortcut(QKeySequence(sequence), window).activated.connect(act)

    def _views(self) -> list[ScanView]:
        found = (self._window.desk.scan(scan) for scan in self._window.selected())
        return [view for view in found if view is not None]

    def _find(self) -> None:
        self._window.show_page(1)
        self._window.queue_page.filter.setFocus()
        self._window.queue_page.filter.selectAll()

    def _expect_list(self) -> None:
        if self._window.desk.sheet.list_kinds:
            self._window.slide_lists.choose()

    def _open_folder(self, _scans: tuple[ScanId, ...]) -> None:
        for view in self._views()[:1]:
            self._window.acts.open_folder(view)

    def _copy(self, _scans: tuple[ScanId, ...]) -> None:
        self._window.acts.copy_rows(self._views())

    def _assign(self, scans: tuple[ScanId, ...]) -> None:
        for scan in scans[:1]:
            self._window.acts.assign(scan)
