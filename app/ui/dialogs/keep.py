"""Asks which of a slide's scans is kept, after names were given."""

from PySide6.QtWidgets import QButtonGroup, QLineEdit, QRadioButton, QWidget

from app.domain.scan import ScanId
from app.services.rescan_chain import ChainScan, Place, RescanChain
from app.ui import wording
from app.ui.dialogs.question import Question
from app.ui.surfaces import label
from app.ui.wording import say

_ON_SHARE = (Place.NAME, Place.BESIDE, Place.RESCANS)


class KeepDialog(Question):
    """One line for each scan that is on the share, and one for keeping the two newest."""

    def __init__(self, chain: RescanChain, parent: QWidget) -> None:
        text = say("The scan chosen gets the slide's name; the others move to the rescans. Nothing is lost.")
        super().__init__(say("Which scan of {0} is kept?").format(chain.barcode), text, say("Keep it"), parent)
        self._scans = tuple(each for each in chain.scans if each.place in _ON_SHARE)
        self._group = QButtonGroup(self)
        for number, each in enumerate(self._scans):
            self._add(number, _title(each), _remark(each), chosen=each.place is Place.NAME)
        if len(self._scans) > 1:
            older, newer = self._scans[-2:]
            words = say("Both: {0} has the name, {1} lies beside it").format(older.source_name, newer.source_name)
            self._add(len(self._scans), words, "", chosen=newer.place is Place.BESIDE)
        self._before = self._group.checkedId()
        self._reason = QLineEdit()
        self._reason.setPlaceholderText(say("Why? One sentence"))
        self._reason.textChanged.connect(self._check)
        self._group.idToggled.connect(self._check)
        self.field(say("Reason"), self._reason)
        self._check()

    def scan(self) -> ScanId:
        """Return the scan that the answer is about."""
        return self._answer()[0]

    def which(self) -> str:
        """Return old, new or both, as said of that scan."""
        return self._answer()[1]

    def reason(self) -> str:
        """Return the reason given."""
        return self._reason.text().strip()

    def _answer(self) -> tuple[ScanId, str]:
        """Say it of the scan that takes the name, or of the newest one that leaves it."""
        number = self._group.checkedId()
        if number == len(self._scans):
            return self._scans[-1].id, "both"
        return self._scans[number].id, "new"

    def _add(self, number: int, words: str, remark: str, *, chosen: bool) -> None:
        button = QRadioButton(words)
        button.setAccessibleName(words)
        button.setChecked(chosen)
        self._group.addButton(button, number)
        self.body.addWidget(button)
        if remark:
            line = label(remark, "small", wrap=True)
            line.setContentsMargins(26, 0, 0, 4)
            self.body.addWidget(line)

    def _check(self) -> None:
        self.allow(self._group.checkedId() not in (-1, self._before) and bool(self.reason()))


def _title(each: ChainScan) -> str:
    when = f"{each.found_at.astimezone():%Y-%m-%d %H:%M}"
    return say("{0}, scanned {1}, {2}").format(each.source_name, when, wording.place(each.place))


def _remark(each: ChainScan) -> str:
    return each.verdict_reason
