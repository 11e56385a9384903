"""gspread as it is, with its requests led to the server in place of Google's hosts."""

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import gspread
from requests import PreparedRequest, Response
from requests.adapters import HTTPAdapter

from tests.fakes.sheets_server.server import STATION, SheetsServer

HOSTS = ("https://sheets.googleapis.com", "https://www.googleapis.com")
SCOPES = ("https://www.googleapis.com/auth/spreadsheets", "https://www.googleapis.com/auth/drive")
PATIENCE_SECONDS = 10.0


class Detour(HTTPAdapter):
    """Sends requests to another host than they name."""

    def __init__(self, root: str) -> None:
        self._root = root
        super().__init__()

    def send(
        self,
        request: PreparedRequest,
        stream: bool = False,
        timeout: float | tuple[float | None, float | None] | None = None,
        verify: bool | str = True,
        cert: str | tuple[str, str] | None = None,
        proxies: dict[str, str] | None = None,
    ) -> Response:
        parts = urlsplit(str(request.url))
        request.url = self._root + parts.path + (f"?{parts.query}" if parts.query else "")
        return super().send(request, stream, timeout, verify, cert, proxies)


@contextmanager
def gspread_client(server: SheetsServer, email: str = STATION) -> Iterator[gspread.Client]:
    """Yield gspread's client signed in as a service account; its connections end with the block."""
    client = gspread.service_account_from_dict(server.service_account(email), SCOPES)
    client.set_timeout(PATIENCE_SECONDS)
    session = client.http_client.session
    for host in HOSTS:
        session.mount(host, Detour(server.url))
    try:
        yield client
    finally:
        session.close()
