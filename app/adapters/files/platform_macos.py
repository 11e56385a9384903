"""Calls of macOS that the standard library does not offer plainly."""

import ctypes
import importlib
import os
from functools import cache
from pathlib import Path

_RENAME_EXCL = 4
_F_NOCACHE = 48
_F_FULLFSYNC = 51


@cache
def _c_library() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def rename_exclusively(old: Path, new: Path) -> None:
    """Call renamex_np with RENAME_EXCL; raises OSError, ENOTSUP on file systems without it."""
    result = _c_library().renamex_np(os.fsencode(old), os.fsencode(new), ctypes.c_uint(_RENAME_EXCL))
    if result != 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code), str(old), None, str(new))


def sync_file(fd: int) -> None:
    """Flush a file through the drive's own cache (plain fsync does not there); network shares only know fsync."""
    fcntl = importlib.import_module("fcntl")
    try:
        fcntl.fcntl(fd, _F_FULLFSYNC)
    except OSError:
        os.fsync(fd)


def bypass_cache(fd: int) -> bool:
    """Switch the cache off for an open file; return whether the system agreed."""
    fcntl = importlib.import_module("fcntl")
    try:
        fcntl.fcntl(fd, _F_NOCACHE, 1)
    except OSError:
        return False
    return True
