"""The cards of the Share page: what was checked, what was found, who is at work."""

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QGridLayout, QLabel, QLayout, QPushButton, QSizePolicy, QVBoxLayout

from app.services.share_state import ShareFinding, ShareState
from app.ui import wording
from app.ui.surfaces import ElidedLabel, label, wear
from app.ui.tokens import Tone
from app.ui.wording import say


class ChecksCard(QFrame):
    """How much of the store was read and compared lately, and what goes on by itself."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("card")
        self._share = label("", "big")
        self._words = label("", wrap=True)
        self._plan = label("", "muted", wrap=True)
        inside = QVBoxLayout(self)
        inside.setContentsMargins(16, 12, 16, 14)
        inside.setSpacing(5)
        inside.addWidget(label(say("Checked in the last 30 days"), "cardTitle"))
        for text in (self._share, self._words, self._plan):
            inside.addWidget(text)

    def show_state(self, state: ShareState) -> None:
        """Bring the card up to date."""
        share = wording.percent(state.recent_bytes, state.size_bytes) if state.size_bytes else "–"
        self._share.setText(say("{0} of the store").format(share))
        parts = [say("{0} files, {1}").format(f"{state.files:,}", wording.size(state.size_bytes))]
        if state.oldest_check is not None:
            parts.append(say("oldest check {0}").format(wording.day(state.oldest_check)))
        if state.never_bytes:
            never = wording.percent(state.never_bytes, state.size_bytes)
            parts.append(say("{0} never checked by this station").format(never))
        self._words.setText(" · ".join(parts))
        first, last = state.hours
        self._plan.setText(
            say("{0} of it is read again each day between {1}:00 and {2}:00, the oldest check first.").format(
                f"{state.percent_per_day:g} %", first, last
            )
            if state.percent_per_day
            else say("Nothing is read again by itself: the setting [verify] percent_per_day is 0.")
        )


class FindingsCard(QFrame):
    """Files that are not as they were verified: which, since when, what to do. `again_wanted` by its button."""

    again_wanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("card")
        self._good = label(say("✓ Every file that was read holds what was verified"))
        wear(self._good, Tone.GOOD, "ink")
        self._rows = QVBoxLayout()
        self._rows.setSpacing(10)
        self._again = QPushButton(say("Read these again"))
        self._again.setToolTip(say("After somebody has put a file right"))
        self._again.clicked.connect(self.again_wanted)
        inside = QVBoxLayout(self)
        inside.setContentsMargins(16, 12, 16, 14)
        inside.setSpacing(8)
        inside.addWidget(label(say("Findings"), "cardTitle"))
        inside.addWidget(self._good)
        inside.addLayout(self._rows)
        inside.addWidget(self._again, 0, Qt.AlignmentFlag.AlignLeft)

    def show_findings(self, findings: Sequence[ShareFinding]) -> None:
        """Show these in the place of the earlier ones."""
        clear(self._rows)
        for finding in findings:
            self._rows.addWidget(_finding_row(finding))
        self._good.setVisible(not findings)
        self._again.setVisible(bool(findings))


def _finding_row(finding: ShareFinding) -> QFrame:
    row = QFrame()
    row.setObjectName("banner")
    wear(row, Tone.BAD)
    inside = QVBoxLayout(row)
    inside.setContentsMargins(14, 10, 14, 10)
    inside.setSpacing(3)
    slide = say(" (slide {0})").format(finding.slide) if finding.slide else ""
    inside.addWidget(ElidedLabel(f"✕ {finding.checked.path}{slide}", "strong", Qt.TextElideMode.ElideMiddle))
    inside.addWidget(_line(finding.words))
    inside.addWidget(_line(finding.hint))
    since, at = wording.clock(finding.checked.since or finding.checked.at), wording.clock(finding.checked.at)
    inside.addWidget(_line(say("Known since {0}, last read {1}").format(since, at), "small"))
    return row


def _line(text: str, name: str = "") -> QLabel:
    """Return a wrapped line that a long word, such as a path, does not make wider than the page."""
    line = label(text, name, wrap=True)
    line.setToolTip(text)
    line.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    policy = QSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
    policy.setHeightForWidth(True)
    line.setSizePolicy(policy)
    return line


class StationsCard(QFrame):
    """Who uses this share, and when each was last heard."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("card")
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(24)
        self._grid.setVerticalSpacing(5)
        self._grid.setColumnStretch(4, 1)
        inside = QVBoxLayout(self)
        inside.setContentsMargins(16, 12, 16, 14)
        inside.setSpacing(6)
        inside.addWidget(label(say("Stations on this share"), "cardTitle"))
        inside.addLayout(self._grid)

    def show_state(self, state: ShareState) -> None:
        """Bring the card up to date."""
        clear(self._grid)
        for row, each in enumerate(state.stations):
            heard = say("last heard {0}").format(wording.clock(each.heard_at))
            for column, text in enumerate((each.station, each.scanner, say("version {0}").format(each.version), heard)):
                self._grid.addWidget(label(text, "strong" if column == 0 else "muted"), row, column)
        if not state.stations:
            self._grid.addWidget(label(say("None has said so yet"), "muted"), 0, 0)


def clear(layout: QLayout) -> None:
    """Take everything out of a layout."""
    while (item := layout.takeAt(0)) is not None:
        widget = item.widget()
        if widget is not None:
            widget.hide()
            widget.deleteLater()
