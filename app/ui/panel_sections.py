"""The sections of the Slide panel: trouble with its buttons, facts in two columns, all scans of the slide."""

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QGridLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from app.services.rescan_chain import ChainScan, RescanChain
from app.services.views import Choice, ScanView
from app.ui import wording
from app.ui.choices import choices_of, trouble_of
from app.ui.surfaces import FactLabel, label, wear
from app.ui.tokens import Tone


class TroubleCard(QFrame):
    """What happened, which file, what was tried, what to do, and the buttons. `chosen` carries a Choice."""

    chosen = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("banner")
        wear(self, Tone.WARN)
        self._title = label("", "strong", wrap=True)
        self._message = label("", wrap=True)
        self._file = label("", "small", wrap=True)
        self._hint = label("", wrap=True)
        self._buttons = QVBoxLayout()
        self._buttons.setSpacing(6)
        inside = QVBoxLayout(self)
        inside.setContentsMargins(14, 12, 14, 12)
        inside.setSpacing(5)
        for text in (self._title, self._message, self._file, self._hint):
            text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            inside.addWidget(text)
        inside.addSpacing(4)
        inside.addLayout(self._buttons)
        self._choices: tuple[Choice, ...] = ()

    def show_scan(self, view: ScanView, tone: Tone) -> None:
        """Show the attention or the failed step of a scan; hidden while all is well."""
        trouble = trouble_of(view)
        self.setVisible(trouble is not None)
        if trouble is not None:
            self._words(*trouble)
            self._offer(choices_of(view))
        wear(self, tone if tone in (Tone.BAD, Tone.DARK) else Tone.WARN)
        self._file.setText(_tried(view))

    def _words(self, title: str, message: str, hint: str) -> None:
        self._title.setText(title)
        self._message.setText(message)
        self._hint.setText(f"→ {hint}" if hint else "")
        self._hint.setVisible(bool(hint))

    def _offer(self, choices: tuple[Choice, ...]) -> None:
        if choices == self._choices:
            return
        self._choices = choices
        while (item := self._buttons.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.deleteLater()
        for number, choice in enumerate(choices):
            button = QPushButton(wording.choice(choice))
            button.setObjectName("primary" if number == 0 else "")
            button.clicked.connect(lambda _checked=False, which=choice: self.chosen.emit(which))
            self._buttons.addWidget(button)


def _tried(view: ScanView) -> str:
    """Return which file it is about and what was tried."""
    parts = [wording.say("File: {0}").format(view.source_name)]
    tried = [step for step in view.steps if step.attempts > 1]
    parts += [wording.say("{0}: tried {1} times").format(step.title, step.attempts) for step in tried]
    return "\n".join(parts)


class FactsGrid(QWidget):
    """Pairs of a name and a value, one under the other; values can be selected and copied."""

    def __init__(self) -> None:
        super().__init__()
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(14)
        self._grid.setVerticalSpacing(4)
        self._grid.setColumnStretch(1, 1)
        self._cells: list[tuple[QLabel, FactLabel]] = []

    def show_facts(self, facts: Sequence[tuple[str, str]]) -> None:
        """Show these pairs, using the labels there are."""
        while len(self._cells) < len(facts):
            name, value = label("", "small"), FactLabel()
            row = len(self._cells)
            self._grid.addWidget(name, row, 0, Qt.AlignmentFlag.AlignTop)
            self._grid.addWidget(value, row, 1)
            self._cells.append((name, value))
        for number, (name, value) in enumerate(self._cells):
            shown = number < len(facts)
            name.setVisible(shown)
            value.setVisible(shown)
            if shown:
                name.setText(facts[number][0])
                value.setText(facts[number][1])


class ScansCard(QWidget):
    """All scans of the slide, oldest first, and the button to decide anew. `keep_wanted` when it is pressed."""

    keep_wanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._facts = FactsGrid()
        self._button = QPushButton(self.tr("Change which one is kept…"))
        self._button.clicked.connect(self.keep_wanted)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(self._facts)
        whole.addWidget(self._button)

    def show_chain(self, chain: RescanChain | None) -> None:
        """Show these scans; the button only where there is a choice."""
        scans = chain.scans if chain is not None else ()
        self._button.setVisible(sum(bool(each.destination) for each in scans) > 1)
        if not scans:
            self._facts.show_facts([(wording.say("None"), wording.say("its barcode is not known yet"))])
            return
        self._facts.show_facts([fact for each in reversed(scans) for fact in scan_facts(each)])


def scan_facts(each: ChainScan) -> list[tuple[str, str]]:
    """Return what there is to say of one scan of a slide, its most important line first."""
    say = wording.say
    place = wording.place(each.place)
    lines = [(say("Kept ✓") if each.kept else say("Scan"), f"{each.source_name}, {wording.clock(each.found_at)}")]
    lines.append((say("Where"), f"{place}: {each.destination}" if each.destination else place))
    if each.verdict_reason:
        lines.append((say("Verdict"), each.verdict_reason))
    if each.reason:
        lines.append((say("Rescanned"), each.reason))
    if each.decided_by and each.decided_at:
        lines.append((say("Decided"), say("by {0}, {1}").format(each.decided_by, wording.clock(each.decided_at))))
    return lines
