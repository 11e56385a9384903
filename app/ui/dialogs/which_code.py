"""Asks which of several barcodes a hand scan was."""

from collections.abc import Sequence

from PySide6.QtWidgets import QButtonGroup, QRadioButton, QWidget

from app.ui.dialogs.question import Question
from app.ui.wording import say


class WhichCodeDialog(Question):
    """One line for each barcode; none is chosen beforehand."""

    def __init__(self, candidates: Sequence[str], parent: QWidget | None) -> None:
        text = say("The hand scan can be read in more than one way. Choose what the label says.")
        super().__init__(say("Which slide is this?"), text, say("This is the slide"), parent)
        self._candidates = tuple(candidates)
        self._group = QButtonGroup(self)
        for number, each in enumerate(self._candidates):
            button = QRadioButton(each)
            button.setAccessibleName(each)
            self._group.addButton(button, number)
            self.body.addWidget(button)
        self._group.idToggled.connect(lambda _number, _on: self.allow(self._group.checkedId() >= 0))
        self.allow(False)

    def barcode(self) -> str:
        """Return the barcode chosen."""
        return self._candidates[self._group.checkedId()]
