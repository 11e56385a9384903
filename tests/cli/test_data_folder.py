"""The journal lies on a disk of this computer, or the program says so instead of beginning."""

import logging
import shutil
import sys
from pathlib import Path

import pytest

from app.adapters.files import platform, platform_posix
from app.adapters.storage.store import SqliteStore
from app.bootstrap import Place, doctors_list, hold, journal_of_share, open_journal
from app.domain.errors import SurroundingsError
from app.services.doctor import Check, examine
from tests.faults.disks import bad_disk

LINUX = pytest.mark.skipif(sys.platform != "linux", reason="asks Linux which file system it is")
NFS, CIFS, SMB2, FUSE, PLAN_9, OVERLAY = 0x6969, 0xFF534D42, 0xFE534D42, 0x65735546, 0x01021997, 0x794C7630
"""As linux/magic.h has them."""
SETTINGS = '[scanner]\nwatch = "{0}"\n[destination]\nurl = "{0}"\n[sheet]\npath = "{0}/slides.csv"\n'


@pytest.fixture
def place(tmp_path: Path) -> Place:
    settings = tmp_path / "settings.toml"
    settings.write_text(SETTINGS.format(tmp_path.as_posix()))
    return Place(settings, tmp_path / "home" / "data")


def mounted(monkeypatch: pytest.MonkeyPatch, kind: int) -> None:
    monkeypatch.setattr(platform_posix, "file_system_type", lambda _: kind)


async def checked(place: Place, name: str) -> Check:
    only = [each for each in doctors_list(place) if each[0] == name]
    (check,) = await examine(only)
    return check


@LINUX
@pytest.mark.parametrize("kind", [NFS, CIFS, SMB2])
async def test_a_data_folder_on_a_share_is_refused_before_anything_is_made_there(
    place: Place, kind: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    mounted(monkeypatch, kind)
    with pytest.raises(SurroundingsError) as refused:
        hold(place)
    assert str(place.data) in refused.value.message
    assert "--data-dir" in refused.value.hint
    told = await checked(place, "data")
    assert not told.ok
    assert str(place.data) in told.message
    assert "--data-dir" in told.hint
    assert not place.data.parent.exists()


@LINUX
async def test_a_journal_that_lies_on_a_share_already_is_not_even_read(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await SqliteStore(place.journal).close()
    mounted(monkeypatch, NFS)
    for opened in (open_journal(place), journal_of_share(place, str(tmp_path))):
        with pytest.raises(SurroundingsError, match="network"):
            await opened.__aenter__()
    assert not (await checked(place, "journal")).ok


@LINUX
@pytest.mark.parametrize("kind", [FUSE, PLAN_9])
async def test_where_linux_cannot_tell_it_only_warns(
    place: Place, kind: int, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    mounted(monkeypatch, kind)
    with caplog.at_level(logging.WARNING):
        hold(place).release()
    assert str(place.data) in caplog.text
    told = await checked(place, "data")
    assert told.ok
    assert "disk of this computer" in told.message


@LINUX
@pytest.mark.parametrize("kind", [0xEF53, 0x01021994, OVERLAY])
async def test_disks_memory_and_containers_are_at_hand(
    place: Place, kind: int, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    mounted(monkeypatch, kind)
    with caplog.at_level(logging.WARNING):
        hold(place).release()
    assert not caplog.records
    assert (await checked(place, "data")).message == str(place.data)


@LINUX
def test_what_linux_says_of_real_file_systems(tmp_path: Path) -> None:
    assert platform.is_remote(tmp_path / "not" / "made" / "yet") is False
    assert platform.is_remote(Path("/proc/self")) is False
    if shutil.which("mount"):
        with bad_disk(tmp_path / "disk") as disk:
            assert platform.is_remote(disk.mount / "journal.sqlite") is None
