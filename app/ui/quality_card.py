"""The quality of a scan in the Slide panel: what was measured, what a person said of it, and the buttons to say it."""

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from app.domain.quality import Verdict
from app.domain.step import StepState
from app.domain.tuning import ALARMS
from app.pipeline.journey import QUALITY
from app.services.views import Choice, ScanView
from app.ui import wording
from app.ui.panel_sections import FactsGrid

_OFFERED = (Choice.ACCEPT, Choice.ORDER_RESCAN)


class QualityCard(QWidget):
    """Numbers, and a button each verdict that a person can give now. `chosen` carries a Choice."""

    chosen = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self._facts = FactsGrid()
        self._buttons = {choice: QPushButton(wording.choice(choice)) for choice in _OFFERED}
        line = QHBoxLayout()
        for choice, button in self._buttons.items():
            button.clicked.connect(lambda _checked=False, which=choice: self.chosen.emit(which))
            line.addWidget(button)
        line.addStretch(1)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(self._facts)
        whole.addLayout(line)

    def show_scan(self, view: ScanView, facts: Sequence[tuple[str, str]]) -> None:
        """Show these facts of a scan and what can be said of it."""
        self._facts.show_facts([*facts, *person_facts(view)])
        offered = verdicts_offered(view)
        for choice, button in self._buttons.items():
            button.setVisible(choice in offered)


def person_facts(view: ScanView) -> list[tuple[str, str]]:
    """Return what a person said of a scan's quality, nothing while nobody did."""
    if view.verdict_by_person is None:
        return []
    accepted = view.verdict_by_person == Verdict.PASS.value
    return [(wording.say("A person"), wording.say("accepted it") if accepted else wording.say("ordered a rescan"))]


def verdicts_offered(view: ScanView) -> tuple[Choice, ...]:
    """Return what a person can say of a scan; nothing where its card asks already, or another scan took its place."""
    asked = view.attention is not None and view.attention.step == QUALITY
    if view.quality is None or asked or view.superseded_by is not None or view.state is StepState.CANCELLED:
        return ()
    if view.verdict_by_person is not None:
        return (Choice.ORDER_RESCAN,) if view.verdict_by_person == Verdict.PASS.value else (Choice.ACCEPT,)
    return _OFFERED if view.quality.verdict in ALARMS else (Choice.ORDER_RESCAN,)
