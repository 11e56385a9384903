"""Asks which step is marked, as what, and why."""

from collections.abc import Sequence

from PySide6.QtWidgets import QComboBox, QLineEdit, QWidget

from app.domain.step import MOVES, StepId, StepState
from app.pipeline.journey import JOURNEY
from app.services.views import ScanView
from app.ui import wording
from app.ui.dialogs.question import Question
from app.ui.wording import say

_STATES = (StepState.SUCCEEDED, StepState.SKIPPED, StepState.FAILED)


class MarkDialog(Question):
    """Offers only the steps that may be marked by hand and the states their table of moves allows."""

    def __init__(self, views: Sequence[ScanView], step: StepId | None, parent: QWidget) -> None:
        names = ", ".join(view.barcode or view.source_name for view in views[:4])
        names = f"{names} …" if len(views) > 4 else names
        text = say("{0}. The change, your name and the reason go into the audit.").format(names)
        super().__init__(say("Mark a step"), text, say("Mark it"), parent)
        self._views = views
        self._step = QComboBox()
        for each in JOURNEY:
            if each.by_hand:
                self._step.addItem(each.title, each.id)
        self._step.setCurrentIndex(max(0, self._step.findData(step or self._stuck_step())))
        self._step.currentIndexChanged.connect(self._offer_states)
        self._state = QComboBox()
        self._reason = QLineEdit()
        self._reason.setPlaceholderText(say("Why? One sentence"))
        self._reason.textChanged.connect(self._check)
        self.field(say("Step"), self._step)
        self.field(say("New state"), self._state)
        self.field(say("Reason"), self._reason)
        self._offer_states()
        self._reason.setFocus()

    def step(self) -> StepId:
        """Return the step chosen."""
        return StepId(str(self._step.currentData()))

    def state(self) -> StepState:
        """Return the state chosen."""
        return StepState(str(self._state.currentData()))

    def reason(self) -> str:
        """Return the reason given."""
        return self._reason.text().strip()

    def _stuck_step(self) -> StepId | None:
        stuck = (StepState.NEEDS_ATTENTION, StepState.FAILED, StepState.WAITING_TO_RETRY)
        return next((step.id for view in self._views for step in view.steps if step.state in stuck), None)

    def _offer_states(self) -> None:
        now = {step.state for view in self._views for step in view.steps if step.id == self.step()}
        self._state.clear()
        for state in _STATES:
            if all((old, state) in MOVES for old in now):
                self._state.addItem(f"{wording.sign(state)}  {wording.state(state)}", state.value)
        self._check()

    def _check(self) -> None:
        self.allow(bool(self._state.count() and self.reason()))
