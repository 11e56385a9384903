"""Get Slide Information: facts, pictures, and the barcode that all witnesses agree on."""

from dataclasses import replace

from app.domain.barcode import agree, file_name_candidates
from app.domain.dossier import Change
from app.domain.run import ExpectedFrom
from app.domain.slide import BarcodeReading, BarcodeSource, PictureKind, SlideFacts
from app.pipeline.case import Ask, Case, Done, Outcome

THUMBNAIL_PX = 256
LABEL_PX = 640


async def identify(case: Case) -> Outcome:
    """Read the slide and say which one it is; no barcode, or two that differ, is a question with the label picture."""
    facts = case.dossier.facts or await case.kit.images.inspect(case.dossier.scan.files)
    pictures = await _pictures(case)
    readings = await _witnesses(case, facts)
    facts = replace(facts, barcodes=readings)
    settings = case.kit.settings.scanner
    agreement = agree(readings, settings.barcode_pattern, settings.identity)
    scan = case.dossier.scan
    if agreement.barcode is not None:
        found = replace(scan, barcode=agreement.barcode)
        return Done(agreement.barcode, Change(scan=found, facts=facts, pictures=pictures))
    change = Change(scan=replace(scan, barcode=None), facts=facts, pictures=pictures)
    if agreement.conflict:
        seen = ", ".join(f"{each.text} ({each.source.value})" for each in agreement.conflict)
        return Ask("Which slide is this?", f"The barcodes of {scan.files.name} differ: {seen}", _ASSIGN, change)
    return Ask("Which slide is this?", f"No barcode could be read on {scan.files.name}", _ASSIGN, change)


async def _pictures(case: Case) -> dict[PictureKind, bytes]:
    sizes = {
        PictureKind.THUMBNAIL: THUMBNAIL_PX,
        PictureKind.LABEL: LABEL_PX,
        PictureKind.MACRO: LABEL_PX,
    }
    found = {}
    for kind, size_px in sizes.items():
        # Nothing takes the place of an older picture: the files may hold another slide than before.
        found[kind] = await case.kit.images.picture(case.dossier.scan.files, kind, size_px) or b""
    return found


async def _witnesses(case: Case, facts: SlideFacts) -> tuple[BarcodeReading, ...]:
    scan = case.dossier.scan
    pattern = case.kit.settings.scanner.barcode_pattern
    own = (BarcodeSource.HAND, BarcodeSource.PERSON, BarcodeSource.FILE_NAME)
    # A person's word and the hand scanner's are asked for anew each time, what the files say was read once.
    readings = [reading for reading in facts.barcodes if reading.source not in own]
    names = [
        BarcodeReading(each, "", BarcodeSource.FILE_NAME) for each in file_name_candidates(scan.files.name, pattern)
    ]
    hand = await _hand_scans(case, {reading.text for reading in readings})
    person = [BarcodeReading(scan.assigned, "", BarcodeSource.PERSON)] if scan.assigned else []
    return (*readings, *hand, *names, *person)


async def _hand_scans(case: Case, seen: set[str]) -> list[BarcodeReading]:
    run = case.dossier.scan.run
    if run is None:
        return []
    expected = await case.kit.store.work(lambda journal: journal.expected(run))
    # A hand scan names no file: it speaks for the scan whose own barcode it repeats.
    hand = [each.barcode for each in expected if each.source is ExpectedFrom.HAND_SCAN]
    return [BarcodeReading(barcode, "", BarcodeSource.HAND) for barcode in hand if barcode in seen]


_ASSIGN = "Scan the glass or pick its row: one key assigns it, no rescan is needed"
