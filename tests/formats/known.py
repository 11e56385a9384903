"""The formats that the finder knows: what each may hold, and what it is called."""

from dataclasses import dataclass

from app.adapters.imaging.names import extension
from app.domain.slide import PictureKind

THUMBNAIL, LABEL, MACRO = PictureKind.THUMBNAIL, PictureKind.LABEL, PictureKind.MACRO


@dataclass(frozen=True, slots=True)
class Format:
    """A format: its name, what its scans lie in, the word that facts have for it, the pictures it may hold.

    `extensions` are those of the main file. `readers` says who opens it; empty where nobody does. `untried` says what
    was tried as long as there is no real file of it.
    """

    name: str
    on_disk: str
    extensions: tuple[str, ...]
    word: str
    pictures: tuple[PictureKind, ...]
    readers: str
    untried: str = ""


BY_NAME = "only that a file of this name is taken for a scan; a person is asked about it, it is not copied by itself"
FORMATS = (
    Format("Aperio SVS", "one TIFF", ("svs",), "aperio", (THUMBNAIL, LABEL, MACRO), "OpenSlide, tifffile"),
    Format("DICOM WSI", "the files of one series", ("dcm",), "dicom", (THUMBNAIL, LABEL, MACRO), "OpenSlide"),
    Format(
        "Hamamatsu NDPI", "one file like a TIFF", ("ndpi",), "hamamatsu", (MACRO,), "OpenSlide, tifffile",
    ),
    Format(
        "Hamamatsu NDPIS", "a text and one NDPI a channel", ("ndpis",), "hamamatsu", (MACRO,), "OpenSlide, tifffile",
        "a list made by hand over two made channels",
    ),
    Format(
        "Leica SCN", "one BigTIFF", ("scn",), "leica", (MACRO,), "OpenSlide",
        "a file written by a script in the vendor's layout, whole and cut",
    ),
    Format("Micro-Manager stack", "stacks that name one another, and texts", (), "micromanager", (), "tifffile",
        "stacks written by a script in the program's layout, whole and cut",
    ),
    Format(
        "MIRAX (3DHISTECH)", "a file and a folder named after it", ("mrxs",), "mirax", (THUMBNAIL, LABEL, MACRO),
        "OpenSlide", "a file and folder written by a script in the vendor's layout, whole, cut and with a part missing",
    ),
    Format("NDTiff", "folders of stacks, each with its index", (), "ndtiff", (), "our own, tifffile"),
    Format(
        "OME-TIFF", "one TIFF, or several that name one another", (), "ome-tiff", (THUMBNAIL, LABEL, MACRO), "tifffile",
    ),
    Format(
        "Olympus VSI", "a file and a folder `_name_` of .ets files", ("vsi",), "olympus", (THUMBNAIL, LABEL, MACRO),
        "", "an .ets file of head and table, made by hand, cut at 21 places; it is copied, its pixels are not read",
    ),
    Format(
        "Akoya QPTIFF", "one TIFF", ("qptiff",), "qptiff", (THUMBNAIL, LABEL, MACRO), "tifffile",
        "a file written with tifffile, its pages in the vendor's order",
    ),
    Format(
        "Philips TIFF", "one TIFF", (), "philips", (LABEL, MACRO), "OpenSlide",
        "a file written by a script in the vendor's layout, whole and cut",
    ),
    Format(
        "pyramidal TIFF without a vendor", "one TIFF", ("tif", "tiff", "btf", "tf2", "tf8"), "generic-tiff", (),
        "OpenSlide, tifffile", "a file written by a script, tiles and three levels",
    ),
    Format(
        "Sakura", "one database", ("svslide",), "sakura", (THUMBNAIL, LABEL, MACRO), "OpenSlide",
        "not even a made file, for no program writes one",
    ),
    Format(
        "Ventana BIF", "one BigTIFF", ("bif",), "ventana", (THUMBNAIL, MACRO), "OpenSlide",
        "a file written by a script in the vendor's layout, whole and cut",
    ),
    Format(
        "ZEISS CZI", "one file, or parts `x(1).czi`", ("czi",), "zeiss", (THUMBNAIL, LABEL, MACRO), "OpenSlide",
        "a file made by hand, two levels without compression, label and preview inside; another cut at 21 places",
    ),
    Format("Philips iSyntax", "one file", ("isyntax", "i2syntax"), "isyntax", (), "", BY_NAME),
    Format("KFBio KFB", "one file", ("kfb",), "kfb", (), "", BY_NAME),
    Format("SQRAY SDPC", "one file", ("sdpc",), "sdpc", (), "", BY_NAME),
    Format("Unic TMAP", "one file", ("tmap",), "tmap", (), "", BY_NAME),
)  # fmt: skip


def format_of(main: str, word: str) -> Format | None:
    """Return the format of a scan by the word its facts have for it, else by the name of its main file."""
    kind = extension(main)
    of_word = [each for each in FORMATS if each.word == word]
    of_name = [each for each in FORMATS if kind in each.extensions]
    both = [each for each in of_word if each in of_name]
    return next(iter([*both, *of_word, *of_name]), None)
