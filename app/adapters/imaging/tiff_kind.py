"""Which vendor's TIFF a file is, from its skeleton."""

from app.adapters.imaging import tiff
from app.adapters.imaging.tiff import TiffError, TiffSkeleton

GENERIC = "generic-tiff"
SPARSE = frozenset(("philips", "ventana", "leica"))
"""Formats that may leave out tiles of bare glass."""

LOOKED_AT = 4
MARK_BYTES = 64 << 10


def tiff_kind(skeleton: TiffSkeleton) -> str:
    """Return the format's word, `generic-tiff` where no vendor is known."""
    if skeleton.is_ndpi:
        return "hamamatsu"
    first = skeleton.directories[0]
    text = _start_of(skeleton, 0, tiff.DESCRIPTION)
    software = skeleton.text(first, tiff.SOFTWARE, 256)
    if text.startswith("Aperio"):
        return "aperio"
    marks = {
        "leica-microsystems.com/scn": "leica",
        "PerkinElmer-QPI": "qptiff",
        'ObjectType="DPUfsImport"': "philips",
        "<OME": "ome-tiff",
    }
    for mark, word in marks.items():
        if mark in text:
            return word
    if software.startswith("Philips"):
        return "philips"
    count = min(len(skeleton.directories), LOOKED_AT)
    if any("<iScan" in _start_of(skeleton, index, tiff.XMP) for index in range(count)):
        return "ventana"
    return GENERIC


def _start_of(skeleton: TiffSkeleton, index: int, tag: int) -> str:
    try:
        return skeleton.text(skeleton.directories[index], tag, MARK_BYTES)
    except TiffError:
        return ""
