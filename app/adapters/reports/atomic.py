"""Writing a file so that a reader finds the old one or the whole new one, never a half."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from app.domain.errors import SurroundingsError


@contextmanager
def replacing(out: Path) -> Iterator[BinaryIO]:
    """Yield a file beside `out` that takes its place, flushed to the medium, when the block ends well.

    After an error nothing is left behind and `out` is as it was. Raises SurroundingsError when it cannot be written.
    """
    beside = out.parent / f".{out.stem[:40]}.{secrets.token_hex(4)}.part"
    try:
        with beside.open("xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        beside.replace(out)
    except OSError as error:
        raise SurroundingsError(
            "The report cannot be written",
            f"{out}: {error.strerror or error}",
            "Close the old report if it is open, or choose another folder",
        ) from error
    finally:
        with suppress(NotADirectoryError):
            beside.unlink(missing_ok=True)
