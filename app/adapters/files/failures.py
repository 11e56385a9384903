"""What the system's error codes mean for a transfer, in words for people and kinds for the engine."""

import errno
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from app.adapters.files.in_use import InUseError
from app.domain import long_path
from app.domain.errors import (
    DestinationError,
    HeldError,
    RetryableError,
    SlideError,
    SlideferryError,
    SourceChangedError,
)

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
_FULL_WINDOWS = frozenset({39, 112, 1295})
_READ_ONLY = frozenset({errno.EROFS})
_READ_ONLY_WINDOWS = frozenset({19})
_GONE = frozenset({errno.ENOTCONN, errno.ENODEV, errno.ENXIO, getattr(errno, "ESHUTDOWN", errno.ENOTCONN)})
_GONE_WINDOWS = frozenset({15, 21, 51, 53, 55, 67, 1167, 1326})
_REFUSED = frozenset({errno.EACCES, errno.EPERM})
_REFUSED_WINDOWS = frozenset({5})
_NOT_A_FILE = frozenset({errno.ENOTDIR, errno.EISDIR, errno.EEXIST, errno.ELOOP})
_NOT_A_FILE_WINDOWS = frozenset({183, 267})
_BAD_NAME = frozenset({errno.ENAMETOOLONG, errno.EILSEQ})
_BAD_NAME_WINDOWS = frozenset({123, 161, 206})
_HELD_WINDOWS = frozenset({32, 33})
"""A sharing violation, and a locked range: virus scanners, indexers and acquisition programs cause them for a while."""
_VANISHED = frozenset({errno.ENOENT, errno.ELOOP, errno.ESPIPE})
"""ESPIPE: a pipe lies in its place."""


@dataclass(frozen=True, slots=True)
class _Answer:
    """How a group of error codes is answered; Windows' own codes say more than the errno made from them."""

    codes: frozenset[int]
    windows: frozenset[int]
    error: type[SlideferryError]
    title: str
    hint: str


_ANSWERS = (
    _Answer(
        _FULL,
        _FULL_WINDOWS,
        DestinationError,
        "The destination is full",
        "Free space there or ask for a larger quota; the waiting copies then go on.",
    ),
    _Answer(
        _READ_ONLY,
        _READ_ONLY_WINDOWS,
        DestinationError,
        "The destination is read-only",
        "Make it writable; the waiting copies then go on.",
    ),
    _Answer(
        _GONE,
        _GONE_WINDOWS,
        DestinationError,
        "The destination is not connected",
        "Check the network and the share; the waiting copies then go on.",
    ),
    _Answer(
        _REFUSED,
        _REFUSED_WINDOWS,
        SlideError,
        "No permission at the destination",
        "Give the account that runs this program the right to write and rename there.",
    ),
    _Answer(
        _NOT_A_FILE,
        _NOT_A_FILE_WINDOWS,
        SlideError,
        "Something else is in the way",
        "A file stands where a folder belongs, or a folder or link where a file belongs. Move it away, then restart.",
    ),
    _Answer(
        _BAD_NAME,
        _BAD_NAME_WINDOWS,
        SlideError,
        "The name does not fit the destination",
        "Choose a shorter or simpler file name or folder in the rule of the slide sheet.",
    ),
    _Answer(
        frozenset({errno.EFBIG}),
        frozenset({223}),
        SlideError,
        "The file is too large for the destination",
        "The file system there limits the size of a file; use another destination.",
    ),
)


_WHEN_HELD = "It is tried again for five minutes; then find out which program has it open (a virus scanner, a viewer)."
_WHEN_SEEMINGLY_HELD = f"{_WHEN_HELD} Where none has, give this account the right to replace files there."


def from_destination(error: OSError, path: Path | str) -> SlideferryError:
    """Return what an OSError at the destination means; unknown codes are passing trouble, tried again with a limit."""
    code, windows = error.errno, getattr(error, "winerror", None)
    message = f"{_place(error, path)}: {_reason(error)}"
    if isinstance(error, InUseError):
        return HeldError("Another program holds the file at the destination", message, _WHEN_SEEMINGLY_HELD)
    if windows in _HELD_WINDOWS:
        return HeldError("Another program holds the file at the destination", message, _WHEN_HELD)
    for answer in _ANSWERS:
        if windows in answer.windows or (windows is None and code in answer.codes):
            return answer.error(answer.title, message, answer.hint)
    return RetryableError("The destination did not answer as it should", message, "It is tried again by itself.")


def from_source(error: OSError, path: Path | str) -> SlideferryError:
    """Return what an OSError on the scanner's disk means."""
    message = f"{_place(error, path)}: {_reason(error)}"
    windows = getattr(error, "winerror", None)
    if windows in _HELD_WINDOWS:
        return HeldError("Another program holds the scan", message, _WHEN_HELD)
    if long_path.is_too_long(error, path):
        return RetryableError(long_path.TITLE, message, long_path.HINT)
    if error.errno in _VANISHED:
        return SourceChangedError("The scan has gone", message, "It is looked at again when it is back.")
    if error.errno in _REFUSED and windows in {None, 5}:
        hint = "Give the account that runs this program the right to read it."
        return SlideError("The scan cannot be read", message, hint)
    return RetryableError("The scanner's disk did not answer as it should", message, "It is tried again by itself.")


class Answering:
    """Turns an OSError inside a `with` block into the project's own error.

    A class and no generator: each small file passes several of them, and a generator takes four times as long.
    """

    __slots__ = ("_answer", "_path")

    def __init__(self, answer: Callable[[OSError, Path | str], SlideferryError], path: Path | str) -> None:
        self._answer = answer
        self._path = path

    def __enter__(self) -> None:
        return None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if isinstance(error, OSError):
            raise self._answer(error, self._path) from error


def at_destination(path: Path | str) -> Answering:
    """Turn an OSError inside into the project's own error, `path` standing for what the system does not name."""
    return Answering(from_destination, path)


def at_source(path: Path | str) -> Answering:
    """Turn an OSError inside into the project's own error for the scanner's disk."""
    return Answering(from_source, path)


def _place(error: OSError, path: Path | str) -> str:
    named = error.filename2 or error.filename
    return long_path.plain_form(os.fsdecode(named) if isinstance(named, str | bytes) else str(path))


def _reason(error: OSError) -> str:
    return error.strerror or str(error)
