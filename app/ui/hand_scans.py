"""What becomes of a hand scan: an open question takes it, or the run does; answered in words and with a sound."""

from dataclasses import replace

from PySide6.QtCore import QObject, QUrl, Signal
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QApplication

from app.domain.barcode import clean
from app.domain.hand_scan import DEAD_KEY, CapsLock, HandReading, HandScan, Sound
from app.services.hand_scanner import HandScanner
from app.services.views import HandScanAnswer, HandScanKind, OperatorsDesk
from app.ui.dialogs.question import Asker
from app.ui.errands import Errands
from app.ui.wedge import WedgeSettings
from app.ui.wedge_filter import WedgeFilter
from app.ui.wording import say

_SOUNDS = {
    HandScanKind.EXPECTED: Sound.ACCEPTED,
    HandScanKind.ADDED: Sound.ACCEPTED,
    HandScanKind.AGAIN: Sound.AGAIN,
    HandScanKind.NOT_IN_SHEET: Sound.REFUSED,
    HandScanKind.REFUSED: Sound.REFUSED,
}


class HandScans(QObject):
    """Hears the wedge filter. `answered` carries the HandScanAnswer to a scan that was for the run.

    `scanner` is the scanner to set up and the sounds; without one the system's beep stands for the alarming ones.
    """

    answered = Signal(object)

    def __init__(
        self, desk: OperatorsDesk, wedge: WedgeFilter, errands: Errands, asker: Asker, scanner: HandScanner | None
    ) -> None:
        super().__init__(asker)
        self._desk, self._wedge, self._errands, self._asker = desk, wedge, errands, asker
        self._scanner = scanner
        wedge.scanned.connect(self.take)
        wedge.repeated.connect(self._take_repeat)

    def take(self, scan: HandScan) -> None:
        """Take a scan: an open question may want it, else it is a slide of the run."""
        reading = self._desk.understand(scan)
        question = self._asker.open_question
        if question is None or not question.wants_scans:
            self._errands.start(self._for_the_run(scan, reading))
            return
        if len(reading.candidates) > 1:
            both = say(" or ").join(reading.candidates)
            question.remark(say("The scan can be read as {0}: type what the label says.").format(both))
            self._errands.start(self._sound(Sound.REFUSED))
            return
        question.take_scan(reading.candidates[0] if reading.candidates else clean(scan.text))
        question.remark(note_on(scan, reading))
        self._errands.start(self._sound(Sound.ACCEPTED if reading.candidates else Sound.REFUSED))

    def take_typed(self, text: str) -> None:
        """Take a barcode that a person typed: letters are meant as they stand."""
        self.take(HandScan(text, CapsLock.OFF))

    def set_up(self) -> None:
        """Ask for the test codes and keep what they tell."""
        if self._scanner is not None:
            self._errands.start(self._set_up(self._scanner))

    async def _for_the_run(self, scan: HandScan, reading: HandReading) -> None:
        barcode = await self._one_of(reading.candidates) if reading.candidates else scan.text
        if barcode is None:
            return
        answer = await self._desk.hand_scan(barcode)
        note = note_on(scan, reading)
        words = f"{answer.text}. {note}" if note else answer.text
        self.answered.emit(replace(answer, text=words, symbology=reading.symbology))
        await self._sound(_SOUNDS[answer.kind])

    async def _one_of(self, candidates: tuple[str, ...]) -> str | None:
        if len(candidates) == 1:
            return candidates[0]
        from app.ui.dialogs.which_code import WhichCodeDialog

        self._errands.start(self._sound(Sound.REFUSED))
        dialog = WhichCodeDialog(candidates, self._asker.window)
        return dialog.barcode() if await self._asker.ask(dialog) else None

    def _take_repeat(self, scan: HandScan) -> None:
        question = self._asker.open_question
        if question is not None and question.wants_scans:
            self.take(scan)  # the first time it was for the run
            return
        if question is None:
            found = self._desk.understand(scan).candidates
            barcode = found[0] if len(found) == 1 else clean(scan.text)
            words = say("scanned a moment ago, counted once")
            self.answered.emit(HandScanAnswer(barcode, HandScanKind.AGAIN, words, None))
        self._errands.start(self._sound(Sound.AGAIN))

    async def _sound(self, sound: Sound) -> None:
        played = self._scanner is not None and await self._scanner.sound(sound)
        if not played and sound is not Sound.ACCEPTED:
            QApplication.beep()

    async def _set_up(self, scanner: HandScanner) -> None:
        from app.ui.dialogs.hand_scanner import HandScannerDialog

        dialog = HandScannerDialog(scanner.codes(), self._asker.window)
        dialog.listening.connect(self._listen)
        dialog.print_wanted.connect(lambda: self._errands.start(self._print(scanner)))
        self._wedge.tested.connect(dialog.take_test)
        try:
            if not await self._asker.ask(dialog) or dialog.calibration is None:
                return
        finally:
            self._wedge.tested.disconnect(dialog.take_test)
        try:
            await scanner.keep(dialog.calibration)
        finally:
            self._wedge.use(WedgeSettings.of(scanner.settings))

    def _listen(self, wanted: bool) -> None:
        if wanted:
            self._wedge.begin_test()
        else:
            self._wedge.end_test()

    async def _print(self, scanner: HandScanner) -> None:
        path = await scanner.print_sheet()
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(path)))


def note_on(scan: HandScan, reading: HandReading) -> str:
    """Return what a person should know about how a scan arrived; empty where all is well."""
    if reading.case_swapped:
        return say("Caps Lock is on: small and capital letters were swapped back")
    if scan.caps_lock is CapsLock.ON:
        return say("Caps Lock is on: switch it off")
    if DEAD_KEY in scan.text:
        return say("The keyboard layout broke a character of it: set up the hand scanner (Ctrl+H)")
    return ""
