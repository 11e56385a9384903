"""Secrets by name: what there may be, and where they are kept."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

GOOGLE_SERVICE_ACCOUNT = "google-service-account"
GOOGLE_SIGN_IN = "google-sign-in"


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
        """Keep a secret in the place of an older one."""

    def clear(self, name: str) -> bool:
        """Forget a secret; False where there was none."""

    def names(self) -> Iterable[str]:
        """Return the names of what is kept; never a value."""
