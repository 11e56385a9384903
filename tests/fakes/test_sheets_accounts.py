"""Who asks: tokens of service accounts and of people."""

import gspread
import pytest
import requests
from google.auth.exceptions import RefreshError
from google.oauth2.credentials import Credentials

from tests.fakes.conftest import Clock
from tests.fakes.sheets_server import SheetsServer
from tests.fakes.sheets_server.book import Book
from tests.fakes.sheets_server.client import HOSTS, Detour
from tests.fakes.sheets_server.oauth import JWT_GRANT, TOKEN_SECONDS
from tests.fakes.sheets_server.server import SCIENTIST, STATION


def test_a_person_signs_in_and_is_signed_out(server: SheetsServer, book: Book) -> None:
    refresh = server.accounts.sign_in(SCIENTIST)
    credentials = Credentials(None, refresh, token_uri=f"{server.url}/token", client_id="id", client_secret="s")
    client = gspread.Client(auth=credentials)
    session = client.http_client.session
    for host in HOSTS:
        session.mount(host, Detour(server.url))
    with session:
        assert client.open_by_key(book.id).title == "Summary of Slides"
        server.accounts.revoke(SCIENTIST)
        with pytest.raises(RefreshError, match="Token has been expired or revoked"):
            client.open_by_key(book.id)


def test_a_token_holds_for_an_hour(server: SheetsServer, book: Book, clock: Clock) -> None:
    url, headers = (
        f"{server.url}/v4/spreadsheets/{book.id}",
        {"Authorization": f"Bearer {server.accounts.issue(STATION)}"},
    )
    assert requests.get(url, headers=headers, timeout=10).status_code == 200
    clock.now += TOKEN_SECONDS
    late = requests.get(url, headers=headers, timeout=10)
    assert (late.status_code, late.json()["error"]["status"]) == (401, "UNAUTHENTICATED")
    without = requests.get(url, timeout=10).json()["error"]["message"]
    assert without.startswith("Request is missing required authentication credential.")


@pytest.mark.parametrize(
    ("asked", "error"),
    [
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"grant_type": "refresh_token", "refresh_token": "stolen"}, "invalid_grant"),
        ({"grant_type": JWT_GRANT, "assertion": "a.b.c"}, "invalid_grant"),
    ],
)
def test_who_cannot_show_who_he_is_gets_no_token(server: SheetsServer, asked: dict[str, str], error: str) -> None:
    answer = requests.post(f"{server.url}/token", asked, timeout=10)
    assert (answer.status_code, answer.json()["error"]) == (400, error)


def test_bodies_that_are_no_messages_are_refused(server: SheetsServer, book: Book) -> None:
    url = f"{server.url}/v4/spreadsheets/{book.id}:batchUpdate"
    headers = {"Authorization": f"Bearer {server.accounts.issue(STATION)}"}
    for body in (b"{", b"[]"):
        answer = requests.post(url, body, headers=headers, timeout=10)
        assert answer.status_code == 400
        assert answer.json()["error"]["message"].startswith("Invalid JSON payload received.")
