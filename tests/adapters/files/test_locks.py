"""Two at once: folder locks across PCs, one program a folder, stale locks."""

import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from app.adapters.files.share_lock import FolderLock, Patience
from app.adapters.files.single_instance import HolderLock
from app.adapters.files.watch_folder_lock import WatchFolderLock
from app.adapters.imaging.finder import FolderFinder
from app.domain.errors import RetryableError, SurroundingsError

HOLD = """
import sys
from pathlib import Path
from app.adapters.files.single_instance import HolderLock
lock = HolderLock(Path(sys.argv[1]))
print(lock.try_acquire(), flush=True)
sys.stdin.read()
"""


def folder_lock(folder: Path, station: str, silent_seconds: float = 30) -> FolderLock:
    return FolderLock(folder, "2026", station, Patience(wait_seconds=0.3, silent_seconds=silent_seconds))


def test_the_second_waits_and_is_told_who_holds_it(tmp_path: Path) -> None:
    with folder_lock(tmp_path, "raven-pc"), pytest.raises(RetryableError, match="raven-pc"):
        folder_lock(tmp_path, "cardinal-pc").__enter__()
    with folder_lock(tmp_path, "cardinal-pc") as lock:
        lock.require_held()
    assert list(tmp_path.iterdir()) == []


def test_only_one_thread_is_inside(tmp_path: Path) -> None:
    inside, most = [], []

    def work() -> None:
        with FolderLock(tmp_path, "2026", "pc", Patience()):
            inside.append(1)
            most.append(len(inside))
            inside.pop()

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == [1] * 8


def leave_lock(folder: Path, **told: object) -> Path:
    """Leave the file a dead holder leaves behind."""
    with folder_lock(folder, "other-pc"):
        (path,) = folder.glob("*.lock")
        content = json.loads(path.read_text())
    path.write_text(json.dumps(content | told))
    return path


def test_a_dead_holder_of_this_pc_is_replaced_at_once(tmp_path: Path) -> None:
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    leave_lock(tmp_path, pid=dead.pid)
    with folder_lock(tmp_path, "raven-pc") as lock:
        lock.require_held()


def test_a_living_process_with_a_dead_holders_id_does_not_keep_the_lock(tmp_path: Path) -> None:
    leave_lock(tmp_path, pid=os.getpid(), started="1.00")
    with folder_lock(tmp_path, "raven-pc") as lock:
        lock.require_held()


def test_a_silent_holder_on_another_pc_is_replaced_only_after_its_time(tmp_path: Path) -> None:
    leave_lock(tmp_path, machine="elsewhere", pid=1)
    with pytest.raises(RetryableError):
        folder_lock(tmp_path, "raven-pc").__enter__()
    with folder_lock(tmp_path, "raven-pc", silent_seconds=0.1) as lock:
        lock.require_held()


def test_an_empty_lock_file_is_replaced_after_its_time(tmp_path: Path) -> None:
    leave_lock(tmp_path).write_text("")
    with folder_lock(tmp_path, "raven-pc", silent_seconds=0.1) as lock:
        lock.require_held()


def test_who_lost_the_lock_finds_out_and_does_not_remove_the_next_ones(tmp_path: Path) -> None:
    with folder_lock(tmp_path, "raven-pc") as lock:
        (path,) = tmp_path.glob("*.lock")
        path.rename(tmp_path / "stolen")
        path.write_text(json.dumps({"token": "another"}))
        with pytest.raises(RetryableError):
            lock.require_held()
    assert path.exists()


def test_one_program_a_folder_and_the_second_is_told_who(tmp_path: Path) -> None:
    first, second = HolderLock(tmp_path), HolderLock(tmp_path)
    assert second.holder() is None
    assert first.try_acquire()
    assert first.try_acquire()
    assert not second.try_acquire()
    holder = second.holder()
    assert holder is not None
    assert holder.pid == os.getpid()
    assert holder.host
    assert holder.since <= holder.heartbeat
    first.release()
    assert second.holder() is None
    assert second.try_acquire()
    second.release()


def test_the_heartbeat_moves(tmp_path: Path) -> None:
    lock = HolderLock(tmp_path)
    assert lock.try_acquire()
    before = lock.holder()
    lock.beat()
    after = lock.holder()
    assert before is not None
    assert after is not None
    assert after.heartbeat > before.heartbeat
    assert after.since == before.since
    lock.release()


def test_the_system_releases_the_lock_of_a_killed_program(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "True\n"
        mine = HolderLock(tmp_path)
        assert not mine.try_acquire()
        holder = mine.holder()
        assert holder is not None
        assert holder.pid == child.pid
        child.send_signal(signal.SIGKILL)
        child.wait()
    assert mine.holder() is None
    assert mine.try_acquire()
    mine.release()


def test_a_folder_that_cannot_be_locked_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SurroundingsError, match="file"):
        HolderLock(tmp_path / "file").try_acquire()


def test_one_program_a_watch_folder_and_nothing_stays_in_it(tmp_path: Path) -> None:
    watch, machine = tmp_path / "scanner", tmp_path / "machine"
    watch.mkdir()
    machine.mkdir()
    (tmp_path / "same").symlink_to(watch)
    first, second = WatchFolderLock(watch, machine), WatchFolderLock(tmp_path / "same", machine)
    first.acquire()
    with pytest.raises(SurroundingsError, match=f"process {os.getpid()} of"):
        second.acquire()
    assert all(path.name.startswith(".") for path in watch.iterdir())
    assert FolderFinder().find(watch) == ()
    first.beat()
    first.release()
    assert list(watch.iterdir()) == list(machine.iterdir()) == []
    second.acquire()
    second.release()


def test_the_folder_s_own_lock_keeps_another_pc_away(tmp_path: Path) -> None:
    watch = tmp_path / "scanner"
    watch.mkdir()
    for name in ("here", "there"):
        (tmp_path / name).mkdir()
    first, second = WatchFolderLock(watch, tmp_path / "here"), WatchFolderLock(watch, tmp_path / "there")
    first.acquire()
    with pytest.raises(SurroundingsError, match="with a journal of its own"):
        second.acquire()
    assert list((tmp_path / "there").iterdir()) == [], "the one it had is given back"
    first.release()


def test_the_pc_s_lock_serves_for_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    watch = tmp_path / "not mounted yet"
    first, second = WatchFolderLock(watch, tmp_path), WatchFolderLock(watch, tmp_path)
    first.acquire()
    assert not watch.exists()
    with pytest.raises(SurroundingsError, match="not mounted yet"):
        second.acquire()
    first.release()
    second.acquire()
    second.release()


def test_a_lock_file_that_was_removed_meanwhile_is_not_taken_for_the_lock(tmp_path: Path) -> None:
    first = HolderLock(tmp_path, "x", in_foreign_folder=True)
    assert first.try_acquire()
    waiting = os.open(tmp_path / "x.lock", os.O_RDWR)
    first.release()
    os.close(waiting)
    for _ in range(50):
        one, other = (HolderLock(tmp_path, "x", in_foreign_folder=True) for _ in range(2))
        assert one.try_acquire()
        assert not other.try_acquire()
        one.release()
    assert list(tmp_path.iterdir()) == []
