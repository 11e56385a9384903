"""A list of slides as a file: a workbook's first tab or a delimited text, read with the readers of the slide sheet."""

from collections.abc import Sequence
from pathlib import Path

from app.adapters.sheets.delimited import DelimitedSheet
from app.adapters.sheets.safe_save import read_snapshot
from app.adapters.sheets.workbook import TEXTS, WORKBOOKS
from app.adapters.sheets.xlsx import XlsxSheet
from app.adapters.sheets.xlsx_package import XlsxPackage
from app.domain.errors import SlideferryError, UseError


class ListFiles:
    """Meets the port ListReader. `barcode_header` helps to tell which separator a text uses."""

    def __init__(self, barcode_header: str) -> None:
        self._barcode_header = barcode_header

    @property
    def kinds(self) -> Sequence[str]:
        """The endings of files that can be read, in lower case."""
        return tuple(sorted(WORKBOOKS | TEXTS))

    def grid(self, path: Path) -> list[list[str]]:
        """Return the cells as a person sees them, row 1 first; raises UseError when that is not possible."""
        kind = path.suffix.lower()
        if kind not in self.kinds or path.is_dir():
            raise UseError("This is no list of slides", f"It was {path.name}", "A list may be " + ", ".join(self.kinds))
        try:
            data = read_snapshot(path).data
            if kind in WORKBOOKS:
                package = XlsxPackage(data, name=path.name)
                return XlsxSheet(package, package.tab("")).grid()
            return DelimitedSheet(data, name=path.name, barcode_header=self._barcode_header).grid()
        except SlideferryError as error:
            raise UseError("This list of slides cannot be read", error.message, error.hint) from error
