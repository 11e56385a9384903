"""What is wrong with a scan's files, in words for the person at the scanner."""

from app.domain.slide import Problem

WAIT_OR_RESCAN = (
    "If the scanner is still writing, wait. Otherwise look at the slide in the scanner's own program, or scan it again."
)
COPY_AGAIN = "If it was copied here, copy it again from where it came; otherwise scan the slide again."


def unfinished(name: str, detail: str) -> Problem:
    """Bytes are missing: still being written, or cut off."""
    return Problem("The scan is not complete", f"{name}: {detail}.", WAIT_OR_RESCAN)


def damaged(name: str, detail: str) -> Problem:
    """All bytes may be there, but they are not what they should be."""
    return Problem("The scan is damaged", f"{name}: {detail}.", COPY_AGAIN)


def missing_parts(name: str, parts: str) -> Problem:
    """Files that belong to the scan are not there."""
    return Problem("Parts of the scan are missing", f"{name} needs {parts}.", WAIT_OR_RESCAN)


def not_a_slide(name: str, what: str) -> Problem:
    """The file is something else."""
    return Problem("Not a slide", f"{name} is {what}.", "Check why it lies among the scans; it is left untouched.")


def empty(name: str) -> Problem:
    """The file has no bytes."""
    return Problem("The file is empty", f"{name} has no bytes yet.", WAIT_OR_RESCAN)


def gone(name: str) -> Problem:
    """The file is not there any more, or may not be read."""
    return Problem("The scan cannot be opened", f"{name} is gone or may not be read.", "Check the scanner's folder.")


def unreadable(name: str, detail: str) -> Problem:
    """No reader of ours opens it."""
    hint = "Check that the slide opens in the scanner's own program; tell us the scanner's model if it does."
    return Problem("The slide cannot be read", f"{name}: {detail}.", hint)


def no_open_reader(name: str, format_name: str) -> Problem:
    """The format is known by name alone: it can be carried and verified, but nobody here can look inside."""
    message = f"{name}: there is no open reader of {format_name}. It is copied and verified, but its image is not read"
    hint = (
        "It counts as written once it stands still for long. Say which slide it is; check it in the scanner's program."
    )
    return Problem("Not readable here", f"{message}, nor can be told whether it is complete.", hint)


def reader_stopped(name: str, detail: str) -> Problem:
    """The worker process that read the file came to an end."""
    return Problem("The reader stopped", f"{name}: {detail}.", "The file is probably damaged. " + COPY_AGAIN)
