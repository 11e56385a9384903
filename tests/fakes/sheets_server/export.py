"""A spreadsheet as a file of another kind, and from one."""

import csv
import io
from collections.abc import Callable

from openpyxl import Workbook
from reportlab.pdfgen.canvas import Canvas

from tests.fakes.sheets_server.book import Book
from tests.fakes.sheets_server.tab import Tab


def _texts(book: Book, tab: Tab) -> list[list[str]]:
    bottom, right = tab.last(tab.whole, lambda cell: cell.value is not None)
    return [[book.shown(tab, (row, column)) for column in range(right)] for row in range(bottom)]


def _separated(delimiter: str) -> Callable[[Book], bytes]:
    def write(book: Book) -> bytes:
        """Return the first tab; lines end between rows only."""
        text = io.StringIO()
        csv.writer(text, delimiter=delimiter).writerows(_texts(book, book.tabs[0]))
        return text.getvalue().removesuffix("\r\n").encode("utf-8")

    return write


def _workbook(book: Book) -> bytes:
    workbook = Workbook()
    workbook.remove(workbook.worksheets[0])
    for tab in book.tabs:
        sheet = workbook.create_sheet(tab.title)
        for (row, column), cell in tab.cells.items():
            sheet.cell(row + 1, column + 1, cell.value)
    content = io.BytesIO()
    workbook.save(content)
    return content.getvalue()


def _pdf(book: Book) -> bytes:
    content = io.BytesIO()
    canvas = Canvas(content)
    for tab in book.tabs:
        for index, row in enumerate(_texts(book, tab)[:60]):
            canvas.drawString(40, 800 - 12 * index, "   ".join(row))
        canvas.showPage()
    canvas.save()
    return content.getvalue()


WRITERS: dict[str, Callable[[Book], bytes]] = {
    "text/csv": _separated(","),
    "text/tab-separated-values": _separated("\t"),
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": _workbook,
    "application/pdf": _pdf,
}


def read_csv(book: Book, text: str) -> None:
    """Put the rows of a text in place of all tabs; every value counts as typed."""
    rows = list(csv.reader(io.StringIO(text)))
    width = max(map(len, rows), default=0)
    tab = Tab(0, book.title, rows=max(len(rows), 1), columns=max(width, 1))
    for row, values in enumerate(rows):
        for column, value in enumerate(values):
            tab[row, column] = tab[row, column].typed(value)
    book.tabs, book.named = [tab], []
