"""Several scans of one slide, for the window's tests."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from app.domain.quality import Verdict
from app.domain.scan import ScanId
from app.domain.step import StepState
from app.pipeline.journey import VERIFY
from app.services.rescan_chain import ChainScan, Place, RescanChain
from app.services.views import Attention, Choice, ScanView


def two_scans(now: datetime, views: Mapping[ScanId, ScanView]) -> dict[ScanId, RescanChain]:
    """Return, for every scan with a barcode, a chain of it and an older scan that made way for it."""
    return {view.id: _chain(now, view) for view in views.values() if view.barcode}


def _chain(now: datetime, view: ScanView) -> RescanChain:
    barcode = view.barcode or ""
    name = f"Prec01/Run 2/{barcode}_Prec01_P1.svs"
    older = ChainScan(
        ScanId("0ld" + view.id), "img_0007.svs", now - timedelta(days=1, hours=2), StepState.SUCCEEDED, Verdict.RESCAN,
        "too blurry, 12.4 % of the tissue", "too blurry, 12.4 % of the tissue", Place.RESCANS,
        f"Rescans/Prec01/Run 2/{barcode}_Prec01_P1__0ld{view.id}.svs", kept=False, decided_by="",
        decided_at=now - timedelta(minutes=40),
    )  # fmt: skip
    newer = ChainScan(
        view.id, view.source_name, now - timedelta(minutes=50), view.state, Verdict.PASS, "sharp, 0.4 % blurred", "",
        Place.NAME, name, kept=True, decided_by="Mira Holm", decided_at=now - timedelta(minutes=40),
    )  # fmt: skip
    return RescanChain(barcode, (older, newer), view.id)


def missing_image(view: ScanView) -> ScanView:
    """Return a scan that asks about an older image which is not there."""
    asked = Attention(
        VERIFY,
        "The older image is not there",
        f"Scan feb90bff5f of {view.barcode}: “Prec01/Run 2/{view.barcode}_Prec01_P1.svs” is not at its place",
        "Find it: the share is searched by checksum. Go on without it. Or hold, and look for it yourself",
        (Choice.FIND_OLDER, Choice.GO_ON_WITHOUT, Choice.HOLD),
    )
    return replace(view, attention=asked, state=StepState.NEEDS_ATTENTION, badge="Older image?")
