"""How requests to Google are sent: their answers come whole and in time, and those to the sign-in are Google's own."""

import time
from collections.abc import Mapping
from typing import Any

import requests
import urllib3
from requests.adapters import HTTPAdapter

from app.adapters.sheets.google_failures import NoTokenError, json_object

_PIECE_BYTES = 64 * 1024
_MOST_BYTES = 256 * 1024 * 1024
"""A sheet may have ten million cells; an answer larger than this is none of ours."""
_PASSING = ("internal_failure", "server_error", "temporarily_unavailable")


class WholeAnswers(HTTPAdapter):
    """Takes an answer in whole and gives up where it trickles: the time limit of `requests` begins anew each byte."""

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self._seconds = seconds

    def send(self, request: requests.PreparedRequest, *args: Any, **more: Any) -> requests.Response:
        """Send a request and read all of its answer. Raises requests.ReadTimeout when that takes too long."""
        more |= {"stream": True, "timeout": self._seconds}  # google-auth would wait two minutes for a token
        response = super().send(request, *args, **more)
        response._content = self._whole(response)  # what a reading of `content` leaves there
        return response

    def _whole(self, response: requests.Response) -> bytes:
        deadline = time.monotonic() + self._seconds
        content = bytearray()
        try:
            # Not `iter_content`: it waits for a piece to be full.
            while piece := response.raw.read1(_PIECE_BYTES, decode_content=True):
                content += piece
                if time.monotonic() > deadline or len(content) > _MOST_BYTES:
                    response.close()
                    raise requests.ReadTimeout(f"no whole answer within {self._seconds:g} s", request=response.request)
        except urllib3.exceptions.HTTPError as error:
            raise requests.ConnectionError(f"the answer ended early ({type(error).__name__})") from error
        return bytes(content)


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
