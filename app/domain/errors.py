"""What can go wrong, in words for people and kinds for the engine."""

from enum import Enum


class ErrorKind(Enum):
    """How the engine answers an error."""

    RETRYABLE = "retryable"
    THIS_SLIDE = "this_slide"
    DESTINATION = "destination"
    CORRUPTION = "corruption"
    SOURCE_CHANGED = "source_changed"
    STOPPED = "stopped"
    USE = "use"
    SURROUNDINGS = "surroundings"


class SlideferryError(Exception):
    """An error a person can act on: `title` says what, `message` which and why, `hint` what to do."""

    kind = ErrorKind.THIS_SLIDE

    def __init__(self, title: str, message: str, hint: str = "") -> None:
        super().__init__(title, message, hint)
        self.title = title
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return ": ".join(part for part in (self.title, self.message) if part)


class UseError(SlideferryError):
    """Wrong use or wrong settings: the command ends with exit code 2."""

    kind = ErrorKind.USE


class SurroundingsError(SlideferryError):
    """The share, the sheet, the disk or the keyring is not as needed: exit code 3."""

    kind = ErrorKind.SURROUNDINGS


class AwayError(SurroundingsError):
    """Something outside does not answer, or wants to be left alone for a while; asked again by itself.

    `wait_seconds` is how long it wants to be left alone, 0 where it does not say.
    """

    def __init__(self, title: str, message: str, hint: str = "", *, wait_seconds: float = 0.0) -> None:
        super().__init__(title, message, hint)
        self.wait_seconds = wait_seconds


class RetryableError(SlideferryError):
    """Passing trouble: the same step is tried again, with growing pauses."""

    kind = ErrorKind.RETRYABLE


class HeldError(RetryableError):
    """Another program keeps a file for itself for a while: tried again for minutes, however often that is."""


class SlideError(SlideferryError):
    """Trouble of this one slide; the others go on."""

    kind = ErrorKind.THIS_SLIDE


class NameTakenError(SlideError):
    """Something else already holds the final name at the destination."""


class DestinationError(SlideferryError):
    """The destination is full, read-only or gone: its whole queue stops."""

    kind = ErrorKind.DESTINATION


class CorruptionError(SlideferryError):
    """Bytes read back differ from the bytes read at the source."""

    kind = ErrorKind.CORRUPTION


class SourceChangedError(SlideferryError):
    """The scan changed while it was being read: it goes back to Wait Until Written."""

    kind = ErrorKind.SOURCE_CHANGED


class StoppedError(SlideferryError):
    """A person paused or cancelled the scan, or the program is closing."""

    kind = ErrorKind.STOPPED
