"""All spreadsheets that the server keeps, and who may see them."""

import random
import string
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from tests.fakes.sheets_server.book import Book, Permission
from tests.fakes.sheets_server.errors import file_not_found, forbidden, not_found
from tests.fakes.sheets_server.tab import Tab

_ID_LETTERS = string.ascii_letters + string.digits + "-_"
READERS = ("reader", "commenter", "writer", "fileOrganizer", "organizer", "owner")
WRITERS = READERS[2:]


@dataclass(slots=True)
class Store:
    """The spreadsheets by their ids. `clock` gives seconds since 1970; ids come from `chance`: a seed repeats them."""

    clock: Callable[[], float] = time.time
    chance: random.Random = field(default_factory=lambda: random.Random(17))
    books: dict[str, Book] = field(default_factory=dict)

    def new_id(self) -> str:
        """Return a fresh id such as a spreadsheet has."""
        return "1" + "".join(self.chance.choices(_ID_LETTERS, k=43))

    def new_number(self) -> int:
        """Return a fresh id such as tabs, named ranges and protections have."""
        return self.chance.randrange(1, 2**31)

    def create(self, title: str, owner: str, book_id: str | None = None) -> Book:
        """Keep a new spreadsheet with one empty tab, as Google makes it."""
        now = self.clock()
        tabs = [Tab(0, "Sheet1")]
        book = Book(book_id or self.new_id(), title, created=now, modified=now, tabs=tabs)
        book.permissions.append(Permission(self._permission_id(), "user", "owner", email=owner))
        self.books[book.id] = book
        return book

    def copy(self, source: Book, title: str, owner: str) -> Book:
        """Keep a copy of a spreadsheet, for its new owner alone."""
        made = source.copy()
        made.id, made.title, made.created, made.modified = self.new_id(), title, self.clock(), self.clock()
        made.comments = []
        made.permissions = [Permission(self._permission_id(), "user", "owner", email=owner)]
        self.books[made.id] = made
        return made

    def share(self, book: Book, role: str, *, kind: str = "user", email: str = "", domain: str = "") -> Permission:
        """Let somebody at a spreadsheet; who is there already gets the new role."""
        for each in book.permissions:
            if (each.type, each.email, each.domain) == (kind, email, domain):
                each.role = role
                return each
        fixed = {"anyone": "anyoneWithLink"}
        permission = Permission(fixed.get(kind) or self._permission_id(), kind, role, email=email, domain=domain)
        book.permissions.append(permission)
        return permission

    def _permission_id(self) -> str:
        return "".join(self.chance.choices(string.digits, k=20))

    def role(self, book: Book, account: str) -> str | None:
        """Return what an account may do with a spreadsheet, the most of it; None where nothing."""
        domain = account.rpartition("@")[2]
        roles = [
            each.role
            for each in book.permissions
            if each.type == "anyone" or each.email == account or (each.type == "domain" and each.domain == domain)
        ]
        return max(roles, key=READERS.index, default=None)

    def readable(self, book_id: str, account: str) -> Book:
        """Return a spreadsheet as the Sheets service finds it. Raises ApiError 404 or 403."""
        book = self.books.get(book_id)
        if book is None:
            raise not_found()
        if self.role(book, account) is None:
            raise forbidden()
        return book

    def writable(self, book_id: str, account: str) -> Book:
        """Return a spreadsheet that the account may change. Raises ApiError 404 or 403."""
        book = self.readable(book_id, account)
        if self.role(book, account) not in WRITERS:
            raise forbidden()
        return book

    def file(self, file_id: str, account: str) -> Book:
        """Return a spreadsheet as Drive finds it: what is not shared is not there. Raises ApiError 404."""
        book = self.books.get(file_id)
        if book is None or self.role(book, account) is None:
            raise file_not_found(file_id)
        return book

    def touch(self, book: Book) -> None:
        """Note that a spreadsheet was changed now."""
        book.modified = self.clock()
