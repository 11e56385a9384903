"""Paths too long for Windows' old limit: the form in which they open all the same, and how to tell that one did not.

Without its long prefix a path of 260 characters or more is answered as if nothing were there, unless the PC's
administrator switched long paths on (learn.microsoft.com, "Maximum Path Length Limitation").
"""

import ntpath
import os
import sys
from pathlib import Path, PureWindowsPath

WINDOWS = "win32"
_PREFIX = "\\\\?\\"
_SHARE_PREFIX = "\\\\?\\UNC\\"
_LONGEST = 259
_LONGEST_FOLDER = 247
"""A folder's path must leave room for a short name in it."""
_NAME_TOO_LONG = 206
_PATH_NOT_FOUND = 3

TITLE = "A path is too long for Windows"
HINT = "Use a watch folder nearer to the drive's root, or switch on Windows' long paths (LongPathsEnabled)."


def long_form(path: Path, *, system: str = sys.platform) -> str:
    """Return a path in the form that Windows does not cut at 260 characters; elsewhere as it is."""
    if system != WINDOWS:
        return str(path)
    is_whole = PureWindowsPath(str(path)).is_absolute()  # a path from the root of some drive is not
    text = str(path) if is_whole else os.path.abspath(path)  # noqa: PTH100 - Path.resolve follows links
    text = ntpath.normpath(text)  # in the long form Windows takes "." and ".." for names
    if text.startswith(_PREFIX):
        return text
    return _SHARE_PREFIX + text[2:] if text.startswith("\\\\") else _PREFIX + text


def reachable(path: Path, *, system: str = sys.platform) -> Path:
    """Return a path under which the system opens what lies there: the long form where the plain one may be too long.

    What fits stays as it is, for not every reader knows the long form.
    """
    if system != WINDOWS or len(str(path)) <= _LONGEST_FOLDER:
        return path
    return Path(long_form(path, system=system))


def plain_form(text: str) -> str:
    """Return a path as people write it."""
    if text.startswith(_SHARE_PREFIX):
        return "\\\\" + text[len(_SHARE_PREFIX) :]
    return text.removeprefix(_PREFIX)


def is_too_long(error: OSError, path: Path | str) -> bool:
    """Return whether an error says that a path is too long, and so nothing about whether something is there.

    `path` stands for what the error does not name.
    """
    windows = getattr(error, "winerror", None)
    text = str(error.filename or path)
    unanswered = windows == _PATH_NOT_FOUND and len(text) > _LONGEST and not text.startswith(_PREFIX)
    return windows == _NAME_TOO_LONG or unanswered
