"""Which keyring is trusted: one that the system itself guards, never a file that others can read."""

import configparser
from typing import TYPE_CHECKING

from app.adapters.secrets.pieces import Backend
from app.domain.errors import SurroundingsError

if TYPE_CHECKING:
    from keyring.backend import KeyringBackend

_TRUSTED = frozenset({"keyring.backends.Windows", "keyring.backends.macOS", "keyring.backends.SecretService"})
_NOTHING = frozenset({"keyring.backends.fail", "keyring.backends.null", "keyring.backends.chainer"})
_SIGN_IN = "Sign in to the desktop with a keyring (Windows, macOS, GNOME Keyring, KWallet), then try again"


def trusted_backend() -> Backend:
    """Return the keyring of this account. Raises SurroundingsError where there is none that may be trusted."""
    candidates = _candidates()
    for each in candidates:
        if type(each).__module__ in _TRUSTED:
            return each
    others = [_title(each) for each in candidates if type(each).__module__ not in _NOTHING]
    if others:
        raise SurroundingsError(
            "This keyring is not used",
            f"{', '.join(others)} may keep secrets where others can read them; nothing was kept",
            f"{_SIGN_IN}. If PYTHON_KEYRING_BACKEND or a keyringrc.cfg names another keyring, take it away",
        )
    raise SurroundingsError("This account has no keyring", "Secrets are kept in the system's keyring only", _SIGN_IN)


def _candidates() -> "list[KeyringBackend]":
    """Return the keyring that was chosen for this account; of several in a chain all, best first."""
    import keyring
    from keyring.backends.chainer import ChainerBackend

    try:
        chosen = keyring.get_keyring()
    except (ImportError, AttributeError, ValueError, RuntimeError, configparser.Error) as error:
        raise SurroundingsError(
            "The keyring cannot be chosen",
            f"PYTHON_KEYRING_BACKEND or keyringrc.cfg names one that cannot be used: {error}",
            "Take that setting away, then the system's own keyring is used",
        ) from error
    return list(chosen.backends) if isinstance(chosen, ChainerBackend) else [chosen]


def _title(backend: "KeyringBackend") -> str:
    return f"{type(backend).__module__}.{type(backend).__qualname__}"
