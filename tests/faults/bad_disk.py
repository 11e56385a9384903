"""A FUSE file system that passes everything on to a folder, and misbehaves as a file of rules tells it to.

`python -m tests.faults.bad_disk BACKING MOUNT RULES [TRAIT…]`, ended by unmounting. The rules are read anew whenever
their file changes, and count from there; how often one was followed is written beside it (`RULES.hits`).

A rule is an object: `op` (the FUSE call), `nth` (from 1), `error` (a name of errno, or `short`, `flip`, `hang`),
`lasting` (from then on as well), `part` (only files whose name ends with this). Traits are what the disk never can:
`no-direct`, `no-rename-flags`, `no-links`, `folds-case`.
"""

import errno
import json
import os
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import mfusepy

CALLS = (
    "getattr", "readdir", "open", "create", "read", "write", "truncate", "fsync", "fsyncdir", "flush", "release",
    "rename", "link", "unlink", "mkdir", "rmdir", "statfs",
)  # fmt: skip
_LOOK_SECONDS = 0.01


class Rules:
    """What is to go wrong now."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._stamp = 0
        self._rules: list[dict[str, Any]] = []
        self._counts: list[int] = []
        self._hits = 0

    def answer(self, op: str, path: str) -> str | None:
        """Count a call; return what is to go wrong with it, None when nothing is."""
        with self._lock:
            self._read()
            for index, rule in enumerate(self._rules):
                if rule["op"] != op or not path.endswith(rule.get("part", "")):
                    continue
                self._counts[index] += 1
                if self._counts[index] == rule["nth"] or (rule.get("lasting") and self._counts[index] > rule["nth"]):
                    self._hits += 1
                    self._path.with_name(self._path.name + ".hits").write_text(str(self._hits), encoding="utf-8")
                    return str(rule["error"])
        return None

    def wait_for_change(self) -> None:
        """Come back when the rules have been changed."""
        stamp = self._stamp
        while self._path.stat().st_mtime_ns == stamp:
            time.sleep(_LOOK_SECONDS)

    def _read(self) -> None:
        stamp = self._path.stat().st_mtime_ns
        if stamp != self._stamp:
            self._stamp = stamp
            self._rules = json.loads(self._path.read_text(encoding="utf-8"))
            self._counts = [0] * len(self._rules)
            self._hits = 0


class BadDisk(mfusepy.Operations):
    """The folder `backing`, seen through the rules."""

    use_ns = True

    def __init__(self, backing: Path, rules: Rules, traits: frozenset[str]) -> None:
        self._backing = backing
        self._rules = rules
        self._traits = traits
        self.rename_flags = 0

        for op in CALLS:
            setattr(self, op, self._ruled(op, getattr(self, op)))

    def _ruled(self, op: str, act: Callable[..., Any]) -> Callable[..., Any]:
        def call(path: str, *arguments: Any) -> Any:
            told = self._rules.answer(op, path)
            if told == "hang":
                self._rules.wait_for_change()
            elif told == "short":
                body, offset, fh = arguments
                arguments = (body[: max(1, len(body) // 2 - 7)], offset, fh)
            elif told == "flip" and op == "write":
                body, offset, fh = arguments
                arguments = (_flipped(body), offset, fh)
            elif told not in {None, "flip"}:
                if op == "release":
                    act(path, *arguments)
                raise mfusepy.FuseOSError(getattr(errno, told))
            result = act(path, *arguments)
            return _flipped(result) if told == "flip" and op == "read" else result

        return call

    def _real(self, path: str) -> Path:
        if "folds-case" not in self._traits:
            return self._backing / path[1:]
        found = self._backing
        for name in path[1:].split("/"):
            present = (each.name for each in found.iterdir()) if name and found.is_dir() else ()
            found = found / next((each for each in present if each.casefold() == name.casefold()), name)
        return found

    def getattr(self, path: str, fh: int | None = None) -> dict[str, Any]:
        return _attributes(os.fstat(fh) if fh else self._real(path).lstat())

    def readdir(self, path: str, fh: int) -> list[tuple[str, dict[str, Any], int]]:
        here = [(".", {"st_ino": 1}, 0), ("..", {"st_ino": 1}, 0)]
        return here + [(each.name, _attributes(each.lstat()), 0) for each in self._real(path).iterdir()]

    def open(self, path: str, flags: int) -> int:
        if flags & os.O_DIRECT and "no-direct" in self._traits:
            raise mfusepy.FuseOSError(errno.EINVAL)
        return os.open(self._real(path), flags & ~os.O_DIRECT)

    def create(self, path: str, mode: int, flags: int = 0) -> int:
        if flags & os.O_DIRECT and "no-direct" in self._traits:
            raise mfusepy.FuseOSError(errno.EINVAL)
        return os.open(self._real(path), os.O_RDWR | os.O_CREAT | os.O_EXCL, mode)

    def read(self, path: str, size: int, offset: int, fh: int) -> bytes:
        return os.pread(fh, size, offset)

    def write(self, path: str, data: bytes, offset: int, fh: int) -> int:
        return os.pwrite(fh, data, offset)

    def truncate(self, path: str, length: int, fh: int | None = None) -> int:
        os.truncate(fh if fh else self._real(path), length)
        return 0

    def fsync(self, path: str, datasync: int, fh: int) -> int:
        return 0

    def fsyncdir(self, path: str, datasync: int, fh: int) -> int:
        return 0

    def flush(self, path: str, fh: int) -> int:
        return 0

    def release(self, path: str, fh: int) -> int:
        os.close(fh)
        return 0

    def rename(self, old: str, new: str) -> int:
        if self.rename_flags:
            if "no-rename-flags" in self._traits:
                raise mfusepy.FuseOSError(errno.EINVAL)
            if os.path.lexists(self._real(new)):
                raise mfusepy.FuseOSError(errno.EEXIST)
        self._real(old).rename(self._real(new))
        return 0

    def link(self, target: str, source: str) -> int:
        if "no-links" in self._traits:
            raise mfusepy.FuseOSError(errno.EPERM)
        os.link(self._real(source), self._real(target))
        return 0

    def unlink(self, path: str) -> int:
        self._real(path).unlink()
        return 0

    def mkdir(self, path: str, mode: int) -> int:
        self._real(path).mkdir(mode)
        return 0

    def rmdir(self, path: str) -> int:
        self._real(path).rmdir()
        return 0

    def statfs(self, path: str) -> dict[str, int]:
        found = os.statvfs(self._backing)
        names = ("f_bavail", "f_bfree", "f_blocks", "f_bsize", "f_files", "f_ffree", "f_frsize", "f_namemax")
        return {name: getattr(found, name) for name in names}

    def utimens(self, path: str, times: tuple[int, int] | None = None) -> int:
        os.utime(self._real(path), ns=times)
        return 0

    def chmod(self, path: str, mode: int) -> int:
        self._real(path).chmod(mode)
        return 0


def _attributes(status: os.stat_result) -> dict[str, Any]:
    names = ("st_ino", "st_mode", "st_nlink", "st_uid", "st_gid", "st_size", "st_blocks")
    times = {f"st_{each}time": getattr(status, f"st_{each}time_ns") for each in "amc"}
    return {name: getattr(status, name) for name in names} | times


def _flipped(body: bytes) -> bytes:
    return bytes([body[0] ^ 1]) + body[1:] if body else body


class Mount(mfusepy.FUSE):
    """Passes the flags of a rename on, which mfusepy drops."""

    def rename_fuse_3(self, old: bytes, new: bytes, flags: int) -> int:
        self.operations.rename_flags = flags
        return super().rename_fuse_3(old, new, flags)


def main(backing: str, mount: str, rules: str, *traits: str) -> None:
    disk = BadDisk(Path(backing), Rules(Path(rules)), frozenset(traits))
    Mount(
        disk, mount, foreground=True, nothreads=True, use_ino=True, hard_remove=True,
        attr_timeout=0, entry_timeout=0, negative_timeout=0, fsname="bad-disk",
    )  # fmt: skip


if __name__ == "__main__":
    main(*sys.argv[1:])
