"""The Report page: write the run's PDF, open it, find it."""

from pathlib import Path

from PySide6.QtCore import Qt, QUrl, Signal
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from app.services.views import OperatorsDesk
from app.ui.surfaces import ElidedLabel, card, label


class ReportPage(QWidget):
    """`report_wanted` writes it now, `end_wanted` ends the run first."""

    report_wanted = Signal()
    end_wanted = Signal()

    def __init__(self, desk: OperatorsDesk) -> None:
        super().__init__()
        self.setObjectName("page")
        self._desk = desk
        self._path: Path | None = None
        frame, inside = card()
        inside.setContentsMargins(26, 22, 26, 24)
        inside.setSpacing(12)
        self._standing = label("", wrap=True)
        self._where = ElidedLabel(self.tr("No report written yet"), "muted", Qt.TextElideMode.ElideMiddle)
        self._write = QPushButton(self.tr("Make report"))
        self._write.setObjectName("primary")
        self._end = QPushButton(self.tr("End run and report…"))
        self._open = QPushButton(self.tr("Open report"))
        self._folder = QPushButton(self.tr("Open folder"))
        inside.addWidget(label(self.tr("Report of this run"), "pageTitle"))
        inside.addWidget(self._standing)
        inside.addWidget(self._where)
        row = QHBoxLayout()
        for button in (self._write, self._open, self._folder, self._end):
            row.addWidget(button)
        row.addStretch(1)
        inside.addLayout(row)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(16, 16, 16, 16)
        whole.addWidget(frame)
        whole.addStretch(1)
        self._write.clicked.connect(self.report_wanted)
        self._end.clicked.connect(self.end_wanted)
        self._open.clicked.connect(lambda: self._open_path(folder=False))
        self._folder.clicked.connect(lambda: self._open_path(folder=True))
        self.refresh()

    def refresh(self) -> None:
        """Say how the run stands and which buttons make sense."""
        view = self._desk.run()
        going = view.run is not None and view.run.ended_at is None
        self._standing.setText(
            self.tr("{0} slides verified, {1} on their way, {2} need you, {3} expected and not scanned yet.").format(
                view.verified, view.on_their_way, view.need_you, view.expected_not_scanned
            )
        )
        self._write.setEnabled(view.run is not None)
        self._end.setEnabled(going)
        self._open.setEnabled(self._path is not None)
        self._folder.setEnabled(self._path is not None)

    def show_report(self, path: Path) -> None:
        """Say where the report is."""
        self._path = path
        self._where.setText(str(path))
        self.refresh()

    def _open_path(self, *, folder: bool) -> None:
        if self._path is not None:
            target = self._path.parent if folder else self._path
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(target)))
