"""What a system or a file system cannot do at all is done another way, or lowers the grade that is recorded."""

import errno
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from app.adapters.files import platform_posix
from app.domain.transfer import CheckGrade, Relocation
from tests.adapters.files.scene import (
    QUIET,
    make_destination,
    open_destination,
    plan_of,
    require_manifests_hold,
    require_published,
    write,
)
from tests.faults.collector import Faults
from tests.faults.operations import FILE, MANY, MOVED, SET

pytestmark = pytest.mark.usefixtures("_small_chunks")

SCANS = {"a file": FILE, "a set": SET, "many small files": MANY}
CODES = ("EOPNOTSUPP", "EINVAL", "ENOSYS")


def _refusing(real: Callable[..., Any], code: str, when: Callable[..., bool]) -> Callable[..., Any]:
    def call(*arguments: Any, **named: Any) -> Any:
        if when(*arguments):
            raise OSError(getattr(errno, code), os.strerror(getattr(errno, code)))
        return real(*arguments, **named)

    return call


def _is_folder(fd: int) -> bool:
    return Path(f"/proc/self/fd/{fd}").is_dir()


@dataclass(frozen=True)
class Lack:
    """One thing that a system cannot do: which call refuses, and when."""

    owner: Any
    call: str
    when: Callable[..., bool]
    codes: tuple[str, ...] = CODES


LACKS = {
    "fsync of folders": Lack(os, "fsync", _is_folder),
    "opening past the cache": Lack(
        os, "open", lambda path, flags, *_: bool(flags & os.O_DIRECT), ("EINVAL", "EOPNOTSUPP")
    ),
    "renaming without replacing": Lack(platform_posix, "rename_exclusively", lambda *_: True),
    "hard links": Lack(os, "link", lambda *_: True, ("EPERM", "EOPNOTSUPP", "EMLINK", "ENOSYS")),
}
CASES = [(name, code) for name, lack in LACKS.items() for code in lack.codes]


@pytest.mark.parametrize(("lack", "code"), CASES, ids=lambda text: text.replace(" ", "-"))
@pytest.mark.parametrize("scan", SCANS)
def test_it_is_done_another_way(
    tmp_path: Path, faults: Faults, monkeypatch: pytest.MonkeyPatch, scan: str, lack: str, code: str
) -> None:
    """Copying, publishing and moving work all the same; a grade is never better than what was done."""
    what = LACKS[lack]
    monkeypatch.setattr(what.owner, what.call, _refusing(getattr(what.owner, what.call), code, what.when))
    if lack == "hard links":  # asked for only where the rename is lacking too
        lacking = LACKS["renaming without replacing"]
        rename = _refusing(platform_posix.rename_exclusively, "EINVAL", lacking.when)
        monkeypatch.setattr(platform_posix, "rename_exclusively", rename)
    plan = plan_of(*((write(tmp_path / "scanner" / source, size), final) for source, size, final in SCANS[scan]))
    root = tmp_path / "share"
    destination = make_destination(root)
    files = destination.copy(plan, QUIET)
    destination.publish(plan, files)
    require_published(root, plan)
    new = (*MOVED, *(f"Rescans/2026/S__1/{each}" for each in range(len(files))))[: len(files)]
    destination.relocate(Relocation(files, new))
    assert require_manifests_hold(root) == set(new)
    faults.note(f"the whole way of {scan}", lack, code, "done another way")


def test_where_one_flush_cannot_stand_for_all_each_file_is_flushed(
    tmp_path: Path, faults: Faults, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A network or FUSE mount may take syncfs and pass nothing on: it is not asked there."""
    flushed: list[int] = []
    real = os.fsync
    monkeypatch.setattr(os, "fsync", lambda fd: (flushed.append(fd), real(fd))[1])
    monkeypatch.setattr(platform_posix, "is_disk_file_system", lambda _: False)
    monkeypatch.setattr(platform_posix, "sync_file_system", _refusing(lambda _: None, "EINVAL", lambda _: True))
    plan = plan_of(*((write(tmp_path / "scanner" / source, size), final) for source, size, final in MANY))
    destination = make_destination(tmp_path / "share")
    flushed.clear()
    files = destination.copy(plan, QUIET)
    assert len(flushed) >= len(MANY)
    destination.publish(plan, files)
    require_published(tmp_path / "share", plan)
    faults.note(
        "the whole way of many small files", "flushing a whole file system", "not of this mount", "each fsynced"
    )


@pytest.mark.parametrize("scan", SCANS)
@pytest.mark.parametrize("cached", [False, True], ids=["dropped", "kept"])
def test_a_cache_that_cannot_be_bypassed_lowers_the_grade(
    tmp_path: Path, faults: Faults, monkeypatch: pytest.MonkeyPatch, scan: str, cached: bool
) -> None:
    """Where O_DIRECT is refused the cache is dropped and looked at; if it keeps the pages, the grade says so."""
    opening = LACKS["opening past the cache"]
    monkeypatch.setattr(os, "open", _refusing(os.open, "EINVAL", opening.when))
    monkeypatch.setattr(platform_posix, "drop_cache", lambda *_: not cached)
    plan = plan_of(*((write(tmp_path / "scanner" / source, size), final) for source, size, final in SCANS[scan]))
    destination = make_destination(tmp_path / "share")
    files = destination.copy(plan, QUIET)
    expected = CheckGrade.CACHE_NOT_BYPASSED if cached else CheckGrade.READ_BACK
    assert {file.check for file in files if file.size_bytes} == {expected.value}
    destination.publish(plan, files)
    require_published(tmp_path / "share", plan)
    assert open_destination(tmp_path / "share").check_file(files[0])
    grade = "lower grade recorded" if cached else "read back from the medium"
    faults.note(f"copy of {scan}", "read-back", "O_DIRECT refused" + (", cache kept" if cached else ""), grade)
