"""A Google account as the lab downloads it: what is checked, what goes into the keyring, what lies beside the journal.

Files as Google's console writes them: https://developers.google.com/identity/protocols/oauth2/service-account and
https://developers.google.com/identity/protocols/oauth2/native-app
"""

import base64
import binascii
import json
import re
from dataclasses import asdict, dataclass, field
from typing import Any, Protocol, TypeVar
from urllib.parse import urlsplit

from app.domain.errors import SurroundingsError, UseError
from app.domain.secret import GOOGLE_SERVICE_ACCOUNT, GOOGLE_SIGN_IN

SERVICE_ACCOUNT_FILE = "google-account.json"
SIGN_IN_FILE = "google-sign-in.json"

_SECRET_FIELDS = frozenset({"private_key", "private_key_id", "client_secret", "refresh_token"})
_OF = "of"
"""Key in the keyring's part that says whose it is: two parts of different accounts never serve together."""

_PEM = re.compile(r"-----BEGIN ((?:RSA )?PRIVATE KEY)-----\s+([A-Za-z0-9+/=\s]+)-----END \1-----\s*")
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


@dataclass(frozen=True, slots=True)
class ServiceAccount:
    """An account of the lab's Google project that no person signs in to; the sheet is shared with `client_email`."""

    client_email: str
    token_uri: str
    project_id: str
    private_key_id: str = field(repr=False)
    private_key: str = field(repr=False)

    @property
    def whose(self) -> str:
        """What tells this account from others."""
        return self.client_email


@dataclass(frozen=True, slots=True)
class SignIn:
    """A person's consent that this program, known to Google as the lab's client, may use the sheet in their name."""

    client_id: str
    auth_uri: str
    token_uri: str
    project_id: str
    client_secret: str = field(repr=False)
    refresh_token: str = field(default="", repr=False)
    """Empty until the person has consented."""

    @property
    def whose(self) -> str:
        """What tells this client from others."""
        return self.client_id


Account = TypeVar("Account", ServiceAccount, SignIn)


@dataclass(frozen=True, slots=True)
class AccountParts:
    """An account in two parts: one for the keyring, one for a file that may be read."""

    secret: str = field(repr=False)
    beside: str


class AccountFiles(Protocol):
    """Where the parts that are no secret lie. Raises SurroundingsError when the folder does not take them."""

    def keep(self, name: str, text: str) -> None:
        """Write a file of this name in the place of an older one, for this account alone."""

    def remove(self, name: str) -> bool:
        """Remove it; False where there was none."""


class Consent(Protocol):
    """Asks a person in their browser."""

    def ask(self, client: SignIn) -> SignIn:
        """Return the sign-in with its refresh token.

        Raises UseError when the person refuses, SurroundingsError when nobody answers or Google does not.
        """


def service_account_in(text: str) -> ServiceAccount:
    """Read a downloaded key file. Raises UseError that says what is wrong with it."""
    told = _object(text)
    if "installed" in told or "web" in told:
        raise UseError("This is another file", "It is a client's file, for people", f"`secret set {GOOGLE_SIGN_IN}`")
    if told.get("type") != "service_account":
        raise _wrong('"type" is not "service_account"')
    account = ServiceAccount(
        client_email=_text(told, "client_email"),
        token_uri=_address(told, "token_uri"),
        project_id=str(told.get("project_id", "")),
        private_key_id=str(told.get("private_key_id", "")),
        private_key=_text(told, "private_key"),
    )
    if "@" not in account.client_email:
        raise _wrong('"client_email" is no e-mail address')
    if not _is_key(account.private_key):
        raise _wrong('"private_key" is no whole key')
    return account


def client_in(text: str) -> SignIn:
    """Read a downloaded client file of the kind Desktop app. Raises UseError that says what is wrong with it."""
    told = _object(text)
    if told.get("type") == "service_account":
        message = "It is a service account's key file"
        raise UseError("This is another file", message, f"`secret set {GOOGLE_SERVICE_ACCOUNT}`")
    if "web" in told:
        hint = "In Google's console make a client of the type Desktop app"
        raise UseError("This client cannot be used", "It is one for a web server", hint)
    client = told.get("installed")
    if not isinstance(client, dict):
        raise _wrong('there is no "installed"')
    return SignIn(
        client_id=_text(client, "client_id"),
        auth_uri=_address(client, "auth_uri"),
        token_uri=_address(client, "token_uri"),
        project_id=str(client.get("project_id", "")),
        client_secret=_text(client, "client_secret"),
    )


def parts_of(account: ServiceAccount | SignIn) -> AccountParts:
    """Return both parts of an account."""
    facts = asdict(account)
    secret = {name: value for name, value in facts.items() if name in _SECRET_FIELDS}
    beside = {name: value for name, value in facts.items() if name not in _SECRET_FIELDS}
    return AccountParts(json.dumps(secret | {_OF: account.whose}), json.dumps(beside, indent=2) + "\n")


def service_account_of(parts: AccountParts) -> ServiceAccount:
    """Join what was kept. Raises SurroundingsError for parts that are damaged or belong to different accounts."""
    return _joined(ServiceAccount, parts, GOOGLE_SERVICE_ACCOUNT)


def sign_in_of(parts: AccountParts) -> SignIn:
    """Join what was kept. Raises SurroundingsError for parts that are damaged or belong to different clients."""
    return _joined(SignIn, parts, GOOGLE_SIGN_IN)


def _joined(kind: type[Account], parts: AccountParts, name: str) -> Account:
    try:
        secret, beside = json.loads(parts.secret), json.loads(parts.beside)
        whose = secret.pop(_OF)
        account = kind(**{each: str(value) for each, value in (beside | secret).items()})
    except (ValueError, KeyError, TypeError, AttributeError):
        whose, account = "", None  # without its cause, which holds the secret
    if account is None or account.whose != whose:
        raise SurroundingsError(
            "The Google account is not whole",
            f"What the keyring and the data folder hold of {name} does not belong together",
            f"Set it anew: `secret set {name} --file …`",
        )
    return account


def _object(text: str) -> dict[str, Any]:
    try:
        told = json.loads(text)
    except ValueError:
        raise _wrong("it is no JSON") from None  # without its cause, which holds the text
    if not isinstance(told, dict):
        raise _wrong("it is no JSON object")
    return told


def _text(told: dict[str, Any], name: str) -> str:
    value = told.get(name)
    if not isinstance(value, str) or not value.strip():
        raise _wrong(f'"{name}" is missing')
    return value


def _address(told: dict[str, Any], name: str) -> str:
    """Return an address that secrets may be sent to: by https, or to this machine itself."""
    address = _text(told, name)
    parts = urlsplit(address)
    if not parts.hostname or not (parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK)):
        raise _wrong(f'"{name}" is no https address')
    return address


def _is_key(pem: str) -> bool:
    found = _PEM.fullmatch(pem.strip())
    if found is None:
        return False
    try:
        return len(base64.b64decode("".join(found[2].split()), validate=True)) > 0
    except binascii.Error:
        return False


def _wrong(what: str) -> UseError:
    return UseError("This file cannot be used", f"In it {what}", "Download it anew from Google's console, unchanged")
