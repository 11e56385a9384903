"""What the tests of moving files share: files, a destination, plans, and ways to break the system's calls."""

import errno
import hashlib
import os
import random
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from app.adapters.files import platform_posix
from app.adapters.files.folder_destination import FolderDestination
from app.adapters.files.share_lock import Patience
from app.domain.transfer import MemberPlan, TransferPlan, TransferProgress, TransferWatch

FINGERPRINT = "0123456789abcdef"
QUIET = TransferWatch(progress=lambda _: None, stopped=lambda: False)
HASTY = Patience(wait_seconds=5, silent_seconds=0.2)
TICK_NS = 25_000_000
"""Longer than the clock of any file system here stands still: a kernel's tick is 1 to 10 ms."""
CALLS = (
    "open", "pwritev", "preadv", "fsync", "ftruncate", "close", "unlink", "rename", "replace",
    "mkdir", "rmdir", "link", "fstat", "lstat", "stat", "scandir", "listdir", "write",
)  # fmt: skip
CHANGING_CALLS = (
    "open", "pwritev", "fsync", "ftruncate", "unlink", "rename", "replace", "mkdir", "rmdir", "link", "write",
)  # fmt: skip
"""To be killed before a call that only reads is to be killed before the next of these."""


def write(path: Path, size_bytes: int, seed: int = 0) -> Path:
    """Write bytes that are the same for the same seed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(random.Random(f"{path.name}{seed}").randbytes(size_bytes))
    return path


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def bytes_read_from(folder: Path) -> int:
    """Return how many bytes were ever read from the disk that is mounted at a folder."""
    found = subprocess.run(["findmnt", "-no", "SOURCE", str(folder)], capture_output=True, text=True, check=True)
    return 512 * int(Path("/sys/class/block", Path(found.stdout.strip()).name, "stat").read_text().split()[2])


def plan_of(*pairs: tuple[Path, str], fingerprint: str = FINGERPRINT) -> TransferPlan:
    """Plan to carry these sources to these final names."""
    members = []
    for source, final in pairs:
        status = source.stat()
        members.append(MemberPlan(source, final, status.st_size, status.st_mtime_ns))
    return TransferPlan(fingerprint, tuple(members))


def make_destination(root: Path) -> FolderDestination:
    destination = FolderDestination(root, "Rescans", "raven-pc", patience=HASTY)
    destination.initialise()
    return destination


def open_destination(root: Path) -> FolderDestination:
    """Return what another program, or this one after a restart, has of the destination."""
    return FolderDestination(root, "Rescans", "raven-pc", patience=HASTY)


def carry(destination: FolderDestination, plan: TransferPlan) -> None:
    destination.publish(plan, destination.copy(plan, QUIET))


def require_manifests_hold(root: Path) -> set[str]:
    """Run the real sha256sum in every folder that has a manifest; return all names listed, relative to the root."""
    names = set()
    for manifest in root.rglob("manifest-sha256.txt"):
        done = subprocess.run(
            ["sha256sum", "--strict", "-c", manifest.name], cwd=manifest.parent, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stdout + done.stderr
        for line in done.stdout.splitlines():
            name = line.removesuffix(": OK")
            names.add((manifest.parent / name).relative_to(root).as_posix())
    return names


def require_published(root: Path, plan: TransferPlan) -> None:
    """The state every way must end in: one verified final and one line a member, no part, nothing else."""
    finals = {member.final for member in plan.members}
    for member in plan.members:
        assert sha256(root / member.final) == sha256(member.source)
    lying = {
        path.relative_to(root).as_posix()
        for path in root.rglob("*")
        if path.is_file() and ".slideferry" not in path.parts and path.name != "manifest-sha256.txt"
    }
    assert lying == finals
    assert require_manifests_hold(root) == finals
    assert open_destination(root).scrub(QUIET).findings == ()


def grow(path: Path) -> None:
    with path.open("ab") as file:
        file.write(b"more")


def after_a_tick(path: Path) -> None:
    """Return once the clock has moved since the file was last changed: until then no time shows another change."""
    while time.time_ns() - path.stat().st_ctime_ns < TICK_NS:
        time.sleep(0.002)


def overwrite(path: Path) -> None:
    """Other bytes, same size, same mtime, same inode: only the ctime tells."""
    after_a_tick(path)
    status = path.stat()
    with path.open("r+b") as file:
        file.write(b"other")
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


def replace(path: Path) -> None:
    """Same bytes, size and mtime in another inode."""
    status = path.stat()
    other = path.with_name("other")
    other.write_bytes(path.read_bytes())
    os.utime(other, ns=(status.st_atime_ns, status.st_mtime_ns))
    other.replace(path)


def become_link(path: Path) -> None:
    other = path.with_name("other")
    path.rename(other)
    path.symlink_to(other)


class Watching:
    """A watch that keeps what it is told and can act when a certain count of bytes is reached."""

    def __init__(self, act: Callable[[], None] = lambda: None, when: int = 2) -> None:
        self.told: list[TransferProgress] = []
        self._asked = 0
        self._act = act
        self._when = when
        self.stop = False

    @property
    def watch(self) -> TransferWatch:
        return TransferWatch(progress=self.told.append, stopped=self._stopped)

    def _stopped(self) -> bool:
        """Asked once before each chunk: the moment at which others may change the world."""
        self._asked += 1
        if self._asked == self._when:
            self._act()
        return self.stop


@contextmanager
def counted(act: Callable[[str], None], calls: tuple[str, ...] = CALLS) -> Iterator[None]:
    """Have `act` called with the name of every system call of `calls`, before the call (after, for `close`)."""
    with pytest.MonkeyPatch.context() as patch:
        for name in calls:
            patch.setattr(os, name, _wrapped(name, getattr(os, name), act))
        rename = platform_posix.rename_exclusively
        patch.setattr(platform_posix, "rename_exclusively", _wrapped("renameat2", rename, act))
        yield


def _wrapped(name: str, real: Callable, act: Callable[[str], None]) -> Callable:
    def call(*arguments: object, **named: object) -> object:
        if name == "close":
            real(*arguments)
            return act(name)
        act(name)
        return real(*arguments, **named)

    return call


class Countdown:
    """Calls `act` at the Nth call, whichever thread makes it."""

    def __init__(self, number: int, act: Callable[[], None]) -> None:
        self._left = number
        self._act = act
        self._lock = threading.Lock()
        self.reached = False

    def __call__(self, name: str) -> None:
        with self._lock:
            self._left -= 1
            due = self._left == 0
            self.reached |= due
        if due:
            self._act()


def failing(number: int, code: int) -> Countdown:
    def fail() -> None:
        raise OSError(code, os.strerror(code))

    return Countdown(number, fail)


def killed_at(number: int, act: Callable[[], None]) -> bool:
    """Run `act` in a child that is killed at its Nth system call; return False when it came to its end before."""
    child = os.fork()
    if child == 0:
        try:
            with counted(Countdown(number, lambda: os.kill(os.getpid(), signal.SIGKILL)), CHANGING_CALLS):
                act()
            os._exit(0)
        finally:
            os._exit(70)
    _, status = os.waitpid(child, 0)
    code = os.waitstatus_to_exitcode(status)
    assert code in {0, -signal.SIGKILL}, code
    return code != 0


ALL_CODES = (
    errno.EIO, errno.ENOSPC, errno.EACCES, errno.ESTALE, errno.ENOTCONN, errno.EDQUOT, errno.EROFS,
)  # fmt: skip
