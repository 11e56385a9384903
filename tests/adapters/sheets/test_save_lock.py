"""Two PCs that save one workbook: neither takes away what the other has confirmed."""

import errno
import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from app.adapters.sheets import save_lock
from app.adapters.sheets.save_lock import STALE_SECONDS, saving_alone
from app.adapters.sheets.workbook import WorkbookSheet
from app.domain.errors import SurroundingsError
from app.domain.settings import SheetSettings
from app.domain.sheet import CellWrite
from tests.adapters.sheets.workbooks import lab_workbook
from tests.faults.disks import memory

ROOT = Path(__file__).parents[3]
ONE, TWO = CellWrite("620995", "Status", "by PC 1", 1), CellWrite("000123", "Status", "by PC 2", 1)
WRITER = """
import sys
from pathlib import Path
from app.adapters.sheets.workbook import WorkbookSheet
from app.domain.errors import SurroundingsError
from app.domain.settings import SheetSettings
from app.domain.sheet import CellWrite
sheet = WorkbookSheet(Path(sys.argv[1]), SheetSettings())
for number in range(25):
    write = CellWrite(sys.argv[2], "Message", str(number), 1)
    while True:
        try:
            if sheet.write([write]).written:
                break
        except SurroundingsError:
            continue
    row = sheet.read().rows_for(sys.argv[2])[0]
    assert row.cells["Message"] == str(number), (number, row.cells["Message"])
"""


@pytest.fixture
def lab(tmp_path: Path) -> Path:
    return lab_workbook(tmp_path / "slides.xlsx")


def sheet_at(path: Path) -> WorkbookSheet:
    return WorkbookSheet(path, SheetSettings())


def lock_of(path: Path) -> Path:
    return path.with_name(f".~slideferry-{path.name}.lock")


def names_beside(path: Path) -> list[str]:
    return [each.name for each in path.parent.iterdir() if each != path]


def others_lock(lab: Path, seconds_ago: float) -> Path:
    lock = lock_of(lab)
    lock.write_text(json.dumps({"station": "pc2", "machine": "pc2-0", "pid": 1, "started": "0", "token": "ab"}))
    then = time.time() - seconds_ago
    os.utime(lock, (then, then))
    return lock


def test_what_another_pc_saves_in_the_last_moment_is_not_lost(lab: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    results = []
    other = threading.Thread(target=lambda: results.append(sheet_at(lab).write([TWO])))
    replace = Path.replace

    def late(new: Path, target: Path) -> Path:
        if target == lab and other.ident is None:
            other.start()
            other.join(0.5)  # long enough to be done, were nothing in its way
        return replace(new, target)

    monkeypatch.setattr(Path, "replace", late)
    assert sheet_at(lab).write([ONE]).written == (ONE,)
    other.join()
    assert results[0].written == (TWO,)
    sheet = sheet_at(lab).read()
    shown = [sheet.rows_for(each.barcode)[0].cells["Status"] for each in (ONE, TWO)]
    assert shown == ["by PC 1", "by PC 2"]
    assert not lock_of(lab).exists()


def test_two_programs_that_write_at_once_keep_all_that_each_was_told_is_written(lab: Path) -> None:
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITER, str(lab), each.barcode], cwd=ROOT, stderr=subprocess.PIPE)
        for each in (ONE, TWO)
    ]
    for writer in writers:
        _, trouble = writer.communicate()
        assert writer.returncode == 0, trouble.decode()
    assert not list(lab.parent.glob(".~slideferry-*"))


def test_a_save_of_another_pc_is_waited_for_and_named(lab: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(save_lock, "_WAIT_SECONDS", 0.1)
    before, lock = lab.read_bytes(), others_lock(lab, 0.0)
    with pytest.raises(SurroundingsError, match="in use") as raised:
        sheet_at(lab).write([ONE])
    assert "pc2" in raised.value.message
    assert lab.read_bytes() == before
    lock.unlink()
    assert sheet_at(lab).write([ONE]).written


@pytest.mark.parametrize("seconds", [STALE_SECONDS + 5, -STALE_SECONDS - 5])
def test_what_a_pc_left_behind_is_in_nobodys_way_after_a_minute(lab: Path, seconds: float) -> None:
    others_lock(lab, seconds)
    assert sheet_at(lab).write([ONE]).written
    assert not lock_of(lab).exists()


def test_a_lock_that_says_nothing_is_in_nobodys_way_after_a_minute(lab: Path) -> None:
    lock = others_lock(lab, 0.0)
    lock.write_bytes(b"")  # its program was ended before it could write into it
    then = time.time() - STALE_SECONDS - 5
    os.utime(lock, (then, then))
    assert sheet_at(lab).write([ONE]).written
    assert not lock.exists()


def test_a_lock_says_whose_it_is_from_its_first_moment(lab: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told = []

    def link(old: Path, new: Path) -> None:
        told.append((new.exists(), Path(old).read_bytes()))
        really(old, new)

    really = save_lock.os.link
    monkeypatch.setattr(save_lock.os, "link", link)
    with saving_alone(lab) as lock:
        assert told == [(False, lock.content)]
        assert lock_of(lab).read_bytes() == lock.content
    assert names_beside(lab) == []


@pytest.mark.parametrize("code", [errno.EPERM, errno.EOPNOTSUPP, errno.EMLINK, errno.ENOSYS])
def test_where_files_have_one_name_only_a_lock_is_made_all_the_same(
    lab: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    def link(old: Path, new: Path) -> None:
        raise OSError(code, os.strerror(code), str(old), None, str(new))

    monkeypatch.setattr(save_lock.os, "link", link)
    monkeypatch.setattr(save_lock, "_WAIT_SECONDS", 0.1)
    with saving_alone(lab) as lock:
        assert lock.is_held()
        with pytest.raises(SurroundingsError, match="in use"), saving_alone(lab):
            pass
    assert names_beside(lab) == []


def test_a_full_disk_without_links_is_left_without_an_empty_lock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The lock is written a second time there, and that is when the disk is full."""

    def link(old: Path, new: Path) -> None:
        raise OSError(errno.EPERM, os.strerror(errno.EPERM), str(old), None, str(new))

    monkeypatch.setattr(save_lock.os, "link", link)
    with memory(tmp_path / "full", "size=1m") as folder:
        lab = lab_workbook(folder / "slides.xlsx")
        with (folder / "ballast").open("wb") as ballast:
            ballast.truncate(0)
            status = os.statvfs(folder)
            os.posix_fallocate(ballast.fileno(), 0, (status.f_bavail - 1) * status.f_frsize)
        with pytest.raises(OSError, match=os.strerror(errno.ENOSPC)), saving_alone(lab):
            pass
        assert not lock_of(lab).exists()
        (folder / "ballast").unlink()
        assert sheet_at(lab).write([ONE]).written


def test_a_lock_that_a_share_made_without_saying_so_is_held(lab: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def link(old: Path, new: Path) -> None:
        really(old, new)
        raise FileExistsError(errno.EEXIST, "NFS: the first answer got lost, and the second try found it", str(new))

    really = save_lock.os.link
    monkeypatch.setattr(save_lock.os, "link", link)
    with saving_alone(lab) as lock:
        assert lock.is_held()
    assert names_beside(lab) == []


def test_on_windows_a_lock_gets_its_name_by_renaming(lab: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def rename(old: Path, new: Path) -> None:  # as os.rename does there: it never replaces
        os.link(old, new)
        Path(old).unlink()

    monkeypatch.setattr(save_lock.sys, "platform", "win32")
    monkeypatch.setattr(save_lock.os, "rename", rename)
    monkeypatch.setattr(save_lock, "_WAIT_SECONDS", 0.1)
    with saving_alone(lab) as lock:
        assert lock.is_held()
        with pytest.raises(SurroundingsError, match="in use"), saving_alone(lab):
            pass
    assert names_beside(lab) == []


def test_whoever_was_taken_for_gone_wrongly_saves_nothing_and_leaves_the_others_lock(lab: Path) -> None:
    with saving_alone(lab) as lock:
        assert lock.is_held()
        others_lock(lab, 0.0)
        assert not lock.is_held()
    assert b"pc2" in lock_of(lab).read_bytes()


def test_a_value_that_stands_there_already_needs_no_lock(lab: Path) -> None:
    sheet_at(lab).write([ONE])
    others_lock(lab, 0.0)
    assert sheet_at(lab).write([ONE]).written == (ONE,)
