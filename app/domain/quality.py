"""The quality verdict: numbers in, advice out."""

from dataclasses import dataclass
from enum import Enum


class Verdict(Enum):
    """Advice to a person while the glass is still in the rack."""

    PASS = "pass"  # noqa: S105  (a verdict, not a password)
    REVIEW = "review"
    RESCAN = "rescan"
    NOT_CHECKED = "not_checked"


@dataclass(frozen=True, slots=True)
class QualityLimits:
    """Where the verdict turns.

    Percentages are of the tissue (blur), the scanned area (tissue) or the tissue on the glass (missed; 0: never).
    `focus_usual` is what the accepted slides of `focus_of` ("Raven at 40x") measure, where the focus limit was learned
    from them.
    """

    blur_rescan_percent: float = 5.0
    focus_review: float = 0.28
    tissue_min_percent: float = 0.1
    missed_tissue_percent: float = 5.0
    focus_usual: float | None = None
    focus_of: str = ""

    @property
    def focus_compared_with(self) -> str:
        """What a focus ratio is compared with, in words."""
        if self.focus_usual is None:
            return "sharp slides measure about 0.16"
        return f"accepted slides of {self.focus_of} measure {self.focus_usual:.2f}"


@dataclass(frozen=True, slots=True)
class QualityNumbers:
    """What was measured; None where it could not be. `reason` says why nothing was measured.

    `missed_percent` is the share of the tissue on the glass that lies outside the scanned area, `pen_percent` the share
    of the scanned area that pen ink covers, `blurry_pen_percent` what of `blurry_percent` is ink.
    """

    blurry_percent: float | None = None
    focus: float | None = None
    tissue_percent: float | None = None
    blank: bool = False
    reason: str = ""
    missed_percent: float | None = None
    pen_percent: float | None = None
    blurry_pen_percent: float | None = None


@dataclass(frozen=True, slots=True)
class Quality:
    """A verdict with its numbers and its reason in words.

    What is kept of it also says by which limits, and by which version of the program, it was judged; None and empty
    for what older programs judged.
    """

    verdict: Verdict
    numbers: QualityNumbers
    reason: str
    limits: QualityLimits | None = None
    program: str = ""


LEAST_PEN_PERCENT = 0.05
"""Less ink than this in the scanned area is not worth a word."""


def judge(numbers: QualityNumbers, limits: QualityLimits) -> Quality:
    """Return the worse of the verdicts on blur, tissue, focus and missed tissue, with the reason a person reads.

    Pen ink is a hint in the reason and changes no verdict.
    """
    quality = _judge_missed(_judge_scan(numbers, limits), limits)
    hint = _pen_hint(numbers)
    return Quality(quality.verdict, numbers, f"{quality.reason}. {hint}" if hint else quality.reason)


def _judge_scan(numbers: QualityNumbers, limits: QualityLimits) -> Quality:
    """Return the worse of the verdicts on what was scanned."""
    if numbers.blank:
        return Quality(Verdict.REVIEW, numbers, "No tissue found: blank slide, or scanned beside the tissue")
    if numbers.blurry_percent is None:
        return Quality(Verdict.NOT_CHECKED, numbers, numbers.reason or "Not checked")
    if numbers.blurry_percent > limits.blur_rescan_percent:
        return Quality(Verdict.RESCAN, numbers, f"Need to rescan, too blurry {numbers.blurry_percent:.1f} %")
    if numbers.focus is not None and numbers.focus > limits.focus_review:
        reason = f"Look at the focus: {numbers.focus:.2f} ({limits.focus_compared_with})"
        return Quality(Verdict.REVIEW, numbers, reason)
    if numbers.tissue_percent is not None and numbers.tissue_percent < limits.tissue_min_percent:
        return Quality(Verdict.REVIEW, numbers, f"Little tissue: {numbers.tissue_percent:.2f} % of the scanned area")
    return Quality(Verdict.PASS, numbers, f"Sharp: {numbers.blurry_percent:.1f} % blurred")


def _judge_missed(scanned: Quality, limits: QualityLimits) -> Quality:
    """Add the tissue that was not scanned: alone it is for a person to look at, beside a fault one more reason."""
    missed = scanned.numbers.missed_percent
    if missed is None or not 0 < limits.missed_tissue_percent < missed:
        return scanned
    words = f"Tissue outside the scanned area: about {missed:.0f} % of the tissue on the glass was not scanned"
    if scanned.verdict is Verdict.PASS:
        return Quality(Verdict.REVIEW, scanned.numbers, words)
    return Quality(scanned.verdict, scanned.numbers, f"{scanned.reason}. {words}")


def _pen_hint(numbers: QualityNumbers) -> str:
    if (numbers.pen_percent or 0.0) < LEAST_PEN_PERCENT:
        return ""
    hint = f"Pen marks on about {numbers.pen_percent:.1f} % of the scan"
    if (numbers.blurry_pen_percent or 0.0) >= LEAST_PEN_PERCENT:
        hint += f"; {numbers.blurry_pen_percent:.1f} of the {numbers.blurry_percent:.1f} % blurred is ink, not tissue"
    return hint
