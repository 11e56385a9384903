"""60 reads and 60 writes a minute a user, 300 of each a project."""

import gspread
import pytest

from tests.fakes.conftest import Clock
from tests.fakes.sheets_server import SheetsServer
from tests.fakes.sheets_server.book import Book
from tests.fakes.sheets_server.client import gspread_client
from tests.fakes.sheets_server.errors import ApiError
from tests.fakes.sheets_server.quota import Quota


def test_the_sixty_first_read_of_a_minute_is_refused_and_the_next_minute_is_new(
    gc: gspread.Client, book: Book, server: SheetsServer, clock: Clock
) -> None:
    client = gc.http_client
    for _ in range(60):
        client.values_get(book.id, "A1")
    with pytest.raises(gspread.exceptions.APIError, match="'Read requests per minute per user'") as refused:
        client.values_get(book.id, "A1")
    assert refused.value.code == 429
    error = refused.value.response.json()["error"]
    assert error["status"] == "RESOURCE_EXHAUSTED"
    assert error["details"][0]["reason"] == "RATE_LIMIT_EXCEEDED"
    client.values_update(book.id, "Sheet1!F3", {"valueInputOption": "RAW"}, {"values": [["x"]]})
    clock.now += 60
    client.values_get(book.id, "A1")


def test_the_users_of_one_project_share_its_quota(server: SheetsServer, book: Book) -> None:
    server.quota.per_project = 5
    for number in range(2):
        email = f"station{number}@slideferry.iam.gserviceaccount.com"
        server.store.share(book, "writer", email=email)
        with gspread_client(server, email) as client:
            for _ in range(3 - number):
                client.http_client.values_get(book.id, "A1")
            if number:
                with pytest.raises(gspread.exceptions.APIError, match="'Read requests per minute' of service"):
                    client.http_client.values_get(book.id, "A1")


def test_reads_writes_and_users_are_counted_apart(clock: Clock) -> None:
    quota = Quota(clock)
    for account in ("a", "b", "c", "d", "e"):
        for kind in ("read", "write"):
            for _ in range(60):
                quota.spend(kind, account)
            with pytest.raises(ApiError):
                quota.spend(kind, account)
    with pytest.raises(ApiError) as refused:
        quota.spend("read", "f")
    assert "'Read requests per minute' of" in refused.value.body["error"]["message"]
