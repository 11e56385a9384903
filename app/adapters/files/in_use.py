"""Renames that somebody's open file stands in the way of for a moment: a reader, a virus scanner, another station.

Windows, and a share of it mounted elsewhere, answer them with the code for a lack of permission.
"""

import errno
import os
import stat
import time
from collections.abc import Callable
from pathlib import Path

PATIENCE_SECONDS = 1.0
_PAUSE_SECONDS = 0.05
_SHARING_VIOLATIONS = frozenset({32, 33})
_ACCESS_DENIED = 5
_BUSY = frozenset({errno.EBUSY, errno.ETXTBSY})
_WRITABLE = 0o222


class InUseError(OSError):
    """Somebody still has the file open, whatever the system's code says."""


def rename_patiently(rename: Callable[[], object], path: Path) -> None:
    """Rename `path`, or something over it, again and again for a moment while somebody seems to have it open.

    Raises InUseError when that does not end, every other OSError at once.
    """
    ends = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            rename()
        except OSError as error:
            if not seems_in_use(error, path):
                raise
            if time.monotonic() > ends:
                raise InUseError(error.errno, error.strerror or str(error), str(path)) from error
        else:
            return
        time.sleep(_PAUSE_SECONDS)


def seems_in_use(error: OSError, path: Path) -> bool:
    """Return whether a refused rename of `path`, or over it, can come from somebody who has it open.

    A refusal for want of permission counts where the folder and the file may be written to as far as the system says.
    """
    windows = getattr(error, "winerror", None)
    if windows in _SHARING_VIOLATIONS or (windows is None and error.errno in _BUSY):
        return True
    refused = windows == _ACCESS_DENIED or (windows is None and error.errno == errno.EACCES)
    return refused and os.access(path.parent, os.W_OK) and _may_be_replaced(path)


def _may_be_replaced(path: Path) -> bool:
    try:
        mode = path.lstat().st_mode
    except OSError:  # not there, or not to be seen: then nobody's use of it is the reason
        return False
    return stat.S_ISREG(mode) and bool(mode & _WRITABLE)
