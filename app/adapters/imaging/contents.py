"""What a look into a file tells the finder, remembered until the file's size or time changes."""

import re
from dataclasses import dataclass
from pathlib import Path

from app.adapters.imaging import dicom
from app.adapters.imaging.czi import CziError, open_czi
from app.adapters.imaging.leading import Leading, read_leading
from app.adapters.imaging.tiff import TiffError, read_description
from app.domain import long_path
from app.domain.scan import Member

COMPANION = re.compile(rb'MetadataFile="([^"<>/\\]{1,255})"')
PIXEL_FILE = re.compile(rb'FileName="([^"<>/\\]{1,255})"')
OME_READ_BYTES = 4 << 20
REMEMBERED = 200_000


@dataclass(frozen=True, slots=True)
class Contents:
    """The kind by leading bytes; for OME-TIFF the other files its metadata names.

    `series` is what files of one slide have in common: the series of DICOM, the main file's id of CZI; `own` is the id
    of this CZI file.
    """

    leading: Leading
    series: str | None = None
    own: str | None = None
    names: frozenset[str] = frozenset()


UNREADABLE = Contents(Leading.OTHER)


class ContentsMemory:
    """Looks into files, each only once as long as it does not change."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], tuple[int, int, Contents]] = {}

    def of(self, root: Path, member: Member) -> Contents:
        """Return what the file holds; `UNREADABLE` when it vanished or may not be read."""
        key = (str(root), member.path)
        known = self._known.get(key)
        if known is not None and known[:2] == (member.size_bytes, member.mtime_ns):
            return known[2]
        try:
            contents = _look_into(long_path.reachable(root / member.path))
        except OSError:  # gone, or held by the scanner: asked again at the next look
            return UNREADABLE
        if len(self._known) >= REMEMBERED:
            self._known.clear()
        self._known[key] = (member.size_bytes, member.mtime_ns, contents)
        return contents


def _look_into(path: Path) -> Contents:
    leading = read_leading(path)
    if leading is Leading.DICOM:
        return Contents(leading, series=dicom.series_uid(path))
    if leading is Leading.CZI:
        return _czi_ids(path)
    if leading is Leading.TIFF and ".ome." in path.name.lower():
        return Contents(leading, names=_names_in_ome_tiff(path))
    return Contents(leading)


def _czi_ids(path: Path) -> Contents:
    """Return the ids in a CZI file's head; a file being written may not have them yet."""
    with path.open("rb") as stream:
        try:
            head = open_czi(stream).head
        except CziError:
            return Contents(Leading.CZI)
    primary, own = (each.hex() if any(each) else None for each in (head.primary, head.own))
    return Contents(Leading.CZI, series=primary, own=own)


def _names_in_ome_tiff(path: Path) -> frozenset[str]:
    try:
        return names_in_ome(read_description(path, limit=OME_READ_BYTES))
    except TiffError:
        return frozenset()


def names_in_ome(text: bytes) -> frozenset[str]:
    """Return the names of files that an OME-XML text refers to."""
    found = COMPANION.findall(text) + PIXEL_FILE.findall(text)
    return frozenset(each.decode("utf-8", "replace") for each in found)
