"""What a person can do about the slide sheet: open it, see what is wrong in it, decide about a row that changed."""

from PySide6.QtCore import QObject, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QWidget

from app.domain.errors import SlideferryError, SurroundingsError
from app.domain.scan import ScanId
from app.services.views import OperatorsDesk
from app.ui.chrome import sheet_words
from app.ui.dialogs.question import Asker
from app.ui.errands import Errands
from app.ui.sheet_window import SheetWindow
from app.ui.wording import say


class SheetActs(QObject):
    """One method an act; what is not possible is told by the errands."""

    def __init__(self, desk: OperatorsDesk, errands: Errands, asker: Asker, window: QWidget) -> None:
        super().__init__(window)
        self._desk = desk
        self._errands = errands
        self._asker = asker
        self._window = window
        self._shown: SheetWindow | None = None

    def show_sheet(self) -> None:
        """Show how the sheet stands, in a window of its own."""
        if self._shown is None:
            self._shown = SheetWindow(self._window)
            self._shown.cell_wanted.connect(self.open_sheet)
        self.refresh()
        self._shown.show()
        self._shown.raise_()
        self._shown.activateWindow()

    def refresh(self) -> None:
        """Bring that window up to date, if it is there."""
        if self._shown is not None:
            text, _, tone = sheet_words(self._desk.station())
            self._shown.show_sheet(self._desk.sheet.state(), text, tone)

    def close(self) -> None:
        """Put that window away."""
        if self._shown is not None:
            self._shown.close()

    def open_sheet(self, cell: str = "") -> None:
        """Open the sheet: a workbook with the program for it, a Google sheet in the browser, at this cell."""
        try:
            address = self._desk.sheet.address(cell)
        except SlideferryError as error:
            self._errands.failed.emit(error)
            return
        url = QUrl(address) if address.startswith("https://") else QUrl.fromLocalFile(address)
        if not QDesktopServices.openUrl(url):
            message, hint = say("Nothing on this PC opens {0}").format(address), say("Open it on another PC")
            self._errands.failed.emit(SurroundingsError(say("The sheet was not opened"), message, hint))

    def open_row_of(self, scan: ScanId) -> None:
        """Open the sheet at a scan's row."""
        self.open_sheet(self._desk.sheet.cell_of(scan))

    async def take_over(self, scan: ScanId) -> None:
        """Ask, with what that means for the image, then take the changed row over."""
        view = self._desk.scan(scan)
        if view is None:
            return
        path = self._desk.sheet.new_path(scan)
        lines = [each.words for each in view.differences]
        if not path:
            lines.append(say("Name and folder of the image stay as they are."))
        elif view.verified_at is not None:
            lines.append(say("The image moves on the share and is then {0}.").format(path))
        else:
            lines.append(say("The image will be {0}; what was copied so far is copied again.").format(path))
        title = say("Take over what the sheet says of {0} now?").format(view.barcode)
        if await self._asker.confirm(title, "\n".join(lines), say("Take over")):
            await self._desk.sheet.take_over(scan, view.differences)

    async def leave(self, scan: ScanId) -> None:
        """Leave a scan as it is though its row changed."""
        view = self._desk.scan(scan)
        if view is not None:
            await self._desk.sheet.leave(scan, view.differences)
