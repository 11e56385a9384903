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
_PROTECTED = re.compile(r"protected cell", re.IGNORECASE)
_LONGEST_WAIT_SECONDS = 3600.0


class PlaceGoneError(Exception):
    """The tab, or the place in it, that a call named is not there any more, or taken meanwhile: look again."""


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
        raise _signed_out(error) from error
    except (TransportError, requests.RequestException) as error:
        raise AwayError("Google Sheets does not answer", _what(error), _BY_ITSELF) from error
    except GoogleAuthError as error:
        raise SurroundingsError("The sign-in with Google failed", _what(error), _SIGN_IN) from error
    except ValueError as error:
        raise AwayError("Google Sheets answered with nonsense", "The answer is not JSON", _BY_ITSELF) from error


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
    if status >= 500 or not isinstance(error.error.get("status"), str) or error.code == -1:
        return AwayError(
            "Google Sheets is out of order",
            f"It answered {status}",
            _BY_ITSELF,
            wait_seconds=_wait_seconds(error.response),
        )
    if status == 400 and _PLACE_GONE.search(told):
        return PlaceGoneError(told)
    if _PROTECTED.search(told):
        return SurroundingsError(
            "The sheet protects cells of ours",
            told,
            f"Let {account or 'the account that is signed in'} edit the protected ranges, or leave our columns out",
        )
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


def _signed_out(error: RefreshError) -> SurroundingsError:
    if getattr(error, "retryable", False):
        return AwayError("Google's sign-in does not answer", _what(error), _BY_ITSELF)
    return SurroundingsError("Google does not let the account in any more", _what(error), _SIGN_IN)


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
