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


BY_NAME = (
    "only that a file of this name is taken for a scan: it is carried once it stood still for long, its image is not "
    "read, a person says which slide it is"
)
FORMATS = (
    Format("Aperio SVS", "one TIFF", ("svs",), "aperio", (THUMBNAIL, LABEL, MACRO), "OpenSlide, tifffile"),
    Format("DICOM WSI", "the files of one series", ("dcm",), "dicom", (THUMBNAIL, LABEL, MACRO), "OpenSlide, our own"),
    Format(
        "Hamamatsu NDPI", "one file like a TIFF", ("ndpi",), "hamamatsu", (MACRO,), "OpenSlide, tifffile",
    ),
    Format(
        "Hamamatsu NDPIS", "a text and one NDPI a channel", ("ndpis",), "hamamatsu", (MACRO,), "OpenSlide, tifffile",
        "a list made by hand over two made channels",
    ),
    Format(
        "Hamamatsu VMS, VMU", "a text, JPEG or NGR files, a map and a macro", ("vms", "vmu"), "hamamatsu", (MACRO,),
        "OpenSlide", "a .vms and a .vmu made by hand, each file cut and taken away",
    ),
    Format(
        "Aperio AFI", "a text and one SVS a channel", ("afi",), "aperio", (THUMBNAIL, LABEL, MACRO),
        "OpenSlide, tifffile", "a list made by hand over two slides",
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
        "our own", "an .ets file of JPEG tiles made by hand, cut and zeroed at 21 places; its size is told in whole "
        "tiles, its label and its words are not read",
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
        "a database with the tables that OpenSlide asks for, made by hand, cut and zeroed",
    ),
    Format(
        "Ventana BIF", "one BigTIFF", ("bif",), "ventana", (THUMBNAIL, MACRO), "OpenSlide",
        "a file written by a script in the vendor's layout, whole and cut",
    ),
    Format(
        "ZEISS CZI", "one file, or parts `x(1).czi`", ("czi",), "zeiss", (THUMBNAIL, LABEL, MACRO),
        "OpenSlide, our own",
        "files made by hand: two levels with label and preview inside, one split into parts, one of grey channels; "
        "cut, zeroed and with parts missing",
    ),
    Format(
        "Philips iSyntax", "one file", ("isyntax",), "isyntax", (LABEL, MACRO), "our own",
        "a file made by hand: its words, its pictures and its table of blocks are read, its pixels are not",
    ),
    Format("Philips iSyntax 2", "one file", ("i2syntax",), "isyntax", (), "", BY_NAME),
    Format("KFBio KFB", "one file", ("kfb",), "kfb", (), "", BY_NAME),
    Format("SQRAY SDPC", "one file", ("sdpc",), "sdpc", (), "", BY_NAME),
    Format("Unic TMAP", "one file", ("tmap",), "tmap", (), "", BY_NAME),
    Format("Motic MDS", "one file", ("mds", "mdsx"), "mds", (), "", BY_NAME),
    Format("ZEISS ZVI", "one file", ("zvi",), "zvi", (), "", BY_NAME),
)  # fmt: skip


def format_of(main: str, word: str) -> Format | None:
    """Return the format of a scan by the word its facts have for it, else by the name of its main file."""
    kind = extension(main)
    of_word = [each for each in FORMATS if each.word == word]
    of_name = [each for each in FORMATS if kind in each.extensions]
    both = [each for each in of_word if each in of_name]
    return next(iter([*both, *of_word, *of_name]), None)
