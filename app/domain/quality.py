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
    """Where the verdict turns. Percentages are of the tissue (blur) or of the scanned area (tissue).

    `focus_usual` is what the accepted slides of `focus_of` ("Raven at 40x") measure, where the focus limit was learned
    from them.
    """

    blur_rescan_percent: float = 5.0
    focus_review: float = 0.28
    tissue_min_percent: float = 0.1
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
    """What was measured; None where it could not be. `reason` says why nothing was measured."""

    blurry_percent: float | None = None
    focus: float | None = None
    tissue_percent: float | None = None
    blank: bool = False
    reason: str = ""


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


def judge(numbers: QualityNumbers, limits: QualityLimits) -> Quality:
    """Return the worse of the verdicts on blur, tissue and focus, with the reason a person reads."""
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
