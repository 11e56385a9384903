"""What the tests of the spreadsheet server start from: a server whose time stands still, and gspread signed in."""

from collections.abc import Iterator

import gspread
import pytest

from tests.fakes.sheets_server import SheetsServer
from tests.fakes.sheets_server.book import Book
from tests.fakes.sheets_server.client import gspread_client
from tests.fakes.sheets_server.collaborator import Collaborator

RULES = ["Include in Name?, REQUIRED", "REQUIRED", "REQUIRED", "", "REQUIRED"]
HEADER = ["Barcode", "Study", "Experiment", "Panel", "Scanner"]
SLIDES = [
    ["620995", "Prec01", "Run 2", "P1", "Cardinal"],
    ["620996", "Prec01", "Run 2", "P2", "Cardinal"],
    ["000123", "Prec02", "Run 1", "P1", "Raven"],
]


class Clock:
    """Seconds since 1970 that pass only when told to."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def server(clock: Clock) -> Iterator[SheetsServer]:
    with SheetsServer(clock=clock) as running:
        yield running


@pytest.fixture
def book(server: SheetsServer) -> Book:
    """A scientist's sheet of three slides, shared with the station."""
    return server.add_book("Summary of Slides", [RULES, HEADER, *SLIDES])


@pytest.fixture
def scientist(server: SheetsServer, book: Book) -> Collaborator:
    return server.collaborator(book)


@pytest.fixture
def gc(server: SheetsServer) -> Iterator[gspread.Client]:
    with gspread_client(server) as client:
        yield client


@pytest.fixture
def sheet(gc: gspread.Client, book: Book) -> gspread.Worksheet:
    """The first tab of the scientist's sheet, opened by gspread."""
    return gc.open_by_key(book.id).sheet1
