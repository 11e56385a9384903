"""Every difference between systems that moving files meets, in one place.

Functions choose by `system` (a `sys.platform` value) when they are called, so tests can ask for another system's rules.
"""

import errno
import io
import mmap
import os
import stat
import sys
from contextlib import suppress
from functools import cache
from pathlib import Path

from app.adapters.files import platform_macos, platform_posix, platform_windows
from app.adapters.files.blocks import ALIGNMENT_BYTES
from app.adapters.files.platform_aio import ManyReads

WINDOWS = "win32"
MACOS = "darwin"
_NOT_SUPPORTED = frozenset({errno.EINVAL, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP})
_NO_LINKS = _NOT_SUPPORTED | {errno.EPERM, errno.EMLINK}
_REPARSE_LINKS = (0xA000000C, 0xA0000003)
"""Windows' symbolic links and mount points (junctions); others, such as DFS, are the share's own affair."""


def rename_exclusively(old: Path | str, new: Path | str, *, system: str = sys.platform) -> None:
    """Rename a file; raise FileExistsError, changing nothing, when `new` is there."""
    if system == WINDOWS:
        os.rename(old, new)  # noqa: PTH104 - on Windows os.rename refuses to replace, which is what is wanted here
        return
    try:
        if system == MACOS:
            platform_macos.rename_exclusively(old, new)
        else:
            platform_posix.rename_exclusively(old, new)
    except OSError as error:
        if error.errno not in _NOT_SUPPORTED:
            raise
        _link_then_unlink(old, new)


def _link_then_unlink(old: Path | str, new: Path | str) -> None:
    """Do as renaming without replacing does, where the file system lacks it."""
    try:
        Path(new).hardlink_to(old)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        # Neither way exists here (exFAT and some FUSE file systems). The folder's lock, which every caller holds, keeps
        # other copies of this program out between the look and the rename.
        if os.path.lexists(new):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(new)) from None
        Path(old).rename(new)
        return
    Path(old).unlink()


def sync_file(fd: int, *, system: str = sys.platform) -> None:
    """Make a file's bytes and size durable; raises OSError as the system reports it."""
    if system == MACOS:
        platform_macos.sync_file(fd)
    else:
        os.fsync(fd)


def sync_folder(folder: Path, *, system: str = sys.platform) -> None:
    """Make the names in a folder durable; nothing to do where the system or the file system has no such call."""
    if system == WINDOWS:
        return
    fd = open_folder(folder)
    try:
        os.fsync(fd)
    except OSError as error:
        if error.errno not in _NOT_SUPPORTED:
            raise
    finally:
        os.close(fd)


def flushes_at_once(folder: Path, *, system: str = sys.platform) -> bool:
    """Return whether `flush_at_once` makes every file of this folder's file system durable.

    So it is on Linux' own disk file systems. A network or FUSE mount may take the call and pass nothing on.
    """
    return system not in {WINDOWS, MACOS} and platform_posix.is_disk_file_system(folder)


def is_remote(path: Path, *, system: str = sys.platform) -> bool | None:
    """Return whether a path, which need not be there, lies on a network file system; None where nothing tells."""
    if system == WINDOWS:
        return platform_windows.is_remote(path)
    there = next((each for each in (path, *path.parents) if os.path.lexists(each)), path)
    return platform_macos.is_remote(there) if system == MACOS else platform_posix.is_remote(there)


def flush_at_once(fd: int) -> None:
    """Make a whole file system durable, named by an open folder of it.

    Raises OSError also for a write that failed since the folder was opened (Linux 5.8 and newer).
    """
    platform_posix.sync_file_system(fd)


def reserve(fd: int, folder: Path, size_bytes: int, *, system: str = sys.platform) -> None:
    """Take the room for a file's bytes before they come, on Linux' own disk file systems; elsewhere do nothing.

    Writes inside a file's size wait neither for each other nor for the search of free blocks. Raises OSError, ENOSPC
    where the room is not there.
    """
    if system in {WINDOWS, MACOS} or not platform_posix.is_disk_file_system(folder):
        return
    try:
        platform_posix.reserve(fd, size_bytes)
    except OSError as error:
        if error.errno not in _NOT_SUPPORTED:
            raise


def open_folder(folder: Path) -> int:
    """Open a folder to flush it, or the file system it is on."""
    return os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)


def many_reads(files: int, largest_bytes: int, *, system: str = sys.platform) -> ManyReads | None:
    """Return what reads so many files at once, none larger than that; None where the system does not offer it."""
    if system in {WINDOWS, MACOS}:
        return None
    try:
        return ManyReads(files, largest_bytes)
    except OSError:
        return None  # an old kernel, a container that forbids it, too many of them: files are read one by one


def open_source(path: Path, *, soon: bool = False, system: str = sys.platform) -> int:
    """Open a scanner's file for reading, keeping nobody out; raises OSError, ELOOP for a link.

    It is read from start to end; `soon`: all of it is wanted in a moment, so that the disk may begin at once.
    """
    if system == WINDOWS:
        return platform_windows.open_shared(path, past_cache=False)
    fd = os.open(path, _reading())
    if system != MACOS:
        try:
            os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_WILLNEED if soon else os.POSIX_FADV_SEQUENTIAL)
        except OSError as error:
            # A hint may fail, and whatever ails the disk the reads will tell; only that it is a pipe is told here.
            if error.errno == errno.ESPIPE:
                os.close(fd)
                raise
    return fd


def open_for_many(path: Path) -> int:
    """Open a scanner's file as `open_source` does, for `many_reads`: past the cache, where that can be."""
    fd, _ = _open_taking_direct(path, _reading())
    return fd


@cache
def _reading() -> int:
    """Return the flags for reading, never through a link, where Windows' own calls are not needed."""
    # O_NONBLOCK: a pipe put in the file's place must not hang us.
    return os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


def open_part(path: Path, *, system: str = sys.platform) -> tuple[int, bool]:
    """Open or make a part file for writing, never through a link; return (fd, whether writes bypass the cache)."""
    flags = os.O_RDWR | os.O_CREAT
    if system == WINDOWS:
        return os.open(path, flags | getattr(os, "O_BINARY", 0) | getattr(os, "O_NOINHERIT", 0), 0o666), False
    flags |= os.O_NOFOLLOW | os.O_CLOEXEC
    if system == MACOS:
        fd = os.open(path, flags, 0o666)
        platform_macos.bypass_cache(fd)  # what the cache has got is read from there, whatever the reader asks for
        return fd, False
    return _open_direct(path, flags)


def _open_direct(path: Path | str, flags: int) -> tuple[int, bool]:
    """Open with O_DIRECT where that does what it says; return (fd, whether it does)."""
    fd, taken = _open_taking_direct(path, flags)
    if taken and not platform_posix.reads_directly(fd):
        platform_posix.clear_direct(fd)
        return fd, False
    return fd, taken


def _open_taking_direct(path: Path | str, flags: int) -> tuple[int, bool]:
    """Open with O_DIRECT where that is taken; return (fd, whether it is)."""
    try:
        fd = os.open(path, flags | os.O_DIRECT, 0o666)
    except OSError as error:
        if error.errno not in _NOT_SUPPORTED:
            raise
        return os.open(path, flags, 0o666), False
    return fd, True


def create_exclusively(path: Path | str, *, system: str = sys.platform) -> int:
    """Make a file that must not be there yet and open it for reading and writing; raises FileExistsError."""
    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL
    if system == WINDOWS:
        return os.open(path, flags | getattr(os, "O_BINARY", 0) | getattr(os, "O_NOINHERIT", 0), 0o666)
    fd = os.open(path, flags | os.O_NOFOLLOW | os.O_CLOEXEC, 0o666)
    if system == MACOS:
        platform_macos.bypass_cache(fd)
    return fd


def open_lock(path: Path, *, system: str = sys.platform) -> int:
    """Open or make a file that only serves `try_lock`, never through a link."""
    if system == WINDOWS:
        return os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOINHERIT", 0), 0o666)
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o666)


def close_and_remove(fd: int, path: Path, *, system: str = sys.platform) -> None:
    """Give a lock up and remove its file; on Windows it stays where another program has opened it meanwhile."""
    if system == WINDOWS:
        os.close(fd)  # what is open cannot be removed there
        with suppress(PermissionError):
            remove_if_there(path)
        return
    try:
        remove_if_there(path)
    finally:
        os.close(fd)


def open_past_cache(path: Path | str, *, system: str = sys.platform) -> tuple[int, bool]:
    """Open a file for reading from its medium, never through a link; return (fd, whether the cache is bypassed)."""
    if system == WINDOWS:
        return _open_unbuffered(path)
    if system == MACOS:
        fd = os.open(path, _reading())
        return fd, platform_macos.bypass_cache(fd)
    return _open_direct(path, _reading())


def _open_unbuffered(path: Path | str) -> tuple[int, bool]:
    """Open on Windows without buffering, or with it where the share refuses; return (fd, whether it is without)."""
    try:
        return platform_windows.open_shared(path, past_cache=True), True
    except OSError as error:
        if error.errno not in _NOT_SUPPORTED:
            raise
        return platform_windows.open_shared(path, past_cache=False), False


def leave_direct(fd: int, path: Path | str, *, system: str = sys.platform) -> int:
    """Let an open file use the cache again, for what unbuffered access cannot do; return its descriptor from now on.

    Windows has to open it anew, by its name and for reading only. Raises OSError, also where that is another file now.
    """
    if system == WINDOWS:
        return _open_buffered(fd, path)
    if system != MACOS:
        platform_posix.clear_direct(fd)
    return fd


def _open_buffered(fd: int, path: Path | str) -> int:
    """Open the file again that is open as `fd`, and close that one."""
    again = platform_windows.open_shared(path, past_cache=False)
    try:
        if not os.path.samestat(os.fstat(fd), os.fstat(again)):
            raise OSError(errno.ESTALE, "another file took its place", str(path))
    except BaseException:
        os.close(again)
        raise
    os.close(fd)
    return again


def drop_cache(fd: int, offset: int, length: int, *, system: str = sys.platform) -> bool:
    """Flush a range and drop it from the cache; return whether the next read surely comes from the medium."""
    if system in {WINDOWS, MACOS}:
        return False
    os.fsync(fd)
    return platform_posix.drop_cache(fd, offset, length)


def page_memory(size_bytes: int, *, system: str = sys.platform) -> mmap.mmap:
    """Return memory of whole pages, for reads and writes past the cache; raises OSError."""
    if system in {WINDOWS, MACOS}:
        return mmap.mmap(-1, size_bytes)
    return platform_posix.large_pages(size_bytes)


def read_at(fd: int, view: memoryview, offset: int, *, system: str = sys.platform) -> int:
    """Read into `view` from `offset`; return the bytes read, 0 at the end. On Windows one thread a handle."""
    if system == WINDOWS:
        os.lseek(fd, offset, os.SEEK_SET)
        with io.FileIO(fd, "rb", closefd=False) as file:
            return file.readinto(view) or 0
    return os.preadv(fd, [view], offset)


def read_sparing_cache(fd: int, view: memoryview, offset: int, *, system: str = sys.platform) -> int:
    """Read as `read_at` does, past the cache on Linux' own disk file systems, unless it holds the bytes anyway.

    So what other programs have there stays, and nothing is copied twice. `view` begins on a page. One thread a handle.
    """
    whole = len(view) - len(view) % ALIGNMENT_BYTES
    if system not in {WINDOWS, MACOS} and whole and offset % ALIGNMENT_BYTES == 0:
        count = platform_posix.read_uncached(fd, view[:whole], offset)
        if count is not None:
            return count
    return read_at(fd, view, offset, system=system)


def read_up_to(fd: int, size_bytes: int) -> bytes:
    """Read a file that was just opened until its end, or so many bytes; return them."""
    content = os.read(fd, size_bytes)
    # One byte short is what a caller expects who asks for one more than there should be.
    while len(content) < size_bytes - 1:
        more = os.read(fd, size_bytes - len(content))
        if not more:
            break
        content += more
    return content


def write_at(fd: int, view: memoryview, offset: int, *, system: str = sys.platform) -> int:
    """Write `view` at `offset`; return the bytes written, which may be fewer. On Windows one thread a handle."""
    if system == WINDOWS:
        os.lseek(fd, offset, os.SEEK_SET)
        return os.write(fd, view)
    return os.pwritev(fd, [view], offset)


def try_lock(fd: int, *, system: str = sys.platform) -> bool:
    """Take the system's lock on an open file without waiting; it ends with the handle, also by SIGKILL.

    Returns False when another handle holds it; raises OSError where the file system has no locks.
    """
    try:
        if system == WINDOWS:
            platform_windows.lock(fd)
        else:
            platform_posix.lock(fd)
    except OSError as error:
        if error.errno in {errno.EACCES, errno.EAGAIN, errno.EWOULDBLOCK, errno.EDEADLK}:
            return False
        raise
    return True


def is_link(status: os.stat_result) -> bool:
    """Return whether an `lstat` result is a symbolic link or a Windows junction."""
    return stat.S_ISLNK(status.st_mode) or getattr(status, "st_reparse_tag", 0) in _REPARSE_LINKS


def remove_if_there(path: Path | str) -> None:
    """Remove a file; it is fine when it has gone."""
    Path(path).unlink(missing_ok=True)
