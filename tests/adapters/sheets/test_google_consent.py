"""A person signs in: the browser is a thread that follows where it is sent, Google a server of the tests' own."""

import json
import socket
import struct
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import pytest

from app.adapters.sheets.google_consent import GoogleConsent
from app.domain.errors import SurroundingsError, UseError
from app.domain.google_account import SignIn, client_in
from tests.fakes.google_sign_in import SHEETS_SCOPE, GoogleSignIn, google_sign_in

RESET = struct.pack("hh" if sys.platform == "win32" else "ii", 1, 0)
"""The option SO_LINGER with which a connection ends at once, as when a program dies."""


@pytest.fixture
def google(monkeypatch: pytest.MonkeyPatch) -> Iterator[GoogleSignIn]:
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")  # this Google has no certificate
    with google_sign_in() as server:
        yield server


class Browser:
    """Follows every redirect, and remembers the pages it was shown."""

    def __init__(self) -> None:
        self.pages: list[str] = []
        self._arrived = threading.Event()

    def __call__(self, address: str) -> bool:
        self.get(address)
        self._arrived.set()
        return True

    def first_page(self) -> str:
        """Return what the person saw, which may come a moment after the program has its answer."""
        assert self._arrived.wait(20)
        return self.pages[0]

    def get(self, address: str) -> int:
        try:
            with urllib.request.urlopen(address, timeout=20) as page:
                self.pages.append(page.read().decode("utf-8"))
                return int(page.status)
        except urllib.error.HTTPError as error:
            with error:
                self.pages.append(error.read().decode("utf-8"))
            return error.code


def client(google: GoogleSignIn) -> SignIn:
    return client_in(json.dumps(google.client_file()))


def test_a_person_who_consents(google: GoogleSignIn) -> None:
    said: list[str] = []
    browser = Browser()
    found = GoogleConsent(said.append, browser).ask(client(google))
    assert [found.refresh_token] == google.refresh_tokens
    (asked,) = google.asked
    assert asked["scope"] == SHEETS_SCOPE
    assert asked["code_challenge_method"] == "S256"
    assert (asked["access_type"], asked["prompt"]) == ("offline", "consent")
    assert urlsplit(asked["redirect_uri"]).hostname == "127.0.0.1"
    assert "You can close this window" in browser.first_page()
    assert f"{google.url}/auth?" in said[0]
    assert google.refresh_tokens[0] not in repr(found)


def test_a_person_who_refuses(google: GoogleSignIn) -> None:
    google.consent = "no"
    browser = Browser()
    with pytest.raises(UseError, match="not allowed") as told:
        GoogleConsent(lambda line: None, browser).ask(client(google))
    assert "access_denied" in told.value.message
    assert "not allowed" in browser.first_page()


def test_a_person_who_allows_something_else(google: GoogleSignIn) -> None:
    google.consent = "openid"
    with pytest.raises(UseError, match="was not allowed") as told:
        GoogleConsent(lambda line: None, Browser()).ask(client(google))
    assert "not ticked" in told.value.message
    assert told.value.__cause__ is None


def test_nobody_answers(google: GoogleSignIn) -> None:
    said: list[str] = []
    consent = GoogleConsent(said.append, lambda address: False, patience_seconds=0.5)
    with pytest.raises(SurroundingsError, match="Nobody signed in"):
        consent.ask(client(google))
    assert "No browser opened by itself." in said


def test_others_that_knock_change_nothing(google: GoogleSignIn) -> None:
    """Browsers ask for an icon, other programs look for open ports, another page may know the port."""
    browser = Browser()
    answers: list[int] = []

    def open_browser(address: str) -> bool:
        asked = {name: values[-1] for name, values in parse_qs(urlsplit(address).query).items()}
        back = asked["redirect_uri"]
        for path in ("favicon.ico", "", "?code=4/stolen", "?code=4/stolen&state=guessed", "?error=x&state=guessed"):
            answers.append(browser.get(f"{back}{path}"))
        return browser(address)

    found = GoogleConsent(lambda line: None, open_browser).ask(client(google))
    assert answers == [404, 404, 400, 400, 400]
    assert [found.refresh_token] == google.refresh_tokens


def test_a_browser_that_goes_away_is_passed_over(google: GoogleSignIn, capsys: pytest.CaptureFixture[str]) -> None:
    def open_browser(address: str) -> bool:
        back = parse_qs(urlsplit(address).query)["redirect_uri"][0]
        for words in (b"", b"GET /", b"GET / HTTP/1.1\r\n\r\n"):
            with socket.create_connection(("127.0.0.1", urlsplit(back).port or 0)) as connection:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
                connection.sendall(words)
        return Browser()(address)

    assert GoogleConsent(lambda line: None, open_browser).ask(client(google)).refresh_token
    assert capsys.readouterr().err == ""


def test_google_refuses_the_client(google: GoogleSignIn) -> None:
    told = google.client_file()
    told["installed"]["client_secret"] = "GOCSPX-of-somebody-else"
    with pytest.raises(SurroundingsError, match="does not sign in") as found:
        GoogleConsent(lambda line: None, Browser()).ask(client_in(json.dumps(told)))
    assert "invalid_client" in found.value.message
    assert "GOCSPX" not in f"{found.value!r}{found.value.__cause__!r}"


def test_google_gives_no_refresh_token(google: GoogleSignIn) -> None:
    google.gives_refresh_token = False
    with pytest.raises(SurroundingsError, match="for good"):
        GoogleConsent(lambda line: None, Browser()).ask(client(google))


@pytest.mark.parametrize(
    "page", [b"<html>Please sign in to the guests' network</html>", b"\xff\xfe", b"[]", b"null", b'"x"']
)
def test_something_on_the_way_answers_for_google(page: bytes, google: GoogleSignIn) -> None:
    google.page = page
    with pytest.raises(SurroundingsError, match="does not sign in"):
        GoogleConsent(lambda line: None, Browser()).ask(client(google))


def test_google_is_away_when_the_code_is_changed(google: GoogleSignIn) -> None:
    told = google.client_file()
    told["installed"]["token_uri"] = "http://127.0.0.1:9/token"
    with pytest.raises(SurroundingsError, match="does not answer"):
        GoogleConsent(lambda line: None, Browser()).ask(client_in(json.dumps(told)))


def test_an_address_without_encryption_is_refused(google: GoogleSignIn, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OAUTHLIB_INSECURE_TRANSPORT")
    with pytest.raises(SurroundingsError, match="does not sign in") as told:
        GoogleConsent(lambda line: None, Browser()).ask(client(google))
    assert "insecure_transport" in told.value.message


def test_nothing_is_left_behind(google: GoogleSignIn) -> None:
    GoogleConsent(lambda line: None, Browser()).ask(client(google))
    assert not [each for each in threading.enumerate() if each.name == "sign-in"]
