"""Secrets in the keyring of the system's account: Windows' credentials, macOS' keychain, the secret service."""

import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from time import monotonic
from typing import TypeVar

from app.adapters.secrets.pieces import Backend, IncompleteError, Pieces
from app.adapters.secrets.trusted import trusted_backend
from app.domain.errors import SurroundingsError
from app.domain.secret import KNOWN_SECRETS

INDEX = "names of secrets"
"""A keyring does not tell what it holds: the names stand in it, too. The blanks keep it apart from every secret."""

PATIENCE_SECONDS = 120.0
"""A locked keyring asks for its password in a window of its own, which somebody must find and fill in."""

_SLICE_SECONDS = 0.2
T = TypeVar("T")


class SystemKeyring:
    """Meets the port Secrets. The keyring is looked for at the first call, so that nobody waits for it in vain."""

    def __init__(self, backend: Backend | None = None, *, patience_seconds: float = PATIENCE_SECONDS) -> None:
        self._backend = backend
        self._patience_seconds = patience_seconds

    def get(self, name: str) -> str | None:
        """Return a secret, None where there is none of this name."""
        return self._ask(lambda pieces: pieces.read(name))

    def put(self, name: str, value: str) -> None:
        """Keep a secret in the place of an older one. Its name is noted first: nothing is kept that is not listed."""

        def put(pieces: Pieces) -> None:
            _note(pieces, {*_noted(pieces), name})
            pieces.write(name, value)

        self._ask(put)

    def clear(self, name: str) -> bool:
        """Forget a secret and what a cut-off call left of it; False where there was none."""

        def clear(pieces: Pieces) -> bool:
            was_there = pieces.holds(name)
            pieces.remove(name)
            _note(pieces, _noted(pieces) - {name})
            return was_there

        return self._ask(clear)

    def names(self) -> tuple[str, ...]:
        """Return the names of what is kept; those that the program knows are looked for even if they are not noted."""
        known = {each.name for each in KNOWN_SECRETS}
        return self._ask(lambda pieces: tuple(name for name in sorted(known | _noted(pieces)) if pieces.holds(name)))

    def _ask(self, act: Callable[[Pieces], T]) -> T:
        def ask() -> T:
            with _in_words():
                if self._backend is None:
                    self._backend = trusted_backend()
                return act(Pieces(self._backend))

        return _patiently(ask, self._patience_seconds)


def _noted(pieces: Pieces) -> set[str]:
    try:
        return set((pieces.read(INDEX) or "").split())
    except IncompleteError:
        return set()  # the next change writes the names anew


def _note(pieces: Pieces, names: set[str]) -> None:
    if names == _noted(pieces):
        return
    if names:
        pieces.write(INDEX, "\n".join(sorted(names)))
    else:
        pieces.remove(INDEX)


def _patiently(act: Callable[[], T], seconds: float) -> T:
    """Call in a thread of its own, because a keyring may wait for ever; raise SurroundingsError when time is up."""
    answer: Future[T] = Future()

    def call() -> None:
        try:
            answer.set_result(act())
        except BaseException as error:  # noqa: BLE001 - raised again by whoever waits for the answer
            answer.set_exception(error)

    thread = threading.Thread(target=call, name="keyring", daemon=True)
    thread.start()
    until = monotonic() + seconds
    while thread.is_alive() and monotonic() < until:
        thread.join(_SLICE_SECONDS)  # in slices: on Windows Ctrl+C is heard between two of them only
    if not answer.done():
        raise SurroundingsError(
            "The keyring does not answer",
            f"It was waited for {seconds:.0f} s",
            "Look for a window that asks for the keyring's password, then try again",
        )
    return answer.result()


@contextmanager
def _in_words() -> Iterator[None]:
    from keyring.errors import NoKeyringError

    locked, failures = _locked(), _failures()
    try:
        yield
    except NoKeyringError as error:
        raise SurroundingsError(
            "This account has no keyring", "None answers", "Sign in to the desktop with a keyring, then try again"
        ) from error
    except locked as error:
        raise SurroundingsError(
            "The keyring is locked",
            f"It did not open ({type(error).__name__})",
            "Unlock it: sign in to the desktop anew, or open its own program; then try again",
        ) from error
    except failures as error:
        number = getattr(error, "winerror", None)
        raise SurroundingsError(
            "The keyring refused",
            f"It answered with {type(error).__name__}" + (f" {number}" if number else ""),
            "Sign in at the machine itself, look whether the keyring is unlocked, then try again",
        ) from error


def _locked() -> tuple[type[Exception], ...]:
    from keyring.errors import InitError, KeyringLocked

    found: tuple[type[Exception], ...] = (KeyringLocked, InitError)
    if sys.platform == "linux":
        from secretstorage.exceptions import LockedException, PromptDismissedException

        found = (*found, LockedException, PromptDismissedException)
    return found


def _failures() -> tuple[type[Exception], ...]:
    """Return what a keyring says, and what keyring lets through of the system's own errors."""
    from keyring.errors import KeyringError

    found: tuple[type[Exception], ...] = (KeyringError, OSError)
    if sys.platform == "win32":
        from win32ctypes.pywin32.pywintypes import error as windows_error

        found = (*found, windows_error)
    elif sys.platform == "linux":
        from jeepney import DBusErrorResponse
        from secretstorage.exceptions import SecretStorageException

        found = (*found, SecretStorageException, DBusErrorResponse, EOFError)
    return found
