"""Expected slides against found ones: the classes of a run, and what keeps it open."""

from collections.abc import Sequence
from dataclasses import dataclass

from app.domain.dossier import Dossier
from app.domain.run import Expected, SlideClass
from app.domain.sheet import SlideSheet
from app.domain.step import StepState
from app.pipeline.journey import MATCH, SUPERSEDE


@dataclass(frozen=True, slots=True)
class Standing:
    """How one expected or found slide stands. `key` is its barcode, or the scan's id where there is none."""

    key: str
    klass: SlideClass
    words: str


_DONE = (SlideClass.COMPLETE, SlideClass.RESCAN)


def scan_class(dossier: Dossier) -> SlideClass:
    """Return the class of one scan."""
    record = dossier.steps[MATCH]
    if record.state is StepState.NEEDS_ATTENTION:
        return {
            "Missing Task": SlideClass.NOT_IN_SHEET,
            "Two rows, one barcode": SlideClass.DUPLICATE_BARCODE,
            "Metadata missing": SlideClass.METADATA_MISSING,
            "Wrong scanner": SlideClass.WRONG_SCANNER,
        }.get(record.title, SlideClass.FAILED)
    state = dossier.state
    if state is StepState.SUCCEEDED or (dossier.published and state is StepState.WAITING_TO_RETRY):
        moved = dossier.steps[SUPERSEDE].state is StepState.SUCCEEDED
        return SlideClass.RESCAN if moved else SlideClass.COMPLETE
    if state in (StepState.FAILED, StepState.BLOCKED, StepState.NEEDS_ATTENTION, StepState.CANCELLED):
        return SlideClass.FAILED
    return SlideClass.ON_ITS_WAY


def current_scans(dossiers: Sequence[Dossier]) -> tuple[Dossier, ...]:
    """Return the scans that no other scan took the place of."""
    return tuple(dossier for dossier in dossiers if dossier.scan.superseded_by is None)


def standings(
    expected: Sequence[Expected], dossiers: Sequence[Dossier], sheet: SlideSheet | None
) -> tuple[Standing, ...]:
    """Return every slide of a run once: the expected ones in their order, then what else was found."""
    found: dict[str, Dossier] = {}
    nameless: list[Dossier] = []
    for dossier in current_scans(dossiers):
        barcode = dossier.scan.barcode
        if barcode and not (dossier.scan.cancelled and barcode in found):
            found[barcode] = dossier
        elif not barcode:
            nameless.append(dossier)
    barcodes = list(dict.fromkeys((*(each.barcode for each in expected), *found)))
    named = [_standing(barcode, found.get(barcode), sheet) for barcode in barcodes]
    return (*named, *(Standing(each.id, scan_class(each), _words(each)) for each in nameless))


def _standing(barcode: str, dossier: Dossier | None, sheet: SlideSheet | None) -> Standing:
    if dossier is not None:
        return Standing(barcode, scan_class(dossier), _words(dossier))
    if sheet is not None and not sheet.rows_for(barcode):
        return Standing(barcode, SlideClass.NOT_IN_SHEET, "expected, not in the sheet, not scanned")
    return Standing(barcode, SlideClass.EXPECTED, "expected, not scanned yet")


def _words(dossier: Dossier) -> str:
    state = dossier.state
    problem = next((r.title for r in dossier.steps.values() if r.title and not r.state.done), "")
    words = problem or ("Need to rescan" if dossier.undecided_rescan else state.title)
    return f"{dossier.scan.files.name}: {words}"


def open_slides(slides: Sequence[Standing]) -> tuple[Standing, ...]:
    """Return what a run cannot be ended with unless a reason is named for each.

    While the run goes on an expected slide may still come; at its end it is missing.
    """
    return tuple(_at_the_end(each) for each in slides if each.klass not in _DONE)


def _at_the_end(standing: Standing) -> Standing:
    if standing.klass is not SlideClass.EXPECTED:
        return standing
    return Standing(standing.key, SlideClass.MISSING, "missing: expected, not scanned")


def missing(expected: Sequence[Expected], dossiers: Sequence[Dossier]) -> tuple[str, ...]:
    """Return the expected barcodes without a verified image."""
    safe = {dossier.scan.barcode for dossier in dossiers if dossier.published}
    return tuple(each.barcode for each in expected if each.barcode not in safe)


def unexpected(expected: Sequence[Expected], dossiers: Sequence[Dossier]) -> tuple[str, ...]:
    """Return the barcodes that were found but not expected; nothing is unexpected where nothing was expected."""
    if not expected:
        return ()
    known = {each.barcode for each in expected}
    found = dict.fromkeys(d.scan.barcode for d in dossiers if d.scan.barcode)
    return tuple(barcode for barcode in found if barcode not in known)
