"""Values of any length in a keyring that takes short ones only."""

import hashlib
import re
from dataclasses import dataclass
from typing import Protocol

from app.domain.errors import SurroundingsError

SERVICE = "Slideferry"
PIECE_CHARACTERS = 640
"""Windows keeps at most 2,560 bytes a credential, in UTF-16: so many characters fit, whichever they are.

Source: CRED_MAX_CREDENTIAL_BLOB_SIZE, https://learn.microsoft.com/windows/win32/api/wincred/ns-wincred-credentialw
"""

_SIDES = ("a", "b")
_PREFIX = "in pieces: "
_HEAD = re.compile(_PREFIX + r"([ab]) (\d{1,4}) ([0-9a-f]{64})")


class IncompleteError(SurroundingsError):
    """A part of a value is gone, or is another value's."""


class Backend(Protocol):
    """What of a keyring's backend is used."""

    def get_password(self, service: str, username: str) -> str | None:
        """Return a value, None where there is none."""

    def set_password(self, service: str, username: str, password: str) -> None:
        """Keep a value."""

    def delete_password(self, service: str, username: str) -> None:
        """Forget a value."""


@dataclass(frozen=True, slots=True)
class _Head:
    """What stands under the name of a long value: on which side its pieces lie, how many, and their SHA-256."""

    side: str
    count: int
    digest: str

    def __str__(self) -> str:
        return f"{_PREFIX}{self.side} {self.count} {self.digest}"


class Pieces:
    """A long value lies in pieces on one of two sides; a new one is laid on the other, then the head turns to it."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend

    def holds(self, name: str) -> bool:
        """Whether there is a value of this name, whole or not."""
        return self._backend.get_password(SERVICE, name) is not None

    def read(self, name: str) -> str | None:
        """Return a value, None where there is none; raise IncompleteError for one that is not whole."""
        value = self._backend.get_password(SERVICE, name)
        if value is None or not value.startswith(_PREFIX):
            return value
        head = _head(value)
        if head is None:
            raise _not_whole(name)
        pieces = [self._backend.get_password(SERVICE, _piece(name, head.side, n)) for n in range(head.count)]
        whole = "".join(piece or "" for piece in pieces)
        if _digest(whole) != head.digest:
            raise _not_whole(name)
        return whole

    def write(self, name: str, value: str) -> None:
        """Put a value in the place of an older one: cut off anywhere, the older or the new one is there."""
        old = _head(self._backend.get_password(SERVICE, name))
        side = _SIDES[1] if old is not None and old.side == _SIDES[0] else _SIDES[0]
        self._sweep(name, side)
        if len(value) <= PIECE_CHARACTERS and not value.startswith(_PREFIX):
            self._backend.set_password(SERVICE, name, value)
        else:
            pieces = [value[at : at + PIECE_CHARACTERS] for at in range(0, len(value), PIECE_CHARACTERS)]
            for number, piece in enumerate(pieces):
                self._backend.set_password(SERVICE, _piece(name, side, number), piece)
            self._backend.set_password(SERVICE, name, str(_Head(side, len(pieces), _digest(value))))
        self._sweep(name, _SIDES[0] if side == _SIDES[1] else _SIDES[1])

    def remove(self, name: str) -> None:
        """Remove a value, the head last: as long as a piece is left the name is there to be removed again."""
        for side in _SIDES:
            self._sweep(name, side)
        if self.holds(name):
            self._backend.delete_password(SERVICE, name)

    def _sweep(self, name: str, side: str) -> None:
        """Remove a side's pieces, the last one first: cut off anywhere, those that are left are found again."""
        count = 0
        while self._backend.get_password(SERVICE, _piece(name, side, count)) is not None:
            count += 1
        for number in reversed(range(count)):
            self._backend.delete_password(SERVICE, _piece(name, side, number))


def _head(value: str | None) -> _Head | None:
    found = _HEAD.fullmatch(value or "")
    return None if found is None else _Head(found[1], int(found[2]), found[3])


def _digest(value: str) -> str:
    return hashlib.sha256(value.encode("utf-8")).hexdigest()


def _piece(name: str, side: str, number: int) -> str:
    return f"{name} ({side}{number + 1})"


def _not_whole(name: str) -> IncompleteError:
    hint = f"Set it anew: `secret set {name}`"
    return IncompleteError("A secret is not whole", f"{name}: a part of it is gone from the keyring", hint)
