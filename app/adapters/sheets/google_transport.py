"""How requests to Google are sent: their answers come whole and in time, and those to the sign-in are Google's own."""

from collections.abc import Mapping
from typing import Any

import requests
import urllib3
from requests.adapters import HTTPAdapter

from app.adapters.sheets.google_deadline import TIMED_POOLS, Deadline, TimedConnection, TimeLeft
from app.adapters.sheets.google_failures import NoTokenError, json_object

_PIECE_BYTES = 64 * 1024
_MOST_BYTES = 256 * 1024 * 1024
"""A sheet may have ten million cells; an answer larger than this is none of ours."""
_PASSING = ("internal_failure", "server_error", "temporarily_unavailable")


class WholeAnswers(HTTPAdapter):
    """Takes an answer in whole, and gives up where a call has not ended by its deadline."""

    def __init__(self, deadline: Deadline) -> None:
        self._deadline = deadline
        super().__init__()

    def init_poolmanager(self, *args: Any, **more: Any) -> None:
        """Make the connections timed ones."""
        super().init_poolmanager(*args, **more)
        self.poolmanager.pool_classes_by_scheme = TIMED_POOLS

    def proxy_manager_for(self, proxy: str, **more: Any) -> Any:
        """Make the connections to a proxy timed ones; one that speaks SOCKS has connections of its own."""
        manager = super().proxy_manager_for(proxy, **more)
        if not proxy.lower().startswith("socks"):
            manager.pool_classes_by_scheme = TIMED_POOLS
        return manager

    def send(self, request: requests.PreparedRequest, *args: Any, **more: Any) -> requests.Response:
        """Send a request and read all of its answer. Raises requests.Timeout when the call takes too long."""
        if self._deadline.passed:
            raise self._late(request)
        # whatever limit was asked for: google-auth would wait two minutes for a token
        more |= {"stream": True, "timeout": TimeLeft(self._deadline)}
        response = super().send(request, *args, **more)
        response._content = self._whole(response)  # what a reading of `content` leaves there
        return response

    def _whole(self, response: requests.Response) -> bytes:
        content = bytearray()
        try:
            # Not `iter_content`: it waits for a piece to be full.
            while piece := self._piece(response.raw):
                content += piece
                if self._deadline.passed or len(content) > _MOST_BYTES:
                    response.close()
                    raise self._late(response.request)
        except urllib3.exceptions.HTTPError as error:
            raise requests.ConnectionError(f"the answer ended early ({type(error).__name__})") from error
        return bytes(content)

    def _piece(self, raw: urllib3.HTTPResponse) -> bytes:
        if isinstance(raw.connection, TimedConnection):
            raw.connection.limit(self._deadline.left())
        return raw.read1(_PIECE_BYTES, decode_content=True)

    def _late(self, request: requests.PreparedRequest) -> requests.Timeout:
        return requests.Timeout(f"no whole answer within {self._deadline.seconds:g} s", request=request)


class TokenAnswers(WholeAnswers):
    """Lets an answer through that is a token or a refusal of the account: google-auth takes all others for one."""

    def send(self, request: requests.PreparedRequest, *args: Any, **more: Any) -> requests.Response:
        """Send a request for a token. Raises NoTokenError for an answer that says nothing about the account."""
        response = super().send(request, *args, **more)
        if response.is_redirect:
            return response
        try:
            told = json_object(response)
        except ValueError as error:
            raise NoTokenError(response, foreign=True) from error
        if response.status_code in (408, 429) or response.status_code >= 500 or _passes(told):
            raise NoTokenError(response, foreign=False)
        if not isinstance(told.get("access_token" if response.ok else "error"), str):
            raise NoTokenError(response, foreign=True)
        return response


def _passes(told: Mapping[str, Any]) -> bool:
    """Say whether a refusal is one that google-auth asks again about by itself, twice, with pauses in between."""
    return any(told.get(word) == each for word in ("error", "error_description") for each in _PASSING)
