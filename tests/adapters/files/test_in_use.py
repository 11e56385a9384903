"""Files of ours that somebody has open elsewhere, as Windows and SMB answer for them."""

import errno
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from app.adapters.files import in_use, share_lock
from app.adapters.files.atomic import write_atomically
from app.adapters.files.failures import at_destination
from app.adapters.files.folder_destination import FolderDestination
from app.adapters.files.share_lock import FolderLock, Patience
from app.domain.errors import HeldError, SlideError
from app.domain.transfer import TransferPlan
from tests.adapters.files.scene import carry, require_manifests_hold

ACCESS_DENIED, SHARING_VIOLATION = 5, 32
Refuse = Callable[..., list[str]]


def refusal(code: int, winerror: int | None) -> OSError:
    error = OSError(code, "refused")
    if winerror is not None:
        error.winerror = winerror
    return error


@pytest.fixture
def refuse(monkeypatch: pytest.MonkeyPatch) -> Refuse:
    """Have a call of `os` refused for names that end so, as often as told; return the names it was refused for."""

    def refuse(call: str, ending: str, error: OSError, times: int = 1 << 30) -> list[str]:
        real, refused = getattr(os, call), []

        def refusing(old: Path, new: Path) -> None:
            asked = new if call == "replace" else old
            if str(asked).endswith(ending) and len(refused) < times:
                refused.append(str(asked))
                raise error
            real(old, new)

        monkeypatch.setattr(os, call, refusing)
        return refused

    return refuse


WAYS = [
    pytest.param(refusal(errno.EACCES, ACCESS_DENIED), id="windows"),
    pytest.param(refusal(errno.EACCES, SHARING_VIOLATION), id="windows sharing"),
    pytest.param(refusal(errno.EACCES, None), id="cifs"),
    pytest.param(refusal(errno.EBUSY, None), id="cifs busy"),
]


@pytest.mark.parametrize("error", WAYS)
def test_a_manifest_that_a_viewer_has_open_for_a_moment_is_waited_for(
    root: Path, plan: TransferPlan, mrxs: TransferPlan, destination: FolderDestination, refuse: Refuse, error: OSError
) -> None:
    carry(destination, plan)
    refused = refuse("replace", "manifest-sha256.txt", error, times=3)
    carry(destination, mrxs)
    assert len(refused) == 3
    assert {"2026/S-1.svs", "2026/S-2.mrxs"} < require_manifests_hold(root)


@pytest.mark.parametrize("error", WAYS)
def test_a_manifest_that_stays_open_is_held_and_no_lack_of_permission(
    root: Path, plan: TransferPlan, small: TransferPlan, destination: FolderDestination, refuse: Refuse, error: OSError,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(in_use, "PATIENCE_SECONDS", 0.1)
    carry(destination, plan)
    refused = refuse("replace", "manifest-sha256.txt", error)
    with pytest.raises(HeldError, match="manifest-sha256") as raised:
        carry(destination, small)
    assert len(refused) > 1
    assert "five minutes" in raised.value.hint
    assert list((root / "2026").glob(".*.new*")) == []


def test_a_manifest_made_read_only_is_said_to_be_so(
    root: Path, plan: TransferPlan, small: TransferPlan, destination: FolderDestination, refuse: Refuse
) -> None:
    carry(destination, plan)
    (root / "2026" / "manifest-sha256.txt").chmod(0o444)
    refused = refuse("replace", "manifest-sha256.txt", refusal(errno.EACCES, ACCESS_DENIED))
    with pytest.raises(SlideError, match="No permission"):
        carry(destination, small)
    assert len(refused) == 1


def test_a_folder_in_a_files_place_is_in_nobodys_use(tmp_path: Path, refuse: Refuse) -> None:
    (tmp_path / "new.json").mkdir()
    refused = refuse("replace", "new.json", refusal(errno.EACCES, ACCESS_DENIED))
    with pytest.raises(SlideError, match="No permission"), at_destination(tmp_path):
        write_atomically(tmp_path / "new.json", b"{}", via=tmp_path / "via")
    assert len(refused) == 1


def test_a_name_that_is_not_there_yet_is_in_nobodys_use(tmp_path: Path, refuse: Refuse) -> None:
    refused = refuse("replace", "new.json", refusal(errno.EACCES, ACCESS_DENIED))
    with pytest.raises(SlideError, match="No permission"), at_destination(tmp_path):
        write_atomically(tmp_path / "new.json", b"{}", via=tmp_path / "via")
    assert len(refused) == 1


@pytest.mark.parametrize("error", WAYS)
def test_a_lock_that_somebody_reads_at_its_release_is_released_all_the_same(
    tmp_path: Path, refuse: Refuse, error: OSError
) -> None:
    with FolderLock(tmp_path, "2026", "raven-pc", Patience()):
        refused = refuse("rename", ".lock", error, times=3)
    assert len(refused) == 3
    assert list(tmp_path.iterdir()) == []


def test_a_lock_that_stays_open_elsewhere_does_not_undo_what_was_done_under_it(
    tmp_path: Path, refuse: Refuse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(in_use, "PATIENCE_SECONDS", 0.1)
    with FolderLock(tmp_path, "2026", "raven-pc", Patience()):
        refused = refuse("rename", ".lock", refusal(errno.EBUSY, None))
    assert len(refused) > 1


def test_locks_are_read_so_that_their_holder_can_take_them_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[Path] = []
    real = share_lock.platform.open_source

    def open_source(path: Path) -> int:
        opened.append(path)
        return real(path)

    monkeypatch.setattr(share_lock.platform, "open_source", open_source)
    monkeypatch.setattr(Path, "read_bytes", lambda path: pytest.fail(f"{path} was opened without sharing its deletion"))
    with FolderLock(tmp_path, "2026", "raven-pc", Patience()) as lock:
        lock.require_held()
        waiting = threading.Thread(target=wait_for, args=(tmp_path,))
        waiting.start()
        while not opened:
            time.sleep(0.01)
    waiting.join()
    assert list(tmp_path.iterdir()) == []


def wait_for(folder: Path) -> None:
    with FolderLock(folder, "2026", "cardinal-pc", Patience()):
        pass
