"""Files carried inside the PDF: the manifest, the run as CSV and as JSON."""

import hashlib
from collections.abc import Mapping

from reportlab.pdfbase.pdfdoc import (
    PDFArray,
    PDFDictionary,
    PDFName,
    PDFStream,
    PDFStreamFilterZCompress,
    PDFString,
)
from reportlab.pdfgen.canvas import Canvas

_KINDS = {".csv": "/text#2Fcsv", ".json": "/application#2Fjson", ".sha256": "/text#2Fplain"}
"""Media types as names of PDF, where a slash is written #2F."""


def attach(canvas: Canvas, files: Mapping[str, bytes]) -> None:
    """Attach these files, by name, to the document under way; readers list them in their side bar."""
    names: list[object] = []
    for name in sorted(files):
        specification = PDFDictionary(
            {
                "Type": PDFName("Filespec"),
                "F": PDFString(name),
                "UF": PDFString(name),
                "AFRelationship": PDFName("Data"),
                "EF": PDFDictionary({"F": canvas._doc.Reference(_stream(name, files[name]))}),
            }
        )
        names += [PDFString(name), canvas._doc.Reference(specification)]
    tree = PDFDictionary({"EmbeddedFiles": PDFDictionary({"Names": PDFArray(names)})})
    # The page library has no public call for attachments; its catalogue knows the entry.
    canvas._doc.Catalog.Names = tree


def _stream(name: str, content: bytes) -> PDFStream:
    digest = hashlib.md5(content, usedforsecurity=False).digest()
    about = PDFDictionary(
        {
            "Type": PDFName("EmbeddedFile"),
            "Subtype": _KINDS[name[name.rindex(".") :]],
            "Params": PDFDictionary({"Size": len(content), "CheckSum": PDFString(digest, enc="raw")}),
        }
    )
    return PDFStream(about, content, filters=[PDFStreamFilterZCompress()])
