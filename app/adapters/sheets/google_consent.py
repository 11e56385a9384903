"""Asking a person for their consent that this program uses the slide sheet in their name, in their own browser.

The flow of an installed program with PKCE, https://developers.google.com/identity/protocols/oauth2/native-app
"""

import queue
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from time import monotonic
from typing import TYPE_CHECKING, Any

from app.adapters.sheets.google_account import SCOPES
from app.adapters.sheets.redirect_listener import Redirect, RedirectListener, listening
from app.domain.errors import SurroundingsError, UseError
from app.domain.google_account import SignIn
from app.domain.secret import GOOGLE_SIGN_IN

if TYPE_CHECKING:
    from google_auth_oauthlib.flow import InstalledAppFlow

PATIENCE_SECONDS = 300.0
_SLICE_SECONDS = 0.2
_EXCHANGE_SECONDS = 30.0
_AGAIN = f"`secret set {GOOGLE_SIGN_IN} --file …` asks again"


class GoogleConsent:
    """Meets the port Consent. `open_browser` returns whether one took the address; `say` shows it to a person."""

    def __init__(
        self,
        say: Callable[[str], None],
        open_browser: Callable[[str], bool],
        *,
        patience_seconds: float = PATIENCE_SECONDS,
    ) -> None:
        self._say = say
        self._open_browser = open_browser
        self._patience_seconds = patience_seconds

    def ask(self, client: SignIn) -> SignIn:
        """Open the browser, wait for the person's answer, and return the sign-in with its refresh token."""
        flow = _flow(client)
        with listening() as listener:
            flow.redirect_uri = listener.address
            # Without the prompt Google gives no refresh token to a person who consented before.
            with _in_words(client.auth_uri):
                address, listener.state = flow.authorization_url(access_type="offline", prompt="consent")
            self._show(address)
            answer = self._wait(listener)
        if not answer.code:
            raise UseError("Google was not allowed", f"The browser came back with {answer.error}", _AGAIN)
        return replace(client, refresh_token=_refresh_token(flow, answer.code))

    def _show(self, address: str) -> None:
        self._say(
            f"Sign in with Google in the browser on this machine, within {self._patience_seconds / 60:.0f} minutes. "
            f"If none opens, open this address:\n{address}"
        )
        # A browser of the terminal keeps whoever opens it waiting until it is left.
        threading.Thread(target=self._open, args=(address,), name="browser", daemon=True).start()

    def _open(self, address: str) -> None:
        if not self._open_browser(address):
            self._say("No browser opened by itself.")

    def _wait(self, listener: RedirectListener) -> Redirect:
        until = monotonic() + self._patience_seconds
        while monotonic() < until:
            try:
                return listener.redirects.get(timeout=_SLICE_SECONDS)  # in slices: so Windows hears Ctrl+C
            except queue.Empty:
                continue
        message = f"The browser did not come back within {self._patience_seconds:.0f} s"
        raise SurroundingsError("Nobody signed in", message, _AGAIN)


def _flow(client: SignIn) -> "InstalledAppFlow":
    from google_auth_oauthlib.flow import InstalledAppFlow

    facts = {
        "client_id": client.client_id,
        "client_secret": client.client_secret,
        "auth_uri": client.auth_uri,
        "token_uri": client.token_uri,
    }
    return InstalledAppFlow.from_client_config({"installed": facts}, scopes=list(SCOPES))


def _refresh_token(flow: "InstalledAppFlow", code: str) -> str:
    """Change the code for a refresh token."""
    try:
        with _in_words(flow.client_config["token_uri"]):
            token: dict[str, Any] = flow.fetch_token(code=code, timeout=_EXCHANGE_SECONDS)
    finally:
        flow.oauth2session.close()
    refresh_token = token.get("refresh_token")
    if not isinstance(refresh_token, str) or not refresh_token:
        message = "It allowed an hour only: it gave no refresh token"
        raise SurroundingsError("Google does not sign in for good", message, _AGAIN)
    return refresh_token


@contextmanager
def _in_words(address: str) -> Iterator[None]:
    """Tell what goes wrong with Google without its cause, which may hold a code or a token."""
    from oauthlib.oauth2 import OAuth2Error

    try:
        yield
    except Warning:
        # raised, not issued, when Google allows another scope than was asked for
        message = "The box that allows spreadsheets was not ticked"
        raise UseError("The slide sheet was not allowed", message, f"Tick it; {_AGAIN}") from None
    except OAuth2Error as error:
        message, hint = f"{address} answered {error.error}", f"Is the client file the lab's? {_AGAIN}"
        raise SurroundingsError("Google does not sign in", message, hint) from None
    except OSError as error:
        message = f"{address} cannot be reached ({type(error).__name__})"
        raise SurroundingsError("Google does not answer", message, f"Look at the network; {_AGAIN}") from None
    except (ValueError, TypeError, AttributeError):
        # what oauthlib makes of an answer that is no JSON object
        message, hint = f"{address} answered with something else", "Does a portal or a proxy stand in between?"
        raise SurroundingsError("Google does not sign in", message, f"{hint} {_AGAIN}") from None
