"""The Slide panel: all that is known of one scan, beside either page."""

from PySide6.QtCore import QPoint, QSize, Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from app.domain.quality import QualityLimits
from app.domain.scan import ScanId
from app.domain.slide import PictureKind
from app.services.views import Choice, OperatorsDesk, ScanDetail, ScanView
from app.ui import wording
from app.ui.banner import close_button
from app.ui.card_delegate import card_tone
from app.ui.errands import Errands
from app.ui.journey_list import JourneyList
from app.ui.large_picture import LargePicture
from app.ui.panel_sections import FactsGrid, ScansCard, TroubleCard
from app.ui.pictures_card import PicturesCard
from app.ui.quality_card import QualityCard
from app.ui.sheet_row_card import SheetRowCard
from app.ui.slide_look import SlideLook
from app.ui.surfaces import ElidedLabel, label, pill, wear
from app.ui.theme import Theme

_LOG_LINES = 60


class _Narrow(QWidget):
    """As wide as the panel, whatever long words its labels hold."""

    def minimumSizeHint(self) -> QSize:
        """Return the height needed, and no width."""
        return QSize(0, super().minimumSizeHint().height())


class SlidePanel(QFrame):
    """Shows one scan.

    `chosen` carries (scan id, Choice), `step_menu_wanted` (scan id, step id, position), `keep_wanted` and
    `row_wanted` (open the sheet at its row) a scan id.
    """

    chosen = Signal(str, object)
    step_menu_wanted = Signal(str, str, QPoint)
    keep_wanted = Signal(str)
    row_wanted = Signal(str)
    closed = Signal()

    def __init__(self, desk: OperatorsDesk, errands: Errands, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("slidePanel")
        self._desk = desk
        self._errands = errands
        self._theme = theme
        self.scan: ScanId | None = None
        self._moves = -1
        self._look: SlideLook | None = None
        self._large: LargePicture | None = None
        self._barcode = ElidedLabel("", "big")
        self._badge = pill()
        self._file = ElidedLabel("", "muted", Qt.TextElideMode.ElideMiddle)
        self._trouble = TroubleCard()
        self._pictures = PicturesCard(round(theme.base_px * 15))
        self._quality = QualityCard()
        self._row = SheetRowCard()
        self._witnesses = FactsGrid()
        self._facts = FactsGrid()
        self._files = FactsGrid()
        self._log = FactsGrid()
        self._journey = JourneyList(theme)
        self._scans = ScansCard()
        self._build()
        self._trouble.chosen.connect(self._on_choice)
        self._quality.chosen.connect(self._on_choice)
        self._row.chosen.connect(self._on_choice)
        self._row.open_wanted.connect(self._on_row_wanted)
        self._pictures.larger_wanted.connect(self.open_larger)
        self._journey.menu_wanted.connect(self._on_step_menu)
        self._scans.keep_wanted.connect(self._on_keep_wanted)
        self.setMinimumWidth(round(theme.base_px * 24))
        self.hide()

    def open_scan(self, scan: ScanId, kind: PictureKind = PictureKind.THUMBNAIL) -> None:
        """Show this scan from its top, with that picture in front."""
        other = scan != self.scan
        self.scan = scan
        self._moves = -1
        if other:
            self._look_at(scan)
            self._scroll.verticalScrollBar().setValue(0)
        self.show()
        self.refresh()
        self._pictures.show_kind(kind)

    def refresh(self) -> None:
        """Bring the panel up to date with the desk."""
        view = self._desk.scan(self.scan) if self.scan is not None else None
        if view is None or self.isHidden():
            return
        tone = card_tone(view)
        self._barcode.setText(wording.slide_name(view))
        self._badge.setText(f"{wording.sign(view.state)} {view.badge}")
        wear(self._badge, tone)
        self._file.setText(f"{view.file_name or view.source_name} · {wording.size(view.size_bytes)}")
        self._trouble.show_scan(view, tone)
        self._quality.show_scan(view, quality_facts(view))
        self._row.show_scan(view)
        self._journey.show_steps(view.steps)
        moves = sum(hash((step.id, step.state, step.attempts)) for step in view.steps)
        if moves != self._moves:
            self._moves = moves
            if self._look is not None:
                self._look.look()
            self._errands.start(self._fetch_detail(view.id))

    def close_panel(self) -> None:
        """Put the panel away."""
        self.scan = None
        self._look_at(None)
        self.hide()
        self.closed.emit()

    def open_larger(self) -> None:
        """Open the pictures of the scan in a window of their own."""
        if self._look is None:
            return
        if self._large is None:
            self._large = LargePicture(self.window())
            self._large.finished.connect(self._on_larger_closed)
        self._large.show_look(self._look, self._barcode.text(), self._pictures.kind)

    def _look_at(self, scan: ScanId | None) -> None:
        """Leave the pictures of the scan before, and begin with those of another."""
        if self._large is not None:
            self._large.close()
        if self._look is not None:
            self._look.leave()
            self._look.deleteLater()
        self._look = None if scan is None else SlideLook(self._desk, self._errands, scan, self)
        self._pictures.show_look(self._look)

    def _on_larger_closed(self) -> None:
        if self._large is not None:
            self._large.deleteLater()
            self._large = None

    def _build(self) -> None:
        close = close_button(self._theme, self.tr("Close (Esc)"))
        close.clicked.connect(self.close_panel)
        head = QHBoxLayout()
        head.addWidget(self._barcode, 1)
        head.addWidget(self._badge)
        head.addWidget(close)
        content = _Narrow()
        content.setObjectName("panelContent")
        self._inside = QVBoxLayout(content)
        self._inside.setContentsMargins(18, 4, 18, 18)
        self._inside.setSpacing(8)
        for widget in (self._trouble, self._pictures):
            self._inside.addWidget(widget)
        for title, section in self._sections():
            self._inside.addSpacing(6)
            self._inside.addWidget(label(title, "cardTitle"))
            self._inside.addWidget(section)
        self._inside.addStretch(1)
        self._scroll = QScrollArea()
        self._scroll.setWidget(content)
        self._scroll.setWidgetResizable(True)
        self._scroll.setFrameShape(QFrame.Shape.NoFrame)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        top = QVBoxLayout()
        top.setContentsMargins(18, 12, 12, 0)
        top.setSpacing(2)
        top.addLayout(head)
        top.addWidget(self._file)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(6)
        whole.addLayout(top)
        whole.addWidget(self._scroll, 1)

    def _sections(self) -> tuple[tuple[str, QWidget], ...]:
        return (
            (self.tr("Journey"), self._journey),
            (self.tr("Scans of this slide"), self._scans),
            (self.tr("Quality"), self._quality),
            (self.tr("Sheet row"), self._row),
            (self.tr("Who says which slide it is"), self._witnesses),
            (self.tr("The scan"), self._facts),
            (self.tr("Files"), self._files),
            (self.tr("Log"), self._log),
        )

    async def _fetch_detail(self, scan: ScanId) -> None:
        detail = await self._desk.detail(scan)
        if scan == self.scan:
            self._scans.show_chain(detail.chain)
            self._witnesses.show_facts(witness_facts(detail))
            self._facts.show_facts(slide_facts(detail))
            self._files.show_facts(file_facts(detail))
            newest = list(reversed(detail.log))[:_LOG_LINES]
            self._log.show_facts([(wording.second_clock(at), text) for at, text in newest])

    def _on_choice(self, choice: Choice) -> None:
        if self.scan is not None:
            self.chosen.emit(self.scan, choice)

    def _on_keep_wanted(self) -> None:
        if self.scan is not None:
            self.keep_wanted.emit(self.scan)

    def _on_row_wanted(self) -> None:
        if self.scan is not None:
            self.row_wanted.emit(self.scan)

    def _on_step_menu(self, step: str, point: QPoint) -> None:
        if self.scan is not None:
            self.step_menu_wanted.emit(self.scan, step, point)


def quality_facts(view: ScanView) -> list[tuple[str, str]]:
    """Return the verdict and every number that was measured."""
    say, quality = wording.say, view.quality
    if quality is None:
        return [(say("Verdict"), say("not checked yet"))]
    numbers = quality.numbers
    facts = [(say("Verdict"), quality.reason)]
    if numbers.blurry_percent is not None:
        facts.append((say("Blurred tissue"), say("{0} % of the tissue").format(f"{numbers.blurry_percent:.2f}")))
    if numbers.focus is not None:
        facts.append((say("Focus"), _focus_words(numbers.focus, quality.limits)))
    if numbers.tissue_percent is not None:
        facts.append((say("Tissue"), say("{0} % of the scan").format(f"{numbers.tissue_percent:.1f}")))
    if numbers.missed_percent is not None:
        missed = say("{0} % of the tissue on the glass").format(f"{numbers.missed_percent:.0f}")
        facts.append((say("Not scanned"), missed))
    if numbers.pen_percent:
        facts.append((say("Pen marks"), say("{0} % of the scan").format(f"{numbers.pen_percent:.1f}")))
    return facts


def _focus_words(focus: float, limits: QualityLimits | None) -> str:
    """Return a focus ratio beside what it was compared with."""
    if limits is None or limits.focus_usual is None:
        return wording.say("{0} (sharp is about 0.16)").format(f"{focus:.2f}")
    words = wording.say("{0} (accepted slides of this scanner: {1})")
    return words.format(f"{focus:.2f}", f"{limits.focus_usual:.2f}")


def witness_facts(detail: ScanDetail) -> list[tuple[str, str]]:
    """Return who says which barcode."""
    if not detail.barcodes:
        return [(wording.say("Nobody"), wording.say("no barcode was found anywhere"))]
    return [
        (wording.witness(reading.source), f"{reading.text}  {reading.symbology}".strip()) for reading in detail.barcodes
    ]


def slide_facts(detail: ScanDetail) -> list[tuple[str, str]]:
    """Return what the files say of themselves."""
    say, facts = wording.say, detail.facts
    if facts is None:
        return [(say("Format"), say("not read yet"))]
    found = [(say("Format"), " · ".join(part for part in (facts.format, facts.vendor) if part))]
    if facts.size is not None:
        found.append((say("Size"), say("{0} × {1} px, {2} levels").format(*facts.size, facts.levels)))
    if facts.mpp is not None:
        found.append((say("Resolution"), say("{0} µm a pixel").format(f"{facts.mpp[0]:.4f}")))
    if facts.objective is not None:
        found.append((say("Objective"), f"{facts.objective:g}×"))
    if facts.scanned_at:
        found.append((say("Scanned"), facts.scanned_at))
    return found


def file_facts(detail: ScanDetail) -> list[tuple[str, str]]:
    """Return every file with where it went and its checksum."""
    facts: list[tuple[str, str]] = []
    for source, destination, digest in detail.files:
        facts.append((wording.say("From"), source))
        if destination:
            facts.append((wording.say("To"), destination))
        if digest:
            facts.append(("SHA-256", digest))
    return facts
