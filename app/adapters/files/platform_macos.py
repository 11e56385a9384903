"""Calls of macOS that the standard library does not offer plainly."""

import ctypes
import importlib
import os
from functools import cache
from pathlib import Path

_RENAME_EXCL = 4
_F_NOCACHE = 48
_F_FULLFSYNC = 51
_MNT_LOCAL = 0x1000
_FLAGS_AT = 64
"""Where `f_flags` lies in `struct statfs` with 64-bit inodes (sys/mount.h)."""


@cache
def _c_library() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def rename_exclusively(old: Path | str, new: Path | str) -> None:
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


def is_remote(path: Path) -> bool | None:
    """Return whether a path lies on a file system that is not this computer's own; None where nothing tells."""
    library = _c_library()
    # On Intel the plain name still means the struct with 32-bit inodes; Apple silicon has only the other one.
    statfs = getattr(library, "statfs$INODE64", None) or library.statfs
    told = ctypes.create_string_buffer(4096)  # longer than struct statfs
    if statfs(os.fsencode(path), told) != 0:
        return None
    return not ctypes.c_uint32.from_buffer(told, _FLAGS_AT).value & _MNT_LOCAL
