"""Who asks Google for the sheet: the lab's service account, or a person who signed in once."""

from pathlib import Path
from typing import TYPE_CHECKING

from app.domain.errors import SurroundingsError, UseError
from app.domain.google_account import (
    SERVICE_ACCOUNT_FILE,
    SIGN_IN_FILE,
    AccountParts,
    ServiceAccount,
    SignIn,
    service_account_of,
    sign_in_of,
)
from app.domain.secret import GOOGLE_SERVICE_ACCOUNT, GOOGLE_SIGN_IN, Secrets

if TYPE_CHECKING:
    from google.auth.credentials import Credentials

SCOPES = ("https://www.googleapis.com/auth/spreadsheets",)
"""Spreadsheets and nothing else of what the account has."""


def google_credentials(secrets: Secrets, data: Path, sign_in: str) -> "Credentials":
    """Return credentials of the account that is set up; nothing is sent yet. Blocking: asks the keyring.

    `data` is the folder of the journal, `sign_in` the name of the secret that is used: `google-service-account` or
    `google-sign-in`. Raises UseError when that account is not set up, SurroundingsError when the keyring or the folder
    cannot be read or what they hold is damaged.
    """
    if sign_in == GOOGLE_SERVICE_ACCOUNT:
        return _of_service_account(service_account_of(_parts(secrets, data / SERVICE_ACCOUNT_FILE, sign_in)))
    if sign_in == GOOGLE_SIGN_IN:
        return _of_person(sign_in_of(_parts(secrets, data / SIGN_IN_FILE, sign_in)))
    hint = f"It may be {GOOGLE_SERVICE_ACCOUNT} or {GOOGLE_SIGN_IN}"
    raise UseError("There is no such way to sign in with Google", f"It was {sign_in}", hint)


def _parts(secrets: Secrets, path: Path, name: str) -> AccountParts:
    secret = secrets.get(name)
    if secret is None:
        hint = (
            f"`secret set {name} --file …`, as the person who runs the program: secrets are kept for one account each"
        )
        raise UseError("No Google account is set up", f"There is no {name} in this account's keyring", hint)
    try:
        return AccountParts(secret, path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        hint = f"Set it anew: `secret set {name} --file …`"
        raise SurroundingsError("The Google account is not whole", f"{path}: {error}", hint) from error


def _of_service_account(account: ServiceAccount) -> "Credentials":
    from google.oauth2 import service_account

    facts = {
        "client_email": account.client_email,
        "token_uri": account.token_uri,
        "project_id": account.project_id,
        "private_key_id": account.private_key_id,
        "private_key": account.private_key,
    }
    try:
        made: Credentials = service_account.Credentials.from_service_account_info(  # type: ignore[no-untyped-call]
            facts, scopes=SCOPES
        )
    except ValueError:
        # without its cause, which may hold the key
        hint = f"Download a new key and set it: `secret set {GOOGLE_SERVICE_ACCOUNT} --file …`"
        raise SurroundingsError("The service account's key cannot be used", account.client_email, hint) from None
    return made


def _of_person(person: SignIn) -> "Credentials":
    from google.oauth2.credentials import Credentials as PersonCredentials

    made: Credentials = PersonCredentials(  # type: ignore[no-untyped-call]
        None,
        refresh_token=person.refresh_token,
        token_uri=person.token_uri,
        client_id=person.client_id,
        client_secret=person.client_secret,
        scopes=SCOPES,
    )
    return made
