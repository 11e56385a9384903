"""The browser of whoever sits at this machine."""

import os
import sys
import webbrowser
from collections.abc import Iterator
from contextlib import contextmanager

_LIBRARIES = "LD_LIBRARY_PATH"


def open_browser(address: str) -> bool:
    """Open an address; return whether a browser took it. Waits for a browser of the terminal until it is left."""
    with _systems_libraries():
        try:
            return webbrowser.open(address)
        except (webbrowser.Error, OSError):
            return False


@contextmanager
def _systems_libraries() -> Iterator[None]:
    """Let programs that are started find the system's libraries: on Linux the frozen program puts its own first.

    Source: https://pyinstaller.org/en/stable/runtime-information.html#ld-library-path-libpath-considerations
    """
    ours = os.environ.get(_LIBRARIES)
    if ours is None or sys.platform != "linux" or not getattr(sys, "frozen", False):
        yield
        return
    before = os.environ.get(f"{_LIBRARIES}_ORIG")
    if before is None:
        del os.environ[_LIBRARIES]
    else:
        os.environ[_LIBRARIES] = before
    try:
        yield
    finally:
        os.environ[_LIBRARIES] = ours
