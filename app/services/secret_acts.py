"""What people do with secrets: keep one, forget one, see which there are."""

from collections.abc import Iterable
from dataclasses import dataclass

from app.domain.errors import SurroundingsError, UseError
from app.domain.google_account import (
    SERVICE_ACCOUNT_FILE,
    SIGN_IN_FILE,
    AccountFiles,
    Consent,
    client_in,
    parts_of,
    service_account_in,
)
from app.domain.secret import (
    GOOGLE_SERVICE_ACCOUNT,
    GOOGLE_SIGN_IN,
    KNOWN_SECRETS,
    Secrets,
    secret_name,
    secret_value,
)

IN_FILES = {GOOGLE_SERVICE_ACCOUNT: SERVICE_ACCOUNT_FILE, GOOGLE_SIGN_IN: SIGN_IN_FILE}
"""Secret → the file beside the journal with what is no secret of it. Its value is a downloaded file."""

_STILL_VALID = {
    GOOGLE_SERVICE_ACCOUNT: "The key stays valid until it is deleted in Google's console too.",
    GOOGLE_SIGN_IN: "The consent stays until it is taken back at https://myaccount.google.com/permissions too.",
}
_DELETE = "The downloaded file is not needed any more: delete it, and empty the bin."


@dataclass(frozen=True, slots=True)
class KeptSecret:
    """A secret that was kept: whose account it is, where that is known, and what a person does next."""

    name: str
    account: str
    advice: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ClearedSecret:
    """A secret that is not kept any more, whether there was one, and what it still opens elsewhere."""

    name: str
    was_there: bool
    advice: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ListedSecret:
    """A secret that may be kept, without its value."""

    name: str
    what: str
    kept: bool


class SecretDesk:
    """Keeps, forgets and lists the secrets of the system's account. Blocking calls."""

    def __init__(self, secrets: Secrets, files: AccountFiles, consent: Consent) -> None:
        self._secrets = secrets
        self._files = files
        self._consent = consent

    def keep(self, name: str, content: bytes) -> KeptSecret:
        """Keep a secret in the place of an older one. Raises UseError for what it cannot be, and as the ports do."""
        name, value = secret_name(name), secret_value(content)
        if name == GOOGLE_SERVICE_ACCOUNT:
            return self._keep_service_account(value)
        if name == GOOGLE_SIGN_IN:
            return self._keep_sign_in(value)
        self._secrets.put(name, value)
        return KeptSecret(name, "", ())

    def _keep_service_account(self, text: str) -> KeptSecret:
        account = service_account_in(text)
        parts = parts_of(account)
        self._secrets.put(GOOGLE_SERVICE_ACCOUNT, parts.secret)
        self._files.keep(SERVICE_ACCOUNT_FILE, parts.beside)
        share = f"Share the slide sheet with {account.client_email} as an editor."
        return KeptSecret(GOOGLE_SERVICE_ACCOUNT, account.client_email, (share, _DELETE))

    def _keep_sign_in(self, text: str) -> KeptSecret:
        client = client_in(text)
        self._secrets.names()  # where there is no keyring nobody is asked to sign in
        parts = parts_of(self._consent.ask(client))
        self._secrets.put(GOOGLE_SIGN_IN, parts.secret)
        self._files.keep(SIGN_IN_FILE, parts.beside)
        return KeptSecret(GOOGLE_SIGN_IN, "", (_DELETE,))

    def clear(self, name: str) -> ClearedSecret:
        """Forget a secret and the file beside it."""
        was_kept = self._secrets.clear(secret_name(name))
        had_file = name in IN_FILES and self._files.remove(IN_FILES[name])
        advice = (_STILL_VALID[name],) if was_kept and name in _STILL_VALID else ()
        return ClearedSecret(name, was_kept or had_file, advice)

    def listed(self, name: str | None = None) -> tuple[ListedSecret, ...]:
        """Return those that the program knows and all others that are kept, or the one of this name."""
        kept = set(self._secrets.names())
        what = {known.name: known.what for known in KNOWN_SECRETS}
        names: Iterable[str] = (*what, *sorted(kept - what.keys())) if name is None else (secret_name(name),)
        return tuple(ListedSecret(each, what.get(each, ""), each in kept) for each in names)


def secrets_are_well(secrets: Secrets, account: str, *, google_needed: bool) -> str:
    """Return which secrets are kept, in words.

    Where the settings need none, a keyring that cannot be used is no trouble. Raises SurroundingsError when they do,
    UseError when the keyring is well but holds no Google account.
    """
    try:
        kept = tuple(secrets.names())
    except SurroundingsError as error:
        if google_needed:
            raise
        return f"none can be kept, and none is needed: {error}"
    if google_needed and not IN_FILES.keys() & set(kept):
        raise UseError(
            "No Google account is set up",
            f"The keyring of {account} has none; secrets are kept for each account of the system by itself",
            f"`secret set {GOOGLE_SERVICE_ACCOUNT} --file …`",
        )
    return f"in the keyring of {account}, for that account alone: {', '.join(kept) or 'none'}"
