"""The line to Google Sheets: gspread's own client, with time limits for whole answers and a host that can be named."""

from collections.abc import Mapping
from typing import Any

import google.auth.credentials
import requests
from google.auth.transport.requests import AuthorizedSession, Request
from gspread.http_client import HTTPClient

from app.adapters.sheets.google_deadline import Deadline
from app.adapters.sheets.google_failures import in_words, json_object
from app.adapters.sheets.google_quota import AccountQuota
from app.adapters.sheets.google_transport import TokenAnswers, WholeAnswers

GOOGLE = "https://sheets.googleapis.com"
_OF_A_SPREADSHEET = frozenset(("spreadsheetId", "properties"))
"""Fields of which each answer has one: the first, unless others were asked for."""

Json = dict[str, Any]


class GoogleLink:
    """Calls of the Sheets service about one spreadsheet, v4. Blocking; one thread uses it at a time.

    Without a `spreadsheet` the calls are about all of them. `api_root` stands for Google's host, so that any server can
    be named. `quota` is the account's, handed on from one link to the next. Every call raises as `in_words` says, and
    ends within `timeout_seconds`: a new token, the connection and the whole answer together. Not limited are the wait
    for its turn, the look-up of a host's name, and the head of an answer that comes byte by byte.
    """

    def __init__(
        self,
        credentials: google.auth.credentials.Credentials,
        spreadsheet: str,
        *,
        api_root: str = GOOGLE,
        timeout_seconds: float,
        quota: AccountQuota,
    ) -> None:
        self.account = str(getattr(credentials, "service_account_email", "") or "")
        self._base = f"{api_root.rstrip('/')}/v4/spreadsheets" + (f"/{spreadsheet}" if spreadsheet else "")
        self._quota = quota
        self._deadline = Deadline(timeout_seconds)
        signing_in = requests.Session()
        self._session = AuthorizedSession(
            credentials,
            refresh_timeout=timeout_seconds,
            auth_request=Request(signing_in),  # type: ignore[no-untyped-call]
        )
        for scheme in ("https://", "http://"):
            signing_in.mount(scheme, TokenAnswers(self._deadline))
            self._session.mount(scheme, WholeAnswers(self._deadline))
        self._sessions = (signing_in, self._session)
        self._client = HTTPClient(credentials, session=self._session)
        self._client.set_timeout(timeout_seconds)

    def read(self, path: str, body: Mapping[str, Any] | None = None, **params: str) -> Json:
        """Ask: by GET, or by POST where the question has a body."""
        return self._call("read", path, body, params)

    def write(self, path: str, body: Mapping[str, Any]) -> Json:
        """Change something."""
        return self._call("write", path, body, {})

    def close(self) -> None:
        """End the connections."""
        for session in self._sessions:
            session.close()

    def _call(self, kind: str, path: str, body: Mapping[str, Any] | None, params: Mapping[str, str]) -> Json:
        self._quota.take(kind)
        self._deadline.begin()
        with in_words(self.account):
            method = "get" if body is None else "post"
            answer = self._client.request(method, f"{self._base}{path}", params=dict(params), json=body)
            found: Json = json_object(answer)
            if not _OF_A_SPREADSHEET & found.keys():
                raise ValueError("no answer about a spreadsheet")
        return found
