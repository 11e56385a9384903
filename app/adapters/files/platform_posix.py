"""Calls of Linux (and what it shares with other POSIX systems) that the standard library does not offer plainly."""

import ctypes
import errno
import importlib
import mmap
import os
import struct
import sys
import time
from contextlib import suppress
from functools import cache
from pathlib import Path
from types import ModuleType

_AT_FDCWD = -100
_RENAME_NOREPLACE = 1
_FORGOTTEN_BYTES = 1024 * 1024
_MOST = 0.5
"""Of a range: where the cache holds that much of it, reading the rest through the cache is the shorter way."""
_TRIES = 4
_PAUSE_SECONDS = 0.02
_DISK_FILE_SYSTEMS = frozenset({0xEF53, 0x58465342, 0x9123683E, 0xF2F52010, 0x01021994})
"""`f_type` of ext2 to ext4, XFS, btrfs, F2FS and tmpfs (linux/magic.h)."""
_NETWORK_FILE_SYSTEMS = frozenset(
    {0x6969, 0x517B, 0xFF534D42, 0xFE534D42, 0x5346414F, 0x6B414653, 0x73757245, 0x00C36400}
)
"""`f_type` of NFS, SMB, CIFS, SMB2, AFS (OpenAFS and the kernel's), Coda and Ceph (linux/magic.h)."""
_FOR_ANYTHING = frozenset({0x65735546, 0x01021997})
"""FUSE, which may be sshfs, and 9p, which may be a folder that a container shares with its host."""

_TELLS_NOT = frozenset({0xEF53, 0x9123683E, 0xF2F52010})
"""Of ext2 to ext4, btrfs and F2FS: they take O_DIRECT also for files that they then read through the cache, compressed
ones or those whose data goes through the journal, and before Linux 6.1 (btrfs: to this day) do not tell which."""
_AT_EMPTY_PATH = 0x1000
_STATX_DIOALIGN = 0x2000
_STATX = struct.Struct("=I148xI")
"""Of struct statx: `stx_mask`, which says what was told, and `stx_dio_mem_align`."""
_Told = ctypes.c_char * 256
"""Room for struct statx, and more than enough for struct statfs."""


@cache
def _c_library() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _fcntl() -> ModuleType:
    """Return `fcntl`, imported late: Windows has none."""
    return importlib.import_module("fcntl")


def rename_exclusively(old: Path | str, new: Path | str) -> None:
    """Call renameat2 with RENAME_NOREPLACE; raises OSError, ENOSYS where the C library lacks it."""
    rename = getattr(_c_library(), "renameat2", None)
    if rename is None:
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS), str(old))
    if rename(_AT_FDCWD, os.fsencode(old), _AT_FDCWD, os.fsencode(new), _RENAME_NOREPLACE) != 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code), str(old), None, str(new))


def is_disk_file_system(folder: Path) -> bool:
    """Return whether a folder lies on one of the kernel's own disk file systems, whose syncfs flushes everything."""
    return file_system_type(folder) in _DISK_FILE_SYSTEMS


def is_remote(path: Path) -> bool | None:
    """Return whether a path lies on a network file system; None where the type of the file system does not tell."""
    kind = file_system_type(path)
    return None if kind is None or kind in _FOR_ANYTHING else kind in _NETWORK_FILE_SYSTEMS


def file_system_type(path: Path) -> int | None:
    """Return `f_type` of the file system that holds a path, None where the system does not say."""
    told = ctypes.create_string_buffer(256)
    if sys.platform != "linux" or _c_library().statfs(os.fsencode(path), told) != 0:
        return None
    return _file_system(told)


def _file_system_of(fd: int) -> int | None:
    """Return `f_type` of the file system that holds an open file, None where the system does not say."""
    told = _Told()
    return _file_system(told) if _c_library().fstatfs(fd, told) == 0 else None


def _file_system(told: "ctypes.Array[ctypes.c_char]") -> int:
    """Return the first member, `f_type`, of what statfs told; its struct is shorter than 256 bytes everywhere."""
    return ctypes.c_ulong.from_buffer(told).value & 0xFFFFFFFF


def reads_directly(fd: int) -> bool:
    """Return whether reads of a file opened with O_DIRECT surely pass by the cache (statx(2), STATX_DIOALIGN)."""
    told = _Told()
    statx = getattr(_c_library(), "statx", None)
    if statx is not None and statx(fd, b"", _AT_EMPTY_PATH, _STATX_DIOALIGN, told) == 0:
        mask, memory_alignment = _STATX.unpack_from(told)
        if mask & _STATX_DIOALIGN:
            return bool(memory_alignment)
    kind = _file_system_of(fd)
    return kind is not None and kind not in _TELLS_NOT


def sync_file_system(fd: int) -> None:
    """Call syncfs; raises OSError."""
    if _c_library().syncfs(fd) != 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))


def reserve(fd: int, size_bytes: int) -> None:
    """Call fallocate: the file is as long as that from now on, and reads as zeros. Raises OSError."""
    # Not os.posix_fallocate: where the file system cannot do it, the C library writes to every block instead.
    if _c_library().fallocate(fd, 0, ctypes.c_int64(0), ctypes.c_int64(size_bytes)) != 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))


def large_pages(size_bytes: int) -> mmap.mmap:
    """Return memory for direct reads and writes, in huge pages where the kernel has them; raises OSError.

    A disk takes so many pieces of memory with a request (`max_segments` of its queue), and each page that does not lie
    beside the last one is a piece: small pages make small requests.
    """
    # Shared memory has huge pages only where somebody has switched them on for it (shmem_enabled).
    memory = mmap.mmap(-1, size_bytes, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    # Some kernels give what is read into private memory to a child that is forked meanwhile (open(2), O_DIRECT).
    if not _advise(memory, mmap.MADV_DONTFORK):
        memory.close()
        return mmap.mmap(-1, size_bytes)
    _advise(memory, mmap.MADV_HUGEPAGE)
    return memory


def _advise(memory: mmap.mmap, advice: int) -> bool:
    """Return whether the kernel takes an advice about memory; one that was built without huge pages does not."""
    try:
        memory.madvise(advice)
    except OSError:
        return False
    return True


def set_direct(fd: int) -> None:
    """Switch O_DIRECT on for an open file; raises OSError, EINVAL where its file system has no such thing."""
    fcntl = _fcntl()
    flags: int = fcntl.fcntl(fd, fcntl.F_GETFL)
    fcntl.fcntl(fd, fcntl.F_SETFL, flags | os.O_DIRECT)


def clear_direct(fd: int) -> None:
    """Switch O_DIRECT off for an open file."""
    fcntl = _fcntl()
    flags: int = fcntl.fcntl(fd, fcntl.F_GETFL)
    fcntl.fcntl(fd, fcntl.F_SETFL, flags & ~os.O_DIRECT)


def read_uncached(fd: int, view: memoryview, offset: int) -> int | None:
    """Read whole blocks past the cache; None where it holds most of them, or where that cannot be done.

    Only on the kernel's own disk file systems. Raises OSError as the disk reports it.
    """
    if _file_system_of(fd) not in _DISK_FILE_SYSTEMS or cached_share(fd, offset, len(view)) >= _MOST:
        return None
    try:
        set_direct(fd)
    except OSError:
        return None  # nothing has been read yet, and the way through the cache tells what ails the disk
    try:
        return os.preadv(fd, [view], offset)
    except OSError as error:
        if error.errno != errno.EINVAL:
            raise
        return None
    finally:
        clear_direct(fd)


def drop_cache(fd: int, offset: int, length: int) -> bool:
    """Ask the kernel to forget a flushed range, then look whether it has."""
    # Whole megabytes: the kernel keeps what is only partly named, and that may be much more than a page.
    end = -(-(offset + length) // _FORGOTTEN_BYTES) * _FORGOTTEN_BYTES
    for _ in range(_TRIES):
        with suppress(OSError):  # whether it did is looked at, not asked
            os.posix_fadvise(fd, offset, end - offset, os.POSIX_FADV_DONTNEED)
        if not cached_share(fd, offset, length):
            return True
        time.sleep(_PAUSE_SECONDS)  # pages that are just being written, or are in another core's hands, stay a moment
    return False


def cached_share(fd: int, offset: int, length: int) -> float:
    """Return how much of a range is in the cache, from 0 to 1; 1 also where the system does not say.

    A read with RWF_NOWAIT would not do: it starts to read ahead, and may then find what it has just fetched.
    """
    pages = -(-length // mmap.PAGESIZE)
    resident = (ctypes.c_ubyte * pages)()
    # A private writable mapping, because ctypes gives addresses of writable memory only; nothing is written.
    try:
        mapped = mmap.mmap(fd, length, access=mmap.ACCESS_COPY, offset=offset)
    except (OSError, ValueError):
        return 1.0  # this file system maps no files, or the file has just become shorter: nothing can be said
    with mapped:
        start = ctypes.c_char.from_buffer(mapped)
        result = _c_library().mincore(ctypes.c_void_p(ctypes.addressof(start)), ctypes.c_size_t(length), resident)
        del start
    return sum(page & 1 for page in bytes(resident)) / pages if result == 0 else 1.0


def lock(fd: int) -> None:
    """Take an exclusive flock, which belongs to the open file, not to the process; raises OSError when it is held."""
    fcntl = _fcntl()
    fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
