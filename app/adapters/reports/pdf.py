"""The run report as PDF; what it stands on is loaded when the first one is written."""

from collections.abc import Callable
from pathlib import Path

from app.adapters.reports.atomic import replacing
from app.domain.report import RunReport


class PdfReport:
    """Lays out a run report as a PDF that is signed and filed; meets `ReportMaker`."""

    def __init__(self, fonts: Path) -> None:
        """Take the folder that holds the DejaVu fonts named in `app.adapters.reports.fonts`."""
        self._fonts = fonts

    def write_pdf(self, report: RunReport, out: Path, progress: Callable[[int, int], None]) -> None:
        """Write the PDF atomically; `progress` is told (slides done, slides), and may raise to stop the work.

        The same report makes the same bytes. Raises SurroundingsError when `out` cannot be written or a font is
        missing.
        """
        from app.adapters.reports.document import lay_out

        with replacing(out) as file:
            lay_out(report, file, self._fonts, progress)
