"""Secrets by name: what there may be, how they are called, and where they are kept."""

import re
from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from app.domain.errors import UseError

GOOGLE_SERVICE_ACCOUNT = "google-service-account"
GOOGLE_SIGN_IN = "google-sign-in"
VALUE_BYTES = 65_536
"""More than any key or token has; a slide named by mistake is not read to its end."""

_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,62}[A-Za-z0-9])?")


@dataclass(frozen=True, slots=True)
class KnownSecret:
    """A secret that the program knows what to do with; `what` is for people."""

    name: str
    what: str


KNOWN_SECRETS = (
    KnownSecret(GOOGLE_SERVICE_ACCOUNT, "the key file (JSON) of the service account that the sheet is shared with"),
    KnownSecret(GOOGLE_SIGN_IN, "a person's sign-in with Google, begun by the lab's client file (JSON)"),
)


class Secrets(Protocol):
    """The keyring of this account. Blocking calls.

    Raises SurroundingsError where there is no keyring, it is locked, or it would keep the value where others can read
    it; a value is then kept nowhere.
    """

    def get(self, name: str) -> str | None:
        """Return a secret, None where there is none of this name."""

    def put(self, name: str, value: str) -> None:
        """Keep a secret in the place of an older one; whatever happens meanwhile, the one or the other is there."""

    def clear(self, name: str) -> bool:
        """Forget a secret; False where there was none."""

    def names(self) -> Iterable[str]:
        """Return the names of what is kept; never a value."""


def secret_name(text: str) -> str:
    """Return a name that may be used. Raises UseError, which does not repeat it: it may be a value in its place."""
    if not _NAME.fullmatch(text):
        raise UseError(
            "This is no name of a secret",
            "A name has letters, digits and - only, at most 64 of them",
            "`secret list` shows the names that the program knows",
        )
    return text


def secret_value(content: bytes) -> str:
    """Return what was typed, piped or stood in a file, without its last line's end. Raises UseError for no text."""
    if len(content) > VALUE_BYTES:
        raise UseError("This is no secret", f"It has more than {VALUE_BYTES:,} bytes", "Was the right file named?")
    value = _text_in(content)
    if value is None or "\0" in value:
        raise UseError("This is no text", "It is not written in UTF-8", "Was the right file named?")
    value = value.removesuffix("\n").removesuffix("\r")
    if not value.strip():
        raise UseError("There is no secret", "The value is empty", "`secret clear` forgets one that is kept")
    return value


def _text_in(content: bytes) -> str | None:
    """Return a text; None for what is none, because the error about it would hold the value."""
    try:
        # what PowerShell writes into a file is UTF-16 with its mark
        return content.decode("utf-16" if content.startswith((BOM_UTF16_LE, BOM_UTF16_BE)) else "utf-8-sig")
    except UnicodeDecodeError:
        return None
