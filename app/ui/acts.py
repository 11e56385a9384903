"""What a person can do with scans: asks what has to be asked, then tells the desk.

Dialogs are imported when they are first wanted: their widgets would cost the start of the program 30 ms.
"""

from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, QUrl, Signal
from PySide6.QtGui import QDesktopServices, QGuiApplication
from PySide6.QtWidgets import QWidget

from app.domain.errors import SlideferryError
from app.domain.quality import Verdict
from app.domain.scan import ScanId
from app.domain.slide import PictureKind
from app.domain.step import StepId
from app.services.views import Choice, OperatorsDesk, ScanView
from app.ui.dialogs.question import Asker
from app.ui.errands import Errands
from app.ui.queue_model import row_text
from app.ui.sheet_acts import SheetActs
from app.ui.wording import say

_LABEL_PX = 1200


class Acts(QObject):
    """One method an act; each starts at once and reports through the errands. `look_closer` carries a scan id.

    `report_written` carries the path of a report that was just made, `run_changed` comes after a run began or ended.
    """

    look_closer = Signal(str)
    report_written = Signal(object)
    run_changed = Signal()

    def __init__(self, desk: OperatorsDesk, errands: Errands, asker: Asker, window: QWidget) -> None:
        super().__init__(window)
        self._desk = desk
        self._errands = errands
        self._asker = asker
        self._window = window
        self.sheet = SheetActs(desk, errands, asker, window)

    def choose(self, scan: ScanId, choice: Choice) -> None:
        """Do what a choice's button says."""
        simple: dict[Choice, Callable[[], Coroutine[Any, Any, None]]] = {
            Choice.ASSIGN: lambda: self._assign(scan),
            Choice.SHOW_LABEL: lambda: self._assign(scan),
            Choice.RESTART: lambda: self._desk.restart(scan),
            Choice.ORDER_RESCAN: lambda: self._verdict(scan, Verdict.RESCAN),
            Choice.ACCEPT: lambda: self._verdict(scan, Verdict.PASS),
            Choice.KEEP_OLD: lambda: self._desk.keep(scan, "old"),
            Choice.KEEP_NEW: lambda: self._desk.keep(scan, "new"),
            Choice.KEEP_BOTH: lambda: self._desk.keep(scan, "both"),
            Choice.FIND_OLDER: lambda: self._desk.missing(scan, "find", ""),
            Choice.GO_ON_WITHOUT: lambda: self._go_on_without(scan),
            Choice.HOLD: lambda: self._desk.missing(scan, "hold", ""),
            Choice.TAKE_OVER: lambda: self.sheet.take_over(scan),
            Choice.LEAVE: lambda: self.sheet.leave(scan),
        }
        if choice is Choice.LOOK_CLOSER:
            self.look_closer.emit(scan)
            return
        self._errands.start(simple[choice]())

    def pause(self, scans: Sequence[ScanId]) -> None:
        """Pause these."""
        self._each(scans, self._desk.pause)

    def resume(self, scans: Sequence[ScanId]) -> None:
        """Let these go on."""
        self._each(scans, self._desk.resume)

    def restart(self, scans: Sequence[ScanId]) -> None:
        """Restart these from the step that failed."""
        self._each(scans, self._desk.restart)

    def restart_from(self, scan: ScanId, step: StepId) -> None:
        """Restart one from a step."""
        self._errands.start(self._desk.restart(scan, step))

    def first(self, scans: Sequence[ScanId]) -> None:
        """Put these before all others, the first of them foremost."""
        self._each(list(reversed(scans)), self._desk.first)

    def cancel(self, scans: Sequence[ScanId]) -> None:
        """Give these up, after one question."""
        if scans:
            self._errands.start(self._cancel(tuple(scans)))

    def mark(self, scans: Sequence[ScanId], step: StepId | None = None) -> None:
        """Mark a step of these by hand."""
        if scans:
            self._errands.start(self._mark(tuple(scans), step))

    def assign(self, scan: ScanId) -> None:
        """Say which slide a scan is."""
        self._errands.start(self._assign(scan))

    def verdict(self, scan: ScanId, verdict: Verdict) -> None:
        """Accept or confirm a quality verdict, with a reason."""
        self._errands.start(self._verdict(scan, verdict))

    def keep(self, scan: ScanId) -> None:
        """Ask anew which scan of this one's slide is kept."""
        self._errands.start(self._keep(scan))

    def start_run(self) -> None:
        """Ask for the operator and begin a run."""
        self._errands.start(self._start_run())

    def end_run(self) -> None:
        """Ask for the reasons of what is open, end the run, show the report."""
        self._errands.start(self._end_run())

    def report(self) -> None:
        """Write the report of the present run and show it."""
        self._errands.start(self._report())

    def copy_rows(self, views: Sequence[ScanView]) -> None:
        """Put rows on the clipboard as text."""
        QGuiApplication.clipboard().setText("\n".join(row_text(view) for view in views))

    def open_folder(self, view: ScanView) -> None:
        """Open the folder at the destination that holds the scan."""
        if view.destination is None:
            text = say("{0} has no folder at the destination yet").format(view.barcode or view.source_name)
            self._errands.failed.emit(SlideferryError(say("Nothing to open yet"), text, say("Wait until it is copied")))
            return
        if "://" in view.destination:
            QDesktopServices.openUrl(QUrl(view.destination.rsplit("/", 1)[0]))
            return
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(Path(view.destination).parent)))

    def _each(self, scans: Sequence[ScanId], act: Callable[[ScanId], Coroutine[Any, Any, None]]) -> None:
        for scan in scans:
            self._errands.start(act(scan))

    async def _cancel(self, scans: tuple[ScanId, ...]) -> None:
        names = ", ".join(self._name(scan) for scan in scans[:6]) + (" …" if len(scans) > 6 else "")
        text = say("{0}. The scanner's files stay where they are; what was copied in part is removed.").format(names)
        if await self._asker.confirm(say("Cancel {0} scan(s)?").format(len(scans)), text, say("Cancel them")):
            for scan in scans:
                await self._desk.cancel(scan)

    async def _mark(self, scans: tuple[ScanId, ...], step: StepId | None) -> None:
        views = [view for scan in scans if (view := self._desk.scan(scan)) is not None]
        if not views:
            return
        from app.ui.dialogs.mark import MarkDialog

        dialog = MarkDialog(views, step, self._window)
        if await self._asker.ask(dialog):
            for view in views:
                await self._desk.mark(view.id, dialog.step(), dialog.state(), dialog.reason())

    async def _assign(self, scan: ScanId) -> None:
        view = self._desk.scan(scan)
        if view is None:
            return
        label = await self._desk.picture(scan, PictureKind.LABEL, _LABEL_PX)
        label = label or await self._desk.picture(scan, PictureKind.MACRO, _LABEL_PX)
        detail = await self._desk.detail(scan)
        waiting = [each.barcode for each in self._desk.run().expected]
        from app.ui.dialogs.assign import AssignDialog

        dialog = AssignDialog(view, label, detail.barcodes, waiting, self._window)
        if await self._asker.ask(dialog):
            await self._desk.assign(scan, dialog.barcode(), dialog.reason())

    async def _verdict(self, scan: ScanId, verdict: Verdict) -> None:
        view = self._desk.scan(scan)
        if view is None:
            return
        from app.ui.dialogs.reason import ReasonDialog

        dialog = ReasonDialog.for_verdict(view, verdict, self._window)
        if await self._asker.ask(dialog):
            await self._desk.verdict(scan, verdict.value, dialog.reason())

    async def _go_on_without(self, scan: ScanId) -> None:
        view = self._desk.scan(scan)
        if view is None:
            return
        from app.ui.dialogs.reason import ReasonDialog

        dialog = ReasonDialog.for_missing(view, self._window)
        if await self._asker.ask(dialog):
            await self._desk.missing(scan, "without", dialog.reason())

    async def _keep(self, scan: ScanId) -> None:
        chain = (await self._desk.detail(scan)).chain
        if chain is None:
            return
        from app.ui.dialogs.keep import KeepDialog

        dialog = KeepDialog(chain, self._window)
        if await self._asker.ask(dialog):
            await self._desk.keep(dialog.scan(), dialog.which(), dialog.reason())

    async def _start_run(self) -> None:
        from app.ui.dialogs.start_run import StartRunDialog

        dialog = StartRunDialog(self._desk.operators(), self._window)
        if await self._asker.ask(dialog):
            await self._desk.start_run(dialog.operator())
            self.run_changed.emit()

    async def _end_run(self) -> None:
        from app.ui.dialogs.end_run import EndRunDialog

        dialog = EndRunDialog(self._desk.open_slides(), self._window)
        if await self._asker.ask(dialog):
            path = await self._desk.end_run(dialog.reasons())
            self.run_changed.emit()
            self._show(path)

    async def _report(self) -> None:
        self._show(await self._desk.report())

    def _show(self, path: Path) -> None:
        self.report_written.emit(path)
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(path)))

    def _name(self, scan: ScanId) -> str:
        view = self._desk.scan(scan)
        return scan if view is None else view.barcode or view.source_name
