"""Whether a scan has all its bytes: asks the rules of its format, answers in words for people."""

from pathlib import Path

from app.adapters.imaging import problems
from app.adapters.imaging.cellsens import CellSensError, check_ets
from app.adapters.imaging.contents import OME_READ_BYTES, names_in_ome
from app.adapters.imaging.czi import CziError
from app.adapters.imaging.czi_wholeness import MissingPartsError, check_split_czi
from app.adapters.imaging.key_files import is_cut_key, names_in_key, read_key_text, unsaid_in_key
from app.adapters.imaging.leading import Leading, read_leading
from app.adapters.imaging.mirax import MiraxError, check_mirax
from app.adapters.imaging.mmstack import StackError, check_stack
from app.adapters.imaging.names import extension, is_ome_tiff
from app.adapters.imaging.ndtiff import NdTiffError, check_level
from app.adapters.imaging.ngr import missing_ngr_bytes
from app.adapters.imaging.sakura import SakuraError, check_sakura
from app.adapters.imaging.scan_kind import ets_paths, is_mmstack, ndtiff_levels
from app.adapters.imaging.side_texts import is_cut_text
from app.adapters.imaging.tiff import TiffError, read_description, read_skeleton
from app.adapters.imaging.tiff_kind import SPARSE, tiff_kind
from app.adapters.imaging.tiff_wholeness import check_wholeness
from app.domain.scan import ScanSet
from app.domain.slide import Problem

COMPANION = ".companion.ome"


def tiff_problem(path: Path) -> Problem | None:
    """Return what keeps a TIFF from being whole. Raises OSError."""
    with path.open("rb") as stream:
        try:
            skeleton = read_skeleton(stream)
            kind = tiff_kind(skeleton)
            check_wholeness(skeleton, sparse=kind in SPARSE, strict_end=kind == "aperio")
        except TiffError as error:
            return problems.unfinished(path.name, str(error))
    return None


def mirax_problem(scan: ScanSet) -> Problem | None:
    """Return what is missing of a 3DHISTECH slide. Raises OSError."""
    path = scan.main_path
    with path.open("rb") as stream:
        head = stream.read(16)
    if not any(head):
        return problems.unfinished(path.name, "it has no contents yet")
    if head.startswith(b"\xff\xd8") and not _ends_with(path, b"\xff\xd9"):
        return problems.unfinished(path.name, "its picture ends early")
    try:
        check_mirax(scan.main_path.with_suffix(""))
    except MiraxError as error:
        return problems.unfinished(scan.name, str(error))
    return None


def vsi_problem(scan: ScanSet) -> Problem | None:
    """Return what is missing of an Olympus slide. Raises OSError."""
    pieces = ets_paths(scan)
    if not pieces:
        return problems.missing_parts(scan.name, f"its folder _{scan.main_path.stem}_ with .ets files")
    try:
        for each in pieces:
            check_ets(each)
    except CellSensError as error:
        return problems.unfinished(scan.name, str(error))
    return tiff_problem(scan.main_path)


def czi_problem(scan: ScanSet) -> Problem | None:
    """Return what keeps a ZEISS slide, one file or split, from being whole. Raises OSError."""
    parts = [scan.root / each.path for each in scan.members if each.path != scan.main and extension(each.path) == "czi"]
    try:
        check_split_czi(scan.main_path, parts)
    except MissingPartsError as error:
        return problems.missing_parts(scan.name, str(error))
    except CziError as error:
        return problems.unfinished(scan.name, str(error))
    return None


def sakura_problem(scan: ScanSet) -> Problem | None:
    """Return what keeps a Sakura slide from being whole. Raises OSError."""
    try:
        check_sakura(scan.main_path)
    except SakuraError as error:
        return problems.unfinished(scan.name, str(error))
    return None


def ndtiff_problem(scan: ScanSet) -> Problem | None:
    """Return what is missing of an NDTiff set. Raises OSError."""
    try:
        for folder in ndtiff_levels(scan):
            check_level(folder)
    except NdTiffError as error:
        return problems.unfinished(scan.name, str(error))
    return _side_problem(scan)


def stack_problem(scan: ScanSet) -> Problem | None:
    """Return what is missing of a TIFF with files beside it: notes, a Micro-Manager acquisition, a multi-file OME-TIFF.

    Raises OSError.
    """
    for member in scan.members:
        path = scan.root / member.path
        if member.path != scan.main and not is_ome_tiff(path.name):
            continue
        problem = tiff_problem(path)
        if problem is not None:
            return problem
        try:
            if is_mmstack(scan):
                check_stack(path)
        except StackError as error:
            return problems.unfinished(path.name, str(error))
    missing = () if is_mmstack(scan) else _missing_names(scan)
    return problems.missing_parts(scan.name, ", ".join(missing)) if missing else _side_problem(scan)


def _missing_names(scan: ScanSet) -> tuple[str, ...]:
    """Return which files the OME metadata of a set names and that are not there. Raises OSError.

    A file that does not name itself speaks of the original it was copied from; one alone may have been taken out of
    its set on purpose.
    """
    paths = [scan.root / each.path for each in scan.members]
    images = [path for path in paths if is_ome_tiff(path.name)]
    named: set[str] = set()
    for path in images:
        names = names_in_ome(read_description(path, limit=OME_READ_BYTES))
        is_own = path.name in names and len(images) > 1
        named.update(name for name in names if is_own or name.endswith(COMPANION))
    for path in paths:
        if path.name.endswith(COMPANION) and path.stat().st_size <= OME_READ_BYTES:
            named |= names_in_ome(path.read_bytes())
    present = {path.name.casefold() for path in paths}
    return tuple(sorted(name for name in named if name.casefold() not in present))


def _side_problem(scan: ScanSet) -> Problem | None:
    """Return which text file beside the pixels ends in its middle. Raises OSError."""
    for member in scan.members:
        path = scan.root / member.path
        is_xml = path.name.endswith(COMPANION)
        if (is_xml and not _ends_with(path, b"OME>")) or is_cut_text(path):
            return problems.unfinished(path.name, "it ends in the middle of its text")
    return None


def key_problem(scan: ScanSet) -> Problem | None:
    """Return what is missing of the files that a text names: channels, pictures, tables. Raises OSError."""
    kind, text = extension(scan.name), read_key_text(scan.main_path)
    if is_cut_key(kind, text):
        return problems.unfinished(scan.name, "its list of channels is not written to its end")
    unsaid = unsaid_in_key(kind, text)
    if unsaid:
        return problems.unfinished(scan.name, f"it does not say {' and '.join(unsaid)}")
    names = names_in_key(kind, text)
    present = {Path(each.path).name.casefold(): scan.root / each.path for each in scan.members}
    missing = [name for name in names if name.casefold() not in present]
    if missing or not names:
        return problems.missing_parts(scan.name, ", ".join(missing) or "a list of its files")
    found = (_named_problem(present[name.casefold()]) for name in names)
    return next((problem for problem in found if problem is not None), None)


def _named_problem(path: Path) -> Problem | None:
    """Return what keeps one of the files that a text names from being whole."""
    leading = read_leading(path)
    if leading in (Leading.EMPTY, Leading.ZEROS):
        return problems.unfinished(path.name, "it has no contents yet")
    if leading is Leading.TIFF:
        return tiff_problem(path)
    if extension(path.name) in ("jpg", "jpeg") and b"\xff\xd9" not in _end_of(path):
        return problems.unfinished(path.name, "its picture ends early")
    missing = missing_ngr_bytes(path)
    return problems.unfinished(path.name, f"{missing:,} bytes of its pixels are missing") if missing else None


def _ends_with(path: Path, mark: bytes) -> bool:
    return _end_of(path).rstrip(b" \r\n\t").endswith(mark)


def _end_of(path: Path) -> bytes:
    with path.open("rb") as stream:
        stream.seek(max(stream.seek(0, 2) - 256, 0))
        return stream.read()
