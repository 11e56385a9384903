"""Calls of Windows that the standard library does not offer plainly.

Modules that only Windows has are imported when a function is called, so that this one can be read anywhere.
"""

import importlib
import os
from pathlib import Path
from typing import Any

_GENERIC_READ = 0x80000000
_SHARE_ALL = 0x1 | 0x2 | 0x4
_OPEN_EXISTING = 3
_NO_BUFFERING = 0x20000000
_SEQUENTIAL_SCAN = 0x08000000
_OPEN_REPARSE_POINT = 0x00200000
_LOCKED_BYTE = 0x7FFF0000
"""Far behind what is written: Windows keeps others from reading a locked range."""


def open_shared(path: Path, *, past_cache: bool) -> int:
    """Open for reading without keeping anyone from writing, renaming or deleting; a link itself, not what it points to.

    With `past_cache` reads must be aligned and come from the medium. Returns a file descriptor; raises OSError.
    """
    ctypes: Any = importlib.import_module("ctypes")
    msvcrt = importlib.import_module("msvcrt")
    kernel = ctypes.WinDLL("kernel32", use_last_error=True)
    kernel.CreateFileW.restype = ctypes.c_void_p
    kernel.CreateFileW.argtypes = [
        ctypes.c_wchar_p,
        ctypes.c_uint32,
        ctypes.c_uint32,
        ctypes.c_void_p,
        ctypes.c_uint32,
        ctypes.c_uint32,
        ctypes.c_void_p,
    ]
    flags = _OPEN_REPARSE_POINT | (_NO_BUFFERING if past_cache else _SEQUENTIAL_SCAN)
    handle = kernel.CreateFileW(str(path), _GENERIC_READ, _SHARE_ALL, None, _OPEN_EXISTING, flags, None)
    if handle is None or handle == ctypes.c_void_p(-1).value:
        code = ctypes.get_last_error()
        raise OSError(0, ctypes.FormatError(code).strip(), str(path), code)
    return int(msvcrt.open_osfhandle(handle, os.O_RDONLY | getattr(os, "O_NOINHERIT", 0)))


def lock(fd: int) -> None:
    """Lock one byte without waiting; raises OSError (EACCES or EDEADLK) when another handle holds it."""
    msvcrt = importlib.import_module("msvcrt")
    os.lseek(fd, _LOCKED_BYTE, os.SEEK_SET)
    msvcrt.locking(fd, msvcrt.LK_NBLCK, 1)
