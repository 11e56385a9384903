"""Asks for a reason for every slide that is still open before a run ends."""

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QHeaderView,
    QLineEdit,
    QPushButton,
    QTableWidget,
    QTableWidgetItem,
    QWidget,
)

from app.ui.dialogs.question import Question
from app.ui.wording import say


class EndRunDialog(Question):
    """A row a slide: which, how it stands, why it stays open. One reason can be given to all that have none."""

    def __init__(self, open_slides: Sequence[tuple[str, str]], parent: QWidget) -> None:
        count = len(open_slides)
        text = (
            say("{0} slide(s) are not finished. Each needs a reason; it goes into the report.").format(count)
            if count
            else say("Every slide of this run is safe. The report is written now.")
        )
        super().__init__(say("End run and report"), text, say("End run and report"), parent)
        self._names = [name for name, _ in open_slides]
        self._table = QTableWidget(count, 3)
        self._fields: list[QLineEdit] = []
        self._fill(open_slides)
        self._all = QLineEdit()
        self._all.setPlaceholderText(say("One reason for all that have none"))
        self._all.setAccessibleName(self._all.placeholderText())
        give = QPushButton(say("Give to all"))
        give.setAutoDefault(False)
        give.clicked.connect(self._give_to_all)
        self._all.returnPressed.connect(self._give_to_all)
        if count:
            self.setMinimumWidth(760)
            row = QHBoxLayout()
            row.addWidget(self._all, 1)
            row.addWidget(give)
            self.body.addLayout(row)
            self.body.addWidget(self._table)
            self._all.setFocus()
        self._check()

    def reasons(self) -> dict[str, str]:
        """Return the reason of every open slide, by barcode or scan id."""
        return {name: self._reason(row) for row, name in enumerate(self._names)}

    def _fill(self, open_slides: Sequence[tuple[str, str]]) -> None:
        table = self._table
        table.setHorizontalHeaderLabels([say("Slide"), say("How it stands"), say("Reason")])
        table.verticalHeader().hide()
        table.setAccessibleName(say("Open slides"))
        table.setShowGrid(False)
        table.setMinimumHeight(min(420, 90 + 44 * len(open_slides)))
        table.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        table.verticalHeader().setDefaultSectionSize(44)
        header = table.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        header.resizeSection(0, 160)
        header.resizeSection(1, 270)
        header.setStretchLastSection(True)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        for row, (name, standing) in enumerate(open_slides):
            for column, text in enumerate((name, standing)):
                item = QTableWidgetItem(text)
                item.setFlags(Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable)
                item.setToolTip(text)
                table.setItem(row, column, item)
            field = QLineEdit()
            field.setPlaceholderText(say("Why is it still open?"))
            field.setAccessibleName(say("Reason for {0}").format(name))
            field.textChanged.connect(self._check)
            table.setCellWidget(row, 2, field)
            self._fields.append(field)

    def _reason(self, row: int) -> str:
        return self._fields[row].text().strip()

    def _give_to_all(self) -> None:
        for field in self._fields:
            if not field.text().strip():
                field.setText(self._all.text().strip())

    def _check(self) -> None:
        self.allow(all(self._reason(row) for row in range(len(self._names))))
