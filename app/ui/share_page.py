"""The Share page: how the share stands, and what a person can do about it."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QScrollArea, QVBoxLayout, QWidget

from app.services.leftovers import JudgedLeftover, Whose
from app.services.views import OperatorsDesk, StationView
from app.ui.dialogs.question import Asker
from app.ui.errands import Errands
from app.ui.share_cards import ChecksCard, FindingsCard, StationsCard
from app.ui.share_leftovers import LeftoversCard
from app.ui.surfaces import ElidedLabel, label, wear
from app.ui.tokens import Tone
from app.ui.wording import say

_NAMES_TOLD = 6


class SharePage(QWidget):
    """Looks at the share whenever it is opened; everything it shows is as of then."""

    def __init__(self, desk: OperatorsDesk, errands: Errands, asker: Asker) -> None:
        super().__init__()
        self.setObjectName("page")
        self._desk, self._errands, self._asker = desk, errands, asker
        self._looking = False
        self._state = label("")
        self._place = ElidedLabel("", "muted", Qt.TextElideMode.ElideMiddle)
        self._again = QPushButton(say("Look again"))
        self._again.clicked.connect(self.look)
        self._checks, self._findings = ChecksCard(), FindingsCard()
        self._leftovers, self._stations = LeftoversCard(), StationsCard()
        self._findings.again_wanted.connect(lambda: self._errands.start(self._read_again()))
        self._leftovers.removal_wanted.connect(lambda found: self._errands.start(self._remove(found)))
        self._cards = (self._findings, self._checks, self._leftovers, self._stations)
        self._build()

    def look(self) -> None:
        """Ask how the share stands, unless that is being asked already."""
        if not self._looking:
            self._errands.start(self._look())

    def show_station(self, station: StationView) -> None:
        """Say in one line how the share is, or what the page is doing."""
        if station.share_trouble:
            text, tone = f"✕ {station.share_trouble}", Tone.BAD
        elif self._looking:
            text, tone = say("Looking through the share…"), Tone.BUSY
        else:
            text, tone = say("✓ reachable"), Tone.GOOD
        self._state.setText(text)
        wear(self._state, tone, "ink")

    def _build(self) -> None:
        head = QHBoxLayout()
        head.setSpacing(14)
        head.addWidget(label(say("Share"), "pageTitle"))
        head.addWidget(self._state)
        head.addWidget(self._place, 1)
        head.addWidget(self._again)
        content = QWidget()
        content.setObjectName("panelContent")
        column = QVBoxLayout(content)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(12)
        for each in self._cards:
            each.setVisible(False)
            column.addWidget(each)
        column.addStretch(1)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setWidget(content)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(16, 16, 16, 16)
        whole.setSpacing(12)
        whole.addLayout(head)
        whole.addWidget(scroll, 1)

    async def _look(self) -> None:
        self._looking = True
        self._again.setEnabled(False)
        self.show_station(self._desk.station())
        try:
            state = await self._desk.share()
        finally:
            self._looking = False
            self._again.setEnabled(True)
            self.show_station(self._desk.station())
        self._place.setText(state.place)
        self._checks.show_state(state)
        self._findings.show_findings(state.findings)
        self._leftovers.show_leftovers(state.leftovers)
        self._stations.show_state(state)
        for each in self._cards:
            each.setVisible(True)

    async def _read_again(self) -> None:
        await self._desk.read_findings_again()
        await self._look()

    async def _remove(self, found: tuple[JudgedLeftover, ...]) -> None:
        """Ask for the reason, and say what the program cannot know: whether another station still needs them."""
        from app.ui.dialogs.reason import ReasonDialog

        names = ", ".join(each.leftover.path for each in found[:_NAMES_TOLD]) + (
            " …" if len(found) > _NAMES_TOLD else ""
        )
        others = any(each.whose is Whose.UNKNOWN for each in found)
        warning = say(" Another station may be copying what is not of this one: look at the times.") if others else ""
        common = (say("The PC that wrote it was replaced"), say("The scan was given up"))
        title = say("Remove {0} leftover(s)?").format(len(found))
        dialog = ReasonDialog(title, f"{names}.{warning}", say("Remove"), common, self.window())
        if await self._asker.ask(dialog):
            await self._desk.remove_leftovers([each.leftover.path for each in found], dialog.reason())
            await self._look()
