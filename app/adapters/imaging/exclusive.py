"""Whether another program still holds a file open for writing."""

import sys
from pathlib import Path

from app.domain import long_path

SHARING_VIOLATION = 32
LOCK_VIOLATION = 33

if sys.platform == "win32":
    import ctypes
    from ctypes import wintypes

    GENERIC_READ = 0x80000000
    FILE_SHARE_READ = 0x00000001
    FILE_SHARE_DELETE = 0x00000004
    OPEN_EXISTING = 3

    def open_error(path: Path) -> int:
        """Open the file while denying writers, close it at once; return Windows' error code, 0 when it worked."""
        kernel = ctypes.WinDLL("kernel32", use_last_error=True)
        kernel.CreateFileW.restype = wintypes.HANDLE
        kernel.CreateFileW.argtypes = (
            wintypes.LPCWSTR,
            wintypes.DWORD,
            wintypes.DWORD,
            wintypes.LPVOID,
            wintypes.DWORD,
            wintypes.DWORD,
            wintypes.HANDLE,
        )
        kernel.CloseHandle.argtypes = (wintypes.HANDLE,)
        share = FILE_SHARE_READ | FILE_SHARE_DELETE
        handle = kernel.CreateFileW(str(long_path.reachable(path)), GENERIC_READ, share, None, OPEN_EXISTING, 0, None)
        if handle == wintypes.HANDLE(-1).value:
            return ctypes.get_last_error()
        kernel.CloseHandle(handle)
        return 0

else:

    def open_error(path: Path) -> int:
        """Return 0: other systems do not say who holds a file, and locks there are only advice."""
        del path
        return 0


def is_held(error: int) -> bool:
    """Say whether this Windows error code means that another program holds the file."""
    return error in (SHARING_VIOLATION, LOCK_VIOLATION)


def is_free(path: Path) -> bool:
    """Return False while another program holds the file open for writing; a vanished file is free."""
    return not is_held(open_error(path))
