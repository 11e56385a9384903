"""Which files ought to lie on the share, by the journal: what it published there, where its scans are now."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from app.domain.dossier import Dossier
from app.domain.step import StepState
from app.pipeline.journey import SUPERSEDE, VERIFY
from app.pipeline.rescans import stands


def published_files(dossiers: Sequence[Dossier], since: datetime | None) -> Mapping[str, str]:
    """Return path and SHA-256 of every file that was verified on this share; None for `since`: on another one.

    Slides are left out of which a scan is being moved: until that is done, the journal may not know where it lies.
    """
    if since is None:
        return {}
    moving = {dossier.scan.barcode for dossier in dossiers if _is_moving(dossier)}
    return {
        file.destination: file.sha256
        for dossier in dossiers
        if stands(dossier) and _is_since(dossier, since) and dossier.scan.barcode not in moving
        for file in dossier.files
    }


def _is_moving(dossier: Dossier) -> bool:
    """Whether its own files, or an earlier scan's for its sake, may be on their way to another name."""
    begun = (dossier.steps[step].state for step in (VERIFY, SUPERSEDE) if dossier.steps[step].attempts)
    return dossier.publishing or any(not state.done and state is not StepState.CANCELLED for state in begun)


def _is_since(dossier: Dossier, since: datetime) -> bool:
    at = dossier.steps[VERIFY].ended_at
    return at is not None and at >= since
