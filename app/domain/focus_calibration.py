"""What the focus of a lab's own accepted slides teaches: how sharp a scanner usually is, and where to look closer.

Only the first hundred accepted slides teach, and a learned limit is never above the fixed one: a scanner that slowly
goes out of focus cannot teach that this is how it should be.
"""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from app.domain.slide import SlideFacts

FEWEST = 20
"""From how many accepted slides on a limit is learned."""
TEACHERS = 100
"""How many accepted slides teach, the first ones."""
SHARP = 0.16
"""What sharp slides measure (`QualityNumbers.focus`); those blurred by a Gaussian of sigma 1 measure 0.21 to 0.23."""
MARGIN = 0.04
"""How far above what is usual a limit lies at least."""
SPREADS = 3.0
"""How many spreads above what is usual a limit lies at least."""
_MAD_TO_SPREAD = 1.4826
"""Makes a median absolute deviation the standard deviation of a normal distribution."""


@dataclass(frozen=True, slots=True)
class Optics:
    """Whose focus ratios can be compared: one scanner's, with one objective.

    `scanner` is its name in the lab, `serial` its serial number where the files say it, `objective` the power
    (20.0 is 20x), None where nobody knows it.
    """

    scanner: str
    serial: str = ""
    objective: float | None = None

    @property
    def words(self) -> str:
        """The scanner and its objective as people say it: Raven at 40x."""
        return self.scanner if self.objective is None else f"{self.scanner} at {self.objective:g}x"


@dataclass(frozen=True, slots=True)
class FocusCalibration:
    """What `slides` accepted slides taught: their usual focus ratio, its spread, and the limit that follows."""

    slides: int
    usual: float
    spread: float
    limit: float


def optics_of(scanner: str, facts: SlideFacts | None) -> Optics:
    """Return with which optics a scan was made."""
    if facts is None:
        return Optics(scanner)
    return Optics(scanner, facts.scanner_serial or "", facts.objective)


def learn_focus(accepted: Sequence[float], ceiling: float) -> FocusCalibration | None:
    """Return what the focus ratios of accepted slides of the same optics teach; None while they are too few.

    The limit lies above the median by the larger of a margin and three robust spreads, at least where a slide blurred
    by a pixel or less begins (0.20), and never above `ceiling`, the fixed limit.
    """
    if len(accepted) < FEWEST:
        return None
    usual = statistics.median(accepted)
    spread = _MAD_TO_SPREAD * statistics.median(abs(each - usual) for each in accepted)
    learned = max(usual + max(MARGIN, SPREADS * spread), SHARP + MARGIN)
    return FocusCalibration(len(accepted), usual, spread, min(learned, ceiling))
