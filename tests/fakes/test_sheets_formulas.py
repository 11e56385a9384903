"""What formulas come to, and how they follow cells that move."""

import pytest

from tests.fakes.sheets_server.area import Axis
from tests.fakes.sheets_server.book import Book
from tests.fakes.sheets_server.formula import shifted
from tests.fakes.sheets_server.tab import Tab


@pytest.fixture
def book() -> Book:
    tab, other = Tab(0, "Slides"), Tab(7, "Our tab")
    made = Book("1", "Lab", 0.0, 0.0, [tab, other])
    for row, values in enumerate((["a", 1, 10], ["b", 2, 20], ["c", 3, None])):
        for column, value in enumerate(values):
            tab[row, column] = tab[row, column].holding(value)
    other[0, 0] = other[0, 0].holding("there")
    return made


def value(book: Book, formula: str) -> object:
    tab = book.tabs[0]
    tab[9, 9] = tab[9, 9].typed(formula)
    return book.value(tab, (9, 9))


@pytest.mark.parametrize(
    ("formula", "result"),
    [
        ("= 1 / 1024", 1 / 1024),
        ("=2+3*4^2-1", 49),
        ("=-(1+2)*2", -6),
        ("=50%*4", 2),
        ('="a"&1&"b"', "a1b"),
        ('="A"="a"', True),
        ("=1<>2", True),
        ("=2>=3", False),
        ("=B1+B2", 3),
        ("=SUM(B1:B3, 4)", 10),
        ("=AVERAGE(B:B)", 2),
        ("=MIN(B1:C3)", 1),
        ("=MAX(B1:C3)", 20),
        ("=COUNT(A1:C3)", 5),
        ("=COUNTA(A1:C3)", 8),
        ('=IF(B1=1, "one", 1/0)', "one"),
        ('=IFERROR(1/0, "none")', "none"),
        ('=VLOOKUP("b", A1:C3, 3, FALSE)', 20),
        ("='Our tab'!A1", "there"),
        ('=LEN(TRIM("  x  y "))', 3),
        ("=ROUND(2.345, 2)", 2.35),
        ('=HYPERLINK("http://lab", "slide")', "slide"),
        ("=AND(TRUE, B1=1)", True),
        ("=C3", None),
        ("=0-1", -1),
        ("=1/0", "#DIV/0!"),
        ("=0^-1", "#DIV/0!"),
        ("=(-1)^0.5", "#NUM!"),
        ("=10^999", "#NUM!"),
        ("=NOSUCH(1)", "#NAME?"),
        ("=nosuch", "#NAME?"),
        ('="x"+1', "#VALUE!"),
        ("=Gone!A1", "#REF!"),
        ('=VLOOKUP("z", A1:C3, 3, FALSE)', "#N/A"),
        ("=(1", "#ERROR!"),
        ("=1 2", "#ERROR!"),
        ("=J10", "#REF!"),
    ],
)
def test_formulas(book: Book, formula: str, result: object) -> None:
    assert value(book, formula) == result


@pytest.mark.parametrize(
    ("formula", "moved"),
    [
        ("=A3+A1", "=A4+A1"),
        ("=SUM(A1:A3)", "=SUM(A1:A4)"),
        ("=A:B", "=A:B"),
        ('="A3"&A3', '="A3"&A4'),
        ("=Other!A3", "=Other!A3"),
        ("=Slides!A3", "=Slides!A4"),
        ("=LOG10(A3)", "=LOG10(A4)"),
        ("=$A$3+A$1", "=$A$4+A$1"),
        ("=SUM($A1:A$3)", "=SUM($A1:A$4)"),
        ("=COUNTA(A2:A)", "=COUNTA(A2:A)"),
    ],
)
def test_references_follow_inserted_rows(formula: str, moved: str) -> None:
    place = lambda index: index if index < 2 else index + 1  # noqa: E731
    assert shifted(formula, Axis.ROWS, place, applies=lambda title: title in (None, "Slides")) == moved


def test_references_to_what_is_deleted_are_lost() -> None:
    gone = lambda index: None if index == 2 else index  # noqa: E731
    assert shifted("=A3+A1", Axis.ROWS, gone, applies=lambda _: True) == "=#REF!+A1"
