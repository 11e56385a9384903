"""Asks for the reason of a decision, with common reasons at hand."""

from collections.abc import Sequence

from PySide6.QtWidgets import QGridLayout, QLineEdit, QPushButton, QWidget

from app.domain.quality import Verdict
from app.services.views import ScanView
from app.ui.dialogs.question import Question
from app.ui.wording import say


class ReasonDialog(Question):
    """One field; a click on a common reason fills it."""

    def __init__(self, title: str, text: str, yes: str, common: Sequence[str], parent: QWidget) -> None:
        super().__init__(title, text, yes, parent)
        self._reason = QLineEdit()
        self._reason.setPlaceholderText(say("Why? One sentence"))
        self._reason.textChanged.connect(self._check)
        self.field(say("Reason"), self._reason)
        grid = QGridLayout()
        for number, words in enumerate(common):
            button = QPushButton(words)
            button.setAutoDefault(False)
            button.clicked.connect(lambda _checked=False, reason=words: self._reason.setText(reason))
            grid.addWidget(button, number // 2, number % 2)
        self.body.addLayout(grid)
        self._reason.setFocus()
        self._check()

    @classmethod
    def for_verdict(cls, view: ScanView, verdict: Verdict, parent: QWidget) -> "ReasonDialog":
        """Return the question about a quality verdict."""
        name = view.barcode or view.source_name
        measured = view.quality.reason if view.quality else say("The quality was not checked")
        common: tuple[str, ...]
        if verdict is Verdict.RESCAN:
            common = (
                say("Out of focus"),
                say("Tissue outside the scanned area"),
                say("Dirt or bubble"),
                say("Stripes"),
            )
            return cls(say("Order a rescan of {0}").format(name), measured, say("Order rescan"), common, parent)
        common = (say("Tissue itself is soft"), say("Good enough for this study"), say("No better scan possible"))
        return cls(say("Accept {0} as it is").format(name), measured, say("Accept"), common, parent)

    @classmethod
    def for_missing(cls, view: ScanView, parent: QWidget) -> "ReasonDialog":
        """Return the question about going on without an older image."""
        title = say("Go on without the older image of {0}").format(view.barcode or view.source_name)
        text = say(
            "The new scan takes the slide's name. The older one is noted as not on the share; "
            "its copy on the scanner is not removed."
        )
        common = (say("Nobody knows where it is"), say("It was deleted on purpose"), say("The new scan is better"))
        return cls(title, text, say("Go on without it"), common, parent)

    def reason(self) -> str:
        """Return the reason given."""
        return self._reason.text().strip()

    def _check(self) -> None:
        self.allow(bool(self.reason()))
