"""A claim on a scan's parts: one program at a time writes them, or gives them their final names.

Parts are named by scan and final name, so that a restart finds them; two programs with the same scan would open the
same. What one of them publishes, the other would still write into. The claim is a lock of the system, so that it ends
with its program, however that ends; most mounts carry it to the other PCs, and where there are no locks nothing is
claimed. It is a file of its own: SMB keeps everybody else from reading what is locked.
"""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from app.adapters.files import names, platform
from app.adapters.files.failures import at_destination
from app.domain.errors import RetryableError

_NO_LOCKS = frozenset({errno.ENOLCK, errno.EINVAL, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP})


@contextmanager
def claimed(locks: Path, part: str) -> Iterator[None]:
    """Hold the claim on a scan, a file in `locks`; `part` is that of its main member, relative to the root.

    Raises RetryableError when another program has it.
    """
    path = locks / names.claim_name(part)
    with at_destination(path):
        locks.mkdir(exist_ok=True)
        fd = _acquire(path, part)
    try:
        yield
    finally:
        with suppress(OSError):  # the share may be gone by now; a claim that nobody holds keeps nobody out
            platform.close_and_remove(fd, path)


def _acquire(path: Path, part: str) -> int:
    while True:
        fd = platform.open_lock(path)
        try:
            _lock(fd, part)
            if _is_still_there(path, fd):
                return fd
        except BaseException:
            os.close(fd)
            raise
        os.close(fd)  # its holder has removed it meanwhile, and others would make it anew


def _lock(fd: int, part: str) -> None:
    try:
        held = platform.try_lock(fd)
    except OSError as error:
        if error.errno not in _NO_LOCKS:
            raise
        return
    if not held:
        message = f"{part}: another program, on this PC or another one, writes it or gives it its name"
        raise RetryableError("Another program carries this scan", message, "It is tried again by itself.")


def _is_still_there(path: Path, fd: int) -> bool:
    """Return whether the locked file is the one that others would open."""
    try:
        return os.path.samestat(os.fstat(fd), path.lstat())
    except FileNotFoundError:
        return False
