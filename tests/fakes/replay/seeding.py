"""What was there before a recording began: only the answers tell of it, so it is taken from them, and reported."""

import re
from datetime import datetime
from typing import Any

from tests.fakes.replay.cassette import Interaction
from tests.fakes.replay.names import Names
from tests.fakes.sheets_server import SheetsServer
from tests.fakes.sheets_server.area import split_sheet
from tests.fakes.sheets_server.book import Book
from tests.fakes.sheets_server.script import internal, unavailable
from tests.fakes.sheets_server.server import SCIENTIST
from tests.fakes.sheets_server.tab import Tab

LOOKS = ("hidden", "rightToLeft", "tabColor", "tabColorStyle")
_NAMED = re.compile(r"/(?:v4/spreadsheets|drive/v[23]/files)/([A-Za-z0-9_-]{20,})")


class Seeder:
    """Puts into the server's store what a recording takes for granted.

    A spreadsheet that nobody created before it is first named exists as far as the answer to that first request says
    so: with the title, tabs and times of that answer, never with values. 403 makes it somebody else's; 404 leaves it
    away. A list of files brings in all it names. 429, 500 and 503 are brought about by the quota and the script.
    """

    def __init__(self, server: SheetsServer, names: Names, account: str) -> None:
        self._server = server
        self._names = names
        self._account = account
        self._known: set[str] = set()
        self.seeded: list[str] = []

    def prepare(self, interaction: Interaction, target: str) -> None:
        """Bring in what an interaction needs; `target` is its path with our ids."""
        match = _NAMED.search(target)
        if match and match[1] not in self._known and match[1] not in self._server.store.books:
            self._known.add(match[1])
            self._bring_in(match[1], interaction)
        message = interaction.message()
        if isinstance(message, dict) and message.get("kind") == "drive#fileList":
            for each in message.get("files") or ():
                self._bring_in_listed(each)
        self._server.quota.per_user = 0 if interaction.status == 429 else 10**9
        if interaction.status in (500, 503):
            self._server.script.fail(internal() if interaction.status == 500 else unavailable())
        if interaction.status in (429, 500, 503):
            self.seeded.append(f"answer {interaction.status}")

    def _bring_in(self, book_id: str, interaction: Interaction) -> None:
        if interaction.status == 403:
            self._server.store.create("somebody else's", SCIENTIST, book_id)
            self.seeded.append(f"{book_id}: not shared")
        elif interaction.status < 300:
            book = self._server.store.create("", self._account, book_id)
            _describe(book, interaction.message())
            self.seeded.append(f"{book_id}: {book.title!r}, tabs {[each.title for each in book.tabs]}")

    def _bring_in_listed(self, file: dict[str, Any]) -> None:
        if file["id"] not in self._known and file["id"] not in self._names.ours:
            self._known.add(file["id"])
            book = self._server.store.create("", self._account, file["id"])
            _describe(book, file)
            self.seeded.append(f"{book.id}: {book.title!r}, listed")


def _describe(book: Book, message: Any) -> None:
    """Give a spreadsheet what an answer says about it."""
    if not isinstance(message, dict):
        return
    book.title = str(message.get("name") or message.get("properties", {}).get("title") or book.title)
    if "createdTime" in message:
        book.created = _seconds(message["createdTime"])
        book.modified = _seconds(str(message.get("modifiedTime") or message["createdTime"]))
    if message.get("sheets"):
        book.tabs = [_tab(each["properties"]) for each in message["sheets"] if "title" in each.get("properties", {})]
    elif message.get("range"):
        book.tabs[0].title = split_sheet(message["range"])[0] or book.tabs[0].title
    book.tabs = book.tabs or [Tab(0, "Sheet1")]


def _seconds(text: str) -> float:
    return datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


def _tab(properties: dict[str, Any]) -> Tab:
    grid = dict(properties.get("gridProperties") or {})
    rows, columns = int(grid.pop("rowCount", 1000)), int(grid.pop("columnCount", 26))
    look = {name: value for name, value in properties.items() if name in LOOKS}
    look |= {"gridProperties": grid} if grid else {}
    return Tab(int(properties.get("sheetId", 0)), properties["title"], rows, columns, look)
