"""Scans whose publication is cut: the share's answer gets lost, and the next looks at the share fail."""

from pathlib import Path

from app.domain.errors import RetryableError
from app.domain.step import StepState
from app.services.station import Station
from tests.fakes.lab import Lab

FOLDER = "Prec01/Run 2/"
LOST = RetryableError("Trouble", "the answer got lost")


def final(barcode: str = "620995", panel: str = "P1", extension: str = "svs") -> str:
    """Return the path of a slide's image on the share."""
    return f"{FOLDER}{barcode}_Prec01_{panel}.{extension}"


def in_rescans(lab: Lab, name: str) -> str:
    """Return where the image of a scan of slide 620995 lies once it has made way."""
    return f"Rescans/{FOLDER}620995_Prec01_P1__{lab.id(name)}.{name.rpartition('.')[2]}"


async def cut(lab: Lab, station: Station, name: str, *, after: str = "published") -> Path:
    """Let the publication of a scan of 620995 be cut, `after` its work or before it ("publish"), and its pass fail."""
    path = lab.scan(name, "620995", mark=name)
    lab.share.script[after].append(LOST)
    lab.share.script["check"].extend([lambda: None, LOST, LOST, LOST])
    await station.runner.look()
    await lab.rest()
    assert lab.get(name).state is StepState.FAILED, lab.get(name).steps
    assert (lab.get(name).publishing, lab.get(name).published) == (True, False)
    lab.share.script.clear()
    lab.share.calls.clear()
    return path
