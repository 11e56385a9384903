"""A share with findings, leftovers and two stations, for the window's tests."""

from datetime import datetime, timedelta

from app.domain.share import Leftover, LeftoverKind, Scrubbed, ShareStation
from app.domain.transfer import DIFFERS, MISSING, ScrubFinding
from app.services.leftovers import JudgedLeftover, Whose
from app.services.share_state import ShareFinding, ShareState
from app.services.share_words import finding_hint


def a_share(now: datetime) -> ShareState:
    """Return a share that was checked for the most part, with two damaged files and three leftovers."""
    differs = ScrubFinding("2026/Prec01/Prec01_Run 2_P1_545891.svs", DIFFERS, "9f" * 32, "1c" * 32)
    missing = ScrubFinding("2025/Prec00/Prec00_Run 7_P4_620118.svs", MISSING, "aa" * 32)
    source = "D:/scans/2026-11-21/raven_000412.svs"
    findings = (
        ShareFinding(_scrubbed(differs, now, days=2), "545891", finding_hint(DIFFERS, source)),
        ShareFinding(_scrubbed(missing, now, days=5), "", finding_hint(MISSING, "")),
    )
    leftovers = (
        _left("2026/Prec01/.Prec01_Run 2_P1_545902.svs.0123456789abcdef.part", 1_210_000_000, now, 3, Whose.OURS),
        _left("2026/Prec02/.Prec02_Run 1_P1_771203.mrxs.ffffffffffffffff.part", 48_000_000, now, 0.1, Whose.UNKNOWN),
        JudgedLeftover(
            Leftover(".slideferry/probe-0123456789abcdef", LeftoverKind.PROBE, 0, now - timedelta(days=40)),
            Whose.UNKNOWN,
        ),
    )
    stations = (
        ShareStation("1" * 16, "SCAN-PC-02", "Raven", "0.1.0", now - timedelta(seconds=20)),
        ShareStation("2" * 16, "SCAN-PC-05", "Cardinal", "0.1.0", now - timedelta(days=3)),
    )
    size = 41_300_000_000_000
    return ShareState(
        "//nas/slides", 31_204, size, round(size * 0.81), round(size * 0.04), now - timedelta(days=41),
        percent_per_day=2.5, hours=(20, 6), findings=findings, leftovers=leftovers, stations=stations,
    )  # fmt: skip


def _scrubbed(finding: ScrubFinding, now: datetime, *, days: float) -> Scrubbed:
    return Scrubbed(finding.path, now - timedelta(hours=9), finding, now - timedelta(days=days))


def _left(path: str, size: int, now: datetime, days: float, whose: Whose) -> JudgedLeftover:
    written = now - timedelta(days=days)
    return JudgedLeftover(Leftover(path, LeftoverKind.PART, size, written, path[-21:-5]), whose)
