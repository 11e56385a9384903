"""A Google spreadsheet of slides on the loopback, our gateway to it, and what it remembers."""

import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

from google.oauth2.service_account import Credentials

from app.adapters.sheets.google_link import GoogleLink
from app.adapters.sheets.google_quota import AccountQuota
from app.adapters.sheets.google_sheet import GoogleSheet
from app.domain.settings import SheetSettings
from app.domain.sheet import WRITTEN_COLUMNS, CellWrite, SheetIntent
from tests.fakes.sheets_server import SheetsServer
from tests.fakes.sheets_server.book import Book
from tests.fakes.sheets_server.collaborator import Collaborator

SCOPES = ("https://www.googleapis.com/auth/spreadsheets",)
RULES = ["Include in Name?, REQUIRED", "REQUIRED", "Include in Name?", ""]
HEADER = ["Barcode", "Study", "Panel", "Notes"]
NO_LIMIT = 1_000_000


class Memory:
    """Meets the port SheetMemory; what it holds outlives a gateway, as the journal outlives a program."""

    def __init__(self) -> None:
        self.kept: SheetIntent | None = None
        self.begun = 0

    def intent(self) -> SheetIntent | None:
        return self.kept

    def begin(self, intent: SheetIntent) -> None:
        self.kept = intent
        self.begun += 1

    def done(self) -> None:
        self.kept = None


class GoogleLab:
    """One spreadsheet of one server."""

    def __init__(self, server: SheetsServer, book: Book, credentials: Credentials | None) -> None:
        self.server = server
        self.book = book
        self.scientist: Collaborator = server.collaborator(book)
        self.key = server.service_account()
        self.credentials = credentials
        self.memory = Memory()

    @contextmanager
    def gateway(
        self,
        settings: SheetSettings | None = None,
        *,
        memory: Memory | None = None,
        timeout_seconds: float = 10.0,
        quota: AccountQuota | None = None,
    ) -> Iterator[GoogleSheet]:
        """Open a gateway, as a program that starts does."""

        def link() -> GoogleLink:
            return link_to(self, timeout_seconds=timeout_seconds, quota=quota)

        gateway = GoogleSheet(link, memory or self.memory, settings or SheetSettings(kind="google"))
        try:
            yield gateway
        finally:
            gateway.close()

    def column(self, header: str) -> dict[str, str]:
        """Return what the sheet shows under a header, by barcode; rows without a barcode are left out."""
        grid = self.scientist.sees()
        at = grid[1].index(header)
        return {row[0]: row[at] for row in grid[2:] if row[0]}

    def calls(self, kind: str) -> int:
        """Return how many calls of a kind the server was asked."""
        return sum(each.kind == kind for each in self.server.log)


def link_to(
    lab: GoogleLab, *, timeout_seconds: float = 10.0, quota: AccountQuota | None = None, api_root: str = ""
) -> GoogleLink:
    """Return a line to the lab's spreadsheet, signed in as the service account."""
    return GoogleLink(
        lab.credentials or Credentials.from_service_account_info(lab.key, scopes=SCOPES),
        lab.book.id,
        api_root=api_root or lab.server.url,
        timeout_seconds=timeout_seconds,
        quota=quota or AccountQuota(NO_LIMIT),
    )


def signed_in(server: SheetsServer) -> Credentials:
    """Return credentials that many labs of one server can share: to sign in takes longer than to write."""
    return Credentials.from_service_account_info(server.service_account(), scopes=SCOPES)


def row(barcode: str) -> list[str]:
    return [barcode, f"study of {barcode}", "P1", f"note on {barcode}"]


@contextmanager
def google_lab(
    server: SheetsServer, rows: Sequence[Sequence[str]], *, credentials: Credentials | None = None
) -> Iterator[GoogleLab]:
    """Share a spreadsheet with these slides with us, for as long as the block lasts.

    Without `credentials` every gateway signs in anew.
    """
    book = server.add_book("Summary of Slides", [RULES, HEADER, *rows])
    try:
        yield GoogleLab(server, book, credentials)
    finally:
        server.store.books.pop(book.id, None)
        server.script.steps.clear()
        server.log.clear()


def complete(barcode: str, generation: int = 1) -> list[CellWrite]:
    """Return the cells of a slide that was carried, all of them its own."""
    values = {
        "Status": "Complete",
        "Scan File": f"{barcode}_P1.svs",
        "Image Path": f"/share/Prec01/{barcode}_P1.svs",
        "SHA-256": (barcode * 64)[:64],
        "Size": "4096",
        "Scanned At": "2026-11-26 10:00:00",
        "Transferred At": "2026-11-26 10:05:00",
        "Quality": "Sharp: 1.0 % blurred",
        "Blurry %": "1.00",
        "Rescans": "0",
        "Operator": "Ada",
        "Message": "",
    }
    assert tuple(values) == WRITTEN_COLUMNS
    return [CellWrite(barcode, header, value, generation) for header, value in values.items()]


@contextmanager
def trickling() -> Iterator[str]:
    """Serve one byte of an endless answer after the other; yield the address."""
    ending = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.05)

        def serve() -> None:
            while not ending.is_set():
                with suppress(TimeoutError), listener.accept()[0] as connection, suppress(ConnectionError):
                    connection.sendall(
                        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 72000\r\n\r\n{"
                    )
                    while not ending.wait(0.05):
                        connection.sendall(b" ")

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            ending.set()
            thread.join()
