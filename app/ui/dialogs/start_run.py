"""Asks who stands at the scanner."""

from collections.abc import Sequence

from PySide6.QtWidgets import QComboBox, QWidget

from app.domain.run import Operator
from app.ui.dialogs.question import Question
from app.ui.wording import say


class StartRunDialog(Question):
    """The operators of the settings, or a name typed."""

    def __init__(self, operators: Sequence[Operator], parent: QWidget) -> None:
        text = say("The run's report and audit carry this name.")
        super().__init__(say("Start a run"), text, say("Start run"), parent)
        self._operators = {operator.name: operator for operator in operators}
        self._name = QComboBox()
        self._name.setEditable(True)
        self._name.addItems(list(self._operators))
        self._name.editTextChanged.connect(self._check)
        self.field(say("Operator"), self._name)
        self._name.setFocus()
        self._check()

    def operator(self) -> Operator:
        """Return the operator chosen or typed."""
        name = self._name.currentText().strip()
        return self._operators.get(name, Operator(name))

    def _check(self) -> None:
        self.allow(bool(self._name.currentText().strip()))
