"""Sets the hand scanner up: shows four codes to scan, then says in plain words what it found."""

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLayout, QPushButton, QVBoxLayout, QWidget

from app.domain.calibration import CODES, Calibration, Recognised, TestScan, calibrate, recognise
from app.domain.errors import UseError
from app.domain.symbol import Symbol
from app.ui.calibration_words import findings
from app.ui.dialogs.question import Question
from app.ui.surfaces import label, wear
from app.ui.symbol_view import SymbolView
from app.ui.tokens import Tone
from app.ui.wording import say

_SHOWN_TEXT = 40


class HandScannerDialog(Question):
    """`listening` says whether test scans are wanted, `print_wanted` comes from its button.

    It is answered with yes when what was found shall be kept; `calibration` then holds it.
    """

    listening = Signal(bool)
    print_wanted = Signal()

    def __init__(self, codes: Sequence[tuple[Symbol, ...]], parent: QWidget | None) -> None:
        text = say(
            "Scan the code below with the hand scanner, off the screen or off paper. Four codes show how fast it "
            "types, what it sends before and behind a code, and which characters this PC's keyboard layout changes."
        )
        super().__init__(say("Set up the hand scanner"), text, say("Keep this"), parent)
        self.calibration: Calibration | None = None
        self._codes = codes
        self._scans: dict[int, TestScan] = {}
        self._symbols = SymbolView(codes)
        self._frame = QFrame()
        self._frame.setObjectName("verdict")
        self._headline = label("", "big")
        self._remark = label("", wrap=True)
        self._findings = QVBoxLayout()
        self._findings.setSpacing(6)
        self._print = QPushButton(say("Print the codes…"))
        self._again = QPushButton(say("Start again"))
        self._build()
        self._start()

    def take_test(self, scan: TestScan) -> None:
        """Take what the hand scanner typed."""
        if self.calibration is not None:
            return
        code = recognise(scan.text)
        if code is None:
            shown = scan.text if len(scan.text) <= _SHOWN_TEXT else f"{scan.text[: _SHOWN_TEXT - 1]}…"
            self._tell(Tone.WARN, self._title(), say("! This is none of the codes: {0}").format(shown))
        elif code.swapped:
            self._tell(Tone.BAD, say("Caps Lock is on"), say("✕ Switch it off, then scan this code again."))
        elif code.number in self._scans:
            self._tell(Tone.WARN, self._title(), say("! This one was read already: scan the code shown here."))
        else:
            self._take(code, scan)

    def showEvent(self, event: QShowEvent) -> None:
        """Listen while it is seen."""
        super().showEvent(event)
        self.listening.emit(True)

    def hideEvent(self, event: QHideEvent) -> None:
        """Listen no longer."""
        super().hideEvent(event)
        self.listening.emit(False)

    def _build(self) -> None:
        inside = QVBoxLayout(self._frame)
        inside.setContentsMargins(16, 12, 16, 14)
        inside.addWidget(self._headline)
        inside.addWidget(self._remark)
        buttons = QHBoxLayout()
        for button, slot in ((self._print, self.print_wanted), (self._again, self._start)):
            button.setAutoDefault(False)
            button.clicked.connect(slot)
            buttons.addWidget(button)
        buttons.addStretch(1)
        self.body.addWidget(self._frame)
        self.body.addWidget(self._symbols, 0, Qt.AlignmentFlag.AlignHCenter)
        self.body.addLayout(self._findings)
        self.body.addStretch(1)
        self.body.addLayout(buttons)
        whole = self.layout()
        if whole is not None:
            whole.setSizeConstraint(QLayout.SizeConstraint.SetMinimumSize)  # a code that is cut cannot be scanned

    def _start(self) -> None:
        self.calibration = None
        self._scans = {}
        self._clear_findings()
        self.allow(False)
        self._show_next()
        self._tell(Tone.QUIET, self._title(), say("Nothing needs to be clicked."))

    def _take(self, code: Recognised, scan: TestScan) -> None:
        self._scans[code.number] = scan
        words = say("✓ {0} characters, {1} ms apart").format(len(scan.text), f"{scan.gap_ms:.0f}")
        if len(self._scans) < len(CODES):
            self._show_next()
            self._tell(Tone.GOOD, self._title(), words)
            return
        try:
            self._finish(calibrate(tuple(self._scans.values())))
        except UseError as error:
            self._scans = {}
            self._show_next()
            self._tell(Tone.BAD, error.title, f"✕ {error.message}. {error.hint}.")

    def _finish(self, found: Calibration) -> None:
        self.calibration = found
        self._symbols.hide()
        self.text.hide()
        told = findings(found)
        worst = Tone.GOOD if all(each.tone is Tone.GOOD for each in told) else Tone.WARN
        title = say("The hand scanner fits this PC") if worst is Tone.GOOD else say("Please look at this")
        self._tell(worst, title, say("Nothing is kept before you say so."))
        for each in told:
            line = label(each.text, wrap=True)
            wear(line, each.tone, "ink")
            self._findings.addWidget(line)
            if each.remark:
                self._findings.addWidget(label(each.remark, "muted", wrap=True))
        self.allow(True)

    def _show_next(self) -> None:
        self.text.show()
        self._symbols.show()
        self._symbols.show_symbols(self._codes[self._next()])

    def _next(self) -> int:
        return next(number for number in range(len(CODES)) if number not in self._scans)

    def _title(self) -> str:
        return say("Code {0} of {1}").format(len(self._scans) + 1, len(CODES))

    def _tell(self, tone: Tone, headline: str, remark: str) -> None:
        self._headline.setText(headline)
        self._remark.setText(remark)
        wear(self._frame, tone)
        wear(self._remark, tone, "ink")

    def _clear_findings(self) -> None:
        while (item := self._findings.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.deleteLater()
