"""What a file's name says before a byte of it is read: a slide, something else, or nothing yet."""

from pathlib import PurePosixPath

SLIDES = (
    "svs svslide afi tif tiff btf tf2 tf8 ndpi ndpis vms vmu bif scn qptiff czi zvi mrxs vsi dcm isyntax i2syntax "
    "kfb sdpc tmap mds mdsx"
)
PICTURES = "png jpg jpeg jpe webp bmp gif"
TEXTS = "txt csv tsv json geojson ini xml log md html htm pdf xls xlsx doc docx ppt pptx toml yaml yml cfg conf"
OTHERS = (
    "ico svg heic mp4 avi wav zip 7z gz bz2 xz tar rar db sqlite sqlite-wal sqlite-shm lock exe dll msi lnk url bat py"
)
PARTS = "index dat ets ome annotations xmp sha256 md5 bak"

SLIDE_EXTENSIONS = frozenset(SLIDES.split())
"""A file with one of these is always a scan, however damaged."""

PICTURE_EXTENSIONS = frozenset(PICTURES.split())
OTHER_EXTENSIONS = frozenset(f"{PICTURES} {TEXTS} {OTHERS} {PARTS}".split())
"""Plainly other things, or parts of a scan that mean nothing alone: never opened to see what they are."""

CHANNEL_EXTENSIONS = {"ndpis": "ndpi", "afi": "svs"}
"""Of texts that name a slide's channels: what the channels' own names end in."""

KEY_EXTENSIONS = frozenset(("ndpis", "vms", "vmu", "afi"))
"""Texts that name the files of a slide."""

NO_READER = {
    "isyntax": ("isyntax", "philips", "this form of Philips iSyntax"),
    "i2syntax": ("isyntax", "philips", "Philips iSyntax 2"),
    "kfb": ("kfb", "kfbio", "KFBio KFB"),
    "sdpc": ("sdpc", "sqray", "SQRAY SDPC"),
    "tmap": ("tmap", "unic", "Unic TMAP"),
    "mds": ("mds", "motic", "Motic MDS"),
    "mdsx": ("mds", "motic", "Motic MDSX"),
    "zvi": ("zvi", "zeiss", "ZEISS ZVI"),
}
"""Formats that no open library here reads: by extension the word that facts have for it, the vendor, the name.

iSyntax is one of them only where its head is not the known one.
"""

SYSTEM_FOLDERS = frozenset(("system volume information", "$recycle.bin", "lost+found"))
"""What Windows and Linux keep for themselves at the top of a disk: nobody may look into it, and no scan lies there."""

PARTIAL_EXTENSIONS = frozenset(("part", "partial", "tmp", "temp", "crdownload", "download", "filepart"))

NDTIFF_LEVELS = ("Full resolution", "Downsampled_x")


def extension(name: str) -> str:
    """Return what follows the last dot, in lower case, without the dot."""
    return PurePosixPath(name).suffix[1:].lower()


def is_ignored(name: str) -> bool:
    """Say whether a name is hidden, an AppleDouble companion, the system's own, or that of a file being fetched."""
    hidden = name.startswith((".", "~$")) or name.casefold() in SYSTEM_FOLDERS
    return hidden or extension(name) in PARTIAL_EXTENSIONS


def is_ome_tiff(name: str) -> bool:
    """Say whether a name is that of an OME-TIFF."""
    return name.lower().endswith((".ome.tif", ".ome.tiff", ".ome.btf", ".ome.tf2", ".ome.tf8"))


def may_be_dicom(name: str) -> bool:
    """Say whether a DICOM file may have this name: often none but its number, with dots in it."""
    kind = extension(name)
    return kind in ("dcm", "dicom", "") or kind.isdigit()


def is_dicomdir(name: str) -> bool:
    """Say whether a name is that of the table of contents of a DICOM medium."""
    return name.upper() == "DICOMDIR"


def is_ndtiff_stack(name: str) -> bool:
    """Say whether a name is that of a pixel file of an NDTiff data set."""
    return "NDTiffStack" in name and extension(name) == "tif"


def is_ndtiff_level(folder_name: str) -> bool:
    """Say whether a folder's name is that of one resolution inside an NDTiff data set."""
    return folder_name.startswith(NDTIFF_LEVELS)


def mmstack_prefix(name: str) -> str | None:
    """Return the name of the acquisition a Micro-Manager stack file belongs to, None for other files."""
    head, mark, rest = name.partition("_MMStack")
    if not mark or not (is_ome_tiff(rest) or rest.endswith("metadata.txt")):
        return None
    return head
