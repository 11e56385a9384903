"""Secrets in the keyring of the system's account: Windows' credentials, macOS' keychain, the secret service."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol

from app.domain.errors import SurroundingsError

SERVICE = "Slideferry"
INDEX = "names of secrets"
PIECE_CHARACTERS = 1200
"""Windows keeps at most 2,560 bytes a credential, in UTF-16: longer values lie there in pieces."""

_TRUSTED = ("keyring.backends.Windows", "keyring.backends.macOS", "keyring.backends.SecretService",
            "keyring.backends.libsecret", "keyring.backends.kwallet")  # fmt: skip
_PIECES = "in pieces: "


class Backend(Protocol):
    """What of a keyring's backend is used."""

    def get_password(self, service: str, username: str) -> str | None:
        """Return a value, None where there is none."""

    def set_password(self, service: str, username: str, password: str) -> None:
        """Keep a value."""

    def delete_password(self, service: str, username: str) -> None:
        """Forget a value."""


class SystemKeyring:
    """Meets the port Secrets. Only backends that the system itself guards are used, never a file in plain text."""

    def __init__(self, backend: Backend | None = None) -> None:
        self._backend = backend

    def get(self, name: str) -> str | None:
        """Return a secret, None where there is none of this name."""
        with _in_words():
            backend = self._open()
            value = backend.get_password(SERVICE, name)
            if value is None or not value.startswith(_PIECES):
                return value
            count = int(value.removeprefix(_PIECES))
            pieces = [backend.get_password(SERVICE, _piece(name, number)) for number in range(count)]
        if any(piece is None for piece in pieces):
            raise SurroundingsError(
                "A secret is not whole",
                f"{name}: a part of it is gone from the keyring",
                f"Set it anew: secret set {name}",
            )
        return "".join(piece or "" for piece in pieces)

    def put(self, name: str, value: str) -> None:
        """Keep a secret in the place of an older one; its first part, which counts, comes last."""
        with _in_words():
            backend = self._open()
            self._forget_pieces(backend, name)
            if len(value) <= PIECE_CHARACTERS and not value.startswith(_PIECES):
                backend.set_password(SERVICE, name, value)
            else:
                pieces = [value[at : at + PIECE_CHARACTERS] for at in range(0, len(value), PIECE_CHARACTERS)]
                for number, piece in enumerate(pieces):
                    backend.set_password(SERVICE, _piece(name, number), piece)
                backend.set_password(SERVICE, name, f"{_PIECES}{len(pieces)}")
            self._keep_names(backend, {*self._names(backend), name})

    def clear(self, name: str) -> bool:
        """Forget a secret; False where there was none."""
        with _in_words():
            backend = self._open()
            self._keep_names(backend, {*self._names(backend)} - {name})
            if backend.get_password(SERVICE, name) is None:
                return False
            self._forget_pieces(backend, name)
            backend.delete_password(SERVICE, name)
            return True

    def names(self) -> tuple[str, ...]:
        """Return the names of what is kept."""
        with _in_words():
            return tuple(sorted(self._names(self._open())))

    def _open(self) -> Backend:
        if self._backend is None:
            self._backend = trusted_backend()
        return self._backend

    def _forget_pieces(self, backend: Backend, name: str) -> None:
        value = backend.get_password(SERVICE, name)
        if value is None or not value.startswith(_PIECES):
            return
        for number in range(int(value.removeprefix(_PIECES))):
            if backend.get_password(SERVICE, _piece(name, number)) is not None:
                backend.delete_password(SERVICE, _piece(name, number))

    def _names(self, backend: Backend) -> list[str]:
        kept: list[str] = json.loads(backend.get_password(SERVICE, INDEX) or "[]")
        return kept

    def _keep_names(self, backend: Backend, names: set[str]) -> None:
        backend.set_password(SERVICE, INDEX, json.dumps(sorted(names)))


def trusted_backend() -> Backend:
    """Return the system's keyring. Raises SurroundingsError where there is none that may be trusted."""
    import keyring
    import keyring.backends.chainer

    chosen: Any = keyring.get_keyring()
    candidates = chosen.backends if isinstance(chosen, keyring.backends.chainer.ChainerBackend) else [chosen]
    for each in candidates:
        if type(each).__module__ in _TRUSTED:
            backend: Backend = each
            return backend
    named = ", ".join(f"{type(each).__module__}.{type(each).__name__}" for each in candidates) or "none"
    raise SurroundingsError(
        "This account has no keyring",
        f"Secrets are kept in the system's keyring only; here there is {named}",
        "Sign in to the desktop with a keyring (Windows, macOS, GNOME Keyring, KWallet), then try again",
    )


@contextmanager
def _in_words() -> Iterator[None]:
    from keyring.errors import InitError, KeyringError, KeyringLocked, NoKeyringError

    try:
        yield
    except (NoKeyringError, InitError) as error:
        raise SurroundingsError(
            "This account has no keyring",
            f"The system's keyring does not answer ({type(error).__name__})",
            "Sign in to the desktop with a keyring, then try again",
        ) from error
    except KeyringLocked as error:
        raise SurroundingsError(
            "The keyring is locked", "It did not open", "Unlock it (sign in to the desktop anew), then try again"
        ) from error
    except KeyringError as error:
        raise SurroundingsError(
            "The keyring refused", f"It answered with {type(error).__name__}", "Look whether it is unlocked, try again"
        ) from error


def _piece(name: str, number: int) -> str:
    return f"{name} ({number + 1})"
