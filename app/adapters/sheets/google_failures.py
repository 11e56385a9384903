"""What goes wrong between here and Google Sheets, in words: what happened, and who can do what about it."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import requests
from google.auth.exceptions import GoogleAuthError, RefreshError, TransportError
from gspread.exceptions import APIError

from app.domain.errors import AwayError, SurroundingsError

_PLACE_GONE = re.compile(
    r"Unable to parse range|No grid with id|No sheet with id|exceeds grid limits|developer metadata", re.IGNORECASE
)
_ABOUT_A_CELL = re.compile(r"data validation|in a single cell|\bcell [A-Z]{1,3}\d+\b", re.IGNORECASE)
_ROW = re.compile(r"\bcell [A-Z]{1,3}(\d+)\b", re.IGNORECASE)
_PROTECTED = re.compile(r"protected cell", re.IGNORECASE)
_LONGEST_WAIT_SECONDS = 3600.0


class PlaceGoneError(Exception):
    """The tab, or the place in it, that a call named is not there any more, or taken meanwhile: look again."""


class CellRefusedError(SurroundingsError):
    """A cell does not take its value, so that Google refuses the whole write. `row` is the cell's, if named."""

    def __init__(self, told: str) -> None:
        super().__init__("Google Sheets refused", told, "Put the sheet right: a cell has a rule that forbids our value")
        named = _ROW.search(told)
        self.row = int(named[1]) if named else None


class NoTokenError(requests.RequestException):
    """An answer to a request for a token that says nothing about the account: not Google's own, or out of order."""

    def __init__(self, answer: requests.Response, *, foreign: bool) -> None:
        super().__init__("no token", response=answer)
        self.answer = answer
        self.foreign = foreign


def json_object(response: requests.Response) -> dict[str, Any]:
    """Return what an answer holds; raises ValueError where that is no JSON object."""
    try:
        found = response.json()
    except requests.JSONDecodeError:
        found = None
    if isinstance(found, dict):
        return found
    raise ValueError("no JSON object")


@contextmanager
def in_words(account: str) -> Iterator[None]:
    """Turn what gspread, google-auth and requests raise into the project's own errors.

    AwayError where asking again may help, SurroundingsError where somebody must do something first, PlaceGoneError
    where the sheet is another than it was.
    """
    try:
        yield
    except APIError as error:
        raise _refused(error, account) from error
    except RefreshError as error:
        raise SurroundingsError("Google does not let the account in any more", _what(error), _SIGN_IN) from error
    except (TransportError, requests.RequestException) as error:
        raise _unanswered(error) from error
    except GoogleAuthError as error:
        raise SurroundingsError("The sign-in with Google failed", _what(error), _SIGN_IN) from error
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        # what gspread and google-auth make of an answer that is not Google's
        raise _not_googles("with something that is not its own") from error


def _refused(error: APIError, account: str) -> Exception:
    status = error.response.status_code
    told = " ".join(str(error.error.get("message", "")).split())[:300]
    if status == 429:
        return AwayError(
            "Google Sheets asks us to wait",
            "This account has used its calls of this minute",
            f"{_BY_ITSELF}; where several stations share the account, lower [sheet] calls_per_minute on each",
            wait_seconds=_wait_seconds(error.response),
        )
    if status >= 500:
        return _out_of_order("Google Sheets", error.response)
    if not isinstance(error.error.get("status"), str) or error.code == -1:
        return _not_googles(f"{status} with a page of its own")
    if status == 400 and _PLACE_GONE.search(told):
        return PlaceGoneError(told)
    if _PROTECTED.search(told):
        return SurroundingsError(
            "The sheet protects cells of ours",
            told,
            f"Let {account or 'the account that is signed in'} edit the protected ranges, or leave our columns out",
        )
    if status == 400 and _ABOUT_A_CELL.search(told):
        return CellRefusedError(told)
    return _by_status(status, told, account)


def _by_status(status: int, told: str, account: str) -> SurroundingsError:
    who = account or "the account that is signed in"
    if status == 401:
        return SurroundingsError("Google does not know the account any more", told, _SIGN_IN)
    if status == 403 and ("has not been used" in told or "disabled" in told):
        return SurroundingsError(
            "The Google Sheets API is switched off", told, "Switch it on in the Google Cloud project of the account"
        )
    if status == 403:
        return SurroundingsError(
            "The slide sheet is not shared with us", told, f"Share the spreadsheet with {who} as an editor"
        )
    if status == 404:
        return SurroundingsError(
            "The slide sheet is not there",
            "Google knows no such spreadsheet, or does not show it to this account",
            f"Check [sheet] spreadsheet; if it was deleted take it out of the bin; share it with {who} as an editor",
        )
    return SurroundingsError("Google Sheets refused", f"{status}: {told}", "Tell whoever looks after the program")


def _unanswered(error: Exception) -> AwayError:
    """Tell what keeps an answer from coming; google-auth wraps what happened to a request for a token."""
    cause = error.__cause__ if isinstance(error, TransportError) else error
    if not isinstance(cause, NoTokenError):
        return AwayError("Google Sheets does not answer", _what(error), _BY_ITSELF)
    status = cause.answer.status_code
    if status == 429:
        wait = _wait_seconds(cause.answer)
        return AwayError("Google's sign-in asks us to wait", "It was asked too often", _BY_ITSELF, wait_seconds=wait)
    if cause.foreign and status < 500:
        return _not_googles(f"{status} with neither a token nor a refusal of the account")
    return _out_of_order("Google's sign-in", cause.answer)


def _out_of_order(who: str, response: requests.Response) -> AwayError:
    message = f"It answered {response.status_code}"
    return AwayError(f"{who} is out of order", message, _BY_ITSELF, wait_seconds=_wait_seconds(response))


def _not_googles(how: str) -> AwayError:
    hint = f"Does a proxy or a sign-in page of the network stand in between? {_BY_ITSELF}"
    return AwayError("Something else answers in Google's place", f"It answered {how}", hint)


def _what(error: Exception) -> str:
    """Name a failure without the address and the token that its text may hold."""
    told: Any = error.args[0] if error.args and isinstance(error.args[0], str) else ""
    plain = told.split("(Caused by")[0].split("{")[0].split("http")[0].strip(" :,'\"")
    return f"{type(error).__name__}: {plain[:120]}" if plain else type(error).__name__


def _wait_seconds(response: requests.Response) -> float:
    """Return the seconds of the header Retry-After; 0 where it has none, or names a date."""
    text = response.headers.get("Retry-After", "").strip()
    return min(float(text), _LONGEST_WAIT_SECONDS) if text.isascii() and text.isdigit() else 0.0


_BY_ITSELF = "It is tried again by itself; what is to be written waits"
_SIGN_IN = "Sign in anew: `secret set google-service-account` or `secret set google-sign-in`"
