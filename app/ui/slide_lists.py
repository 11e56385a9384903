"""A list of slides to be expected: dropped on the window or chosen, looked through, and taken after a question."""

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QEvent, QMimeData, QObject
from PySide6.QtGui import QDropEvent
from PySide6.QtWidgets import QFileDialog, QWidget

from app.services.sheet_views import ListPlan
from app.services.views import OperatorsDesk
from app.ui.dialogs.question import Asker
from app.ui.errands import Errands
from app.ui.wording import say

_SHOWN = 8


class SlideLists(QObject):
    """Hears what is dropped on the window, if the desk takes lists at all."""

    def __init__(self, desk: OperatorsDesk, errands: Errands, asker: Asker, window: QWidget) -> None:
        super().__init__(window)
        self._desk = desk
        self._errands = errands
        self._asker = asker
        self._window = window
        if desk.sheet.list_kinds:
            window.setAcceptDrops(True)
            window.installEventFilter(self)

    def choose(self) -> None:
        """Let a person choose a file."""
        endings = " ".join(f"*{kind}" for kind in self._desk.sheet.list_kinds)
        dialog = QFileDialog(self._window, say("Expect the slides of a file"), "", say("Lists") + f" ({endings})")
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.fileSelected.connect(lambda chosen: self.take(Path(chosen)))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def take(self, path: Path) -> None:
        """Look through a list, ask, and expect its slides."""
        self._errands.start(self._take(path))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Take a single file that may be a list; leave everything else to others."""
        if isinstance(event, QDropEvent) and event.type() in (QEvent.Type.DragEnter, QEvent.Type.Drop):
            path = dropped_list(event.mimeData(), self._desk.sheet.list_kinds)
            if path is not None:
                event.acceptProposedAction()
                if event.type() is QEvent.Type.Drop:
                    self.take(path)
                return True
        return super().eventFilter(watched, event)

    async def _take(self, path: Path) -> None:
        plan = await self._desk.sheet.read_list(path)
        if not plan.new:
            title = say("All slides of this list are expected already")
            await self._asker.confirm(title, plan_words(plan), say("Understood"))
        elif await self._asker.confirm(
            say("Expect {0} more slide(s)?").format(len(plan.new)), plan_words(plan), say("Expect them")
        ):
            await self._desk.sheet.expect(plan)


def dropped_list(dropped: QMimeData, kinds: Sequence[str]) -> Path | None:
    """Return the one file of a drop that may be a list of slides, None for any other drop."""
    urls = dropped.urls()
    if len(urls) != 1 or not urls[0].isLocalFile():
        return None
    path = Path(urls[0].toLocalFile())
    return path if path.suffix.lower() in kinds else None


def plan_words(plan: ListPlan) -> str:
    """Return what is in a list, a line each matter."""
    found = plan.found
    lines = [say("{0}, column {1}: {2} slide(s)").format(plan.name, found.column, len(found.barcodes))]
    known = len(found.barcodes) - len(plan.new)
    if known:
        lines.append(say("{0} of them expected already").format(known))
    if plan.not_in_sheet is None:
        lines.append(say("Not compared with the sheet. {0}").format(plan.sheet))
    elif plan.not_in_sheet:
        told = say("{0} not in {1}: {2}")
        lines.append(told.format(len(plan.not_in_sheet), plan.sheet, _some(plan.not_in_sheet)))
    if found.twice:
        lines.append(say("{0} more than once in the list: {1}").format(len(found.twice), _some(found.twice)))
    if found.refused:
        rows = [say("row {0} “{1}”").format(row, text) for row, text in found.refused]
        lines.append(say("{0} left out, no barcode of this lab: {1}").format(len(rows), _some(rows)))
    return "\n".join(lines)


def _some(texts: Sequence[str]) -> str:
    return ", ".join(texts[:_SHOWN]) + (" …" if len(texts) > _SHOWN else "")
