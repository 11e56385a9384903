"""Calls of Windows that the standard library does not offer plainly.

Modules that only Windows has are imported when a function is called, so that this one can be read anywhere.
"""

import importlib
import os
from pathlib import Path, PureWindowsPath
from typing import Any

_GENERIC_READ = 0x80000000
_SHARE_ALL = 0x1 | 0x2 | 0x4
_OPEN_EXISTING = 3
_NO_BUFFERING = 0x20000000
_SEQUENTIAL_SCAN = 0x08000000
_OPEN_REPARSE_POINT = 0x00200000
_DRIVE_REMOTE = 4
_LOCKED_BYTE = 0x7FFF0000
"""Far behind what is written: Windows keeps others from reading a locked range."""


def open_shared(path: Path | str, *, past_cache: bool) -> int:
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


def is_remote(path: Path) -> bool:
    """Return whether a path, or what it leads to, is on a share, by its name or by the letter of its drive."""
    return any(_is_on_share(PureWindowsPath(each)) for each in (str(path), os.path.realpath(path)))


def _is_on_share(path: PureWindowsPath) -> bool:
    text = str(path)
    plain = text.removeprefix("\\\\?\\")
    if plain.startswith("\\\\") or (plain != text and plain[:4].upper() == "UNC\\"):
        return True
    drive = PureWindowsPath(plain).drive
    return bool(drive) and _drive_type(drive + "\\") == _DRIVE_REMOTE


def _drive_type(root: str) -> int:
    ctypes: Any = importlib.import_module("ctypes")
    kernel = ctypes.WinDLL("kernel32")
    kernel.GetDriveTypeW.restype = ctypes.c_uint
    kernel.GetDriveTypeW.argtypes = [ctypes.c_wchar_p]
    return int(kernel.GetDriveTypeW(root))
