"""Disks that tests may spoil: small ones in memory, images of real file systems, and one that misbehaves on request.

Whatever cannot be had here (no administrator, no FUSE, a program missing) skips the test with its reason.
"""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

_PATIENCE_SECONDS = 20.0


def need(*programs: str) -> None:
    """Skip the test unless we may mount and these programs are here."""
    if os.geteuid() != 0:
        pytest.skip("mounting needs the administrator")
    missing = [program for program in programs if shutil.which(program) is None]
    if missing:
        pytest.skip(f"not installed: {', '.join(missing)}")


def mount(*words: str | Path) -> None:
    """Mount, or skip the test where this system does not allow it."""
    done = subprocess.run(["mount", *map(str, words)], capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"mount is refused here: {done.stderr.strip()}")


def unmount(folder: Path) -> None:
    subprocess.run(["umount", "-l", str(folder)], capture_output=True, check=False)


@contextmanager
def memory(folder: Path, options: str) -> Iterator[Path]:
    """A tmpfs with these mount options at `folder`."""
    need("mount")
    folder.mkdir(exist_ok=True)
    mount("-t", "tmpfs", "-o", options, "tmpfs", folder)
    try:
        yield folder
    finally:
        unmount(folder)


@contextmanager
def image(
    folder: Path, kind: str, size_mb: int, *, within: Path | None = None, options: str = "loop"
) -> Iterator[Path]:
    """A file system of this kind in a file, mounted at `folder` with these options; the file lies in `within`."""
    need("mount", f"mkfs.{kind}", "losetup")
    file = (within or folder.parent) / f"{folder.name}.img"
    with file.open("wb") as made:
        made.truncate(size_mb * 2**20)
    quiet = {"ext4": ["-q", "-E", "lazy_itable_init=0,nodiscard"], "xfs": ["-q"], "btrfs": ["-q"]}.get(kind, [])
    subprocess.run([f"mkfs.{kind}", *quiet, str(file)], check=True, capture_output=True)
    folder.mkdir(exist_ok=True)
    mount("-o", options, file, folder)
    try:
        yield folder
    finally:
        unmount(folder)
        file.unlink()


@contextmanager
def foreign_image(folder: Path, kind: str, program: str) -> Iterator[Path]:
    """A file system of another system (exfat, ntfs) in a file, mounted through FUSE by `program`."""
    need(program, f"mkfs.{kind}", "losetup")
    file = folder.with_suffix(".img")
    with file.open("wb") as made:
        made.truncate(48 * 2**20)
    folder.mkdir()
    loop = subprocess.run(["losetup", "--find", "--show", str(file)], check=True, capture_output=True, text=True)
    device = loop.stdout.strip()
    try:
        quiet = ["-Q", "-F"] if kind == "ntfs" else []
        subprocess.run([f"mkfs.{kind}", *quiet, device], check=True, capture_output=True)
        done = subprocess.run([program, device, str(folder)], capture_output=True, text=True, check=False)
        if done.returncode:
            pytest.skip(f"mount is refused here: {done.stderr.strip()[-200:]}")
        try:
            yield folder
        finally:
            subprocess.run(["umount", str(folder)], check=True, capture_output=True)
    finally:
        subprocess.run(["losetup", "-d", device], check=False, capture_output=True)


class BadDisk:
    """A mounted tests.faults.bad_disk."""

    def __init__(self, folder: Path) -> None:
        self.backing = folder / "backing"
        self.mount = folder / "mount"
        self._rules = folder / "rules.json"
        self._stamp = 0

    def misbehave(self, *rules: dict[str, Any]) -> None:
        """Set the rules, none for a good disk; they count from here."""
        self._rules.with_name("rules.json.hits").unlink(missing_ok=True)
        via = self._rules.with_suffix(".new")
        via.write_text(json.dumps(rules), encoding="utf-8")
        self._stamp = max(self._stamp + 1, time.time_ns())
        os.utime(via, ns=(self._stamp, self._stamp))
        via.replace(self._rules)

    @property
    def hits(self) -> int:
        """How often a rule was followed since they were set."""
        found = self._rules.with_name("rules.json.hits")
        return int(found.read_text(encoding="utf-8") or 0) if found.exists() else 0


@contextmanager
def bad_disk(folder: Path, *traits: str) -> Iterator[BadDisk]:
    """A disk below `folder` that misbehaves on request, and never can what its traits name."""
    need("mount")
    if not Path("/dev/fuse").exists():
        pytest.skip("no FUSE here")
    try:
        __import__("mfusepy")
    except (ImportError, OSError) as error:
        pytest.skip(f"no libfuse here: {error}")
    disk = BadDisk(folder)
    for each in (disk.backing, disk.mount):
        each.mkdir(parents=True)
    disk.misbehave()
    program = [
        sys.executable,
        "-m",
        "tests.faults.bad_disk",
        *map(str, (disk.backing, disk.mount, disk._rules)),
        *traits,
    ]
    with subprocess.Popen(program, stderr=subprocess.PIPE, cwd=Path(__file__).parents[2]) as process:
        try:
            _wait_until_mounted(disk.mount, process)
            yield disk
        finally:
            disk.misbehave()
            unmount(disk.mount)
            try:
                process.wait(_PATIENCE_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()


def _wait_until_mounted(folder: Path, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + _PATIENCE_SECONDS
    while not folder.is_mount():
        if process.poll() is not None and process.stderr is not None:
            pytest.skip(f"FUSE is refused here: {process.stderr.read().decode(errors='replace').strip()[-200:]}")
        assert time.monotonic() < end, "the bad disk did not come"
        time.sleep(0.02)
