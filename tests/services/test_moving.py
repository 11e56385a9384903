"""Plans of `transfer`: sets stay together, nothing is carried twice, nothing is followed or skipped in silence."""

import asyncio
import errno
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from app.adapters.files.folder_destination import FolderDestination
from app.domain.errors import SourceChangedError, UseError
from app.domain.scan import Layout, Member, ScanSet
from app.domain.transfer import TransferPlan, TransferWatch
from app.services.moving import carry_plans, move_plans


def made(*paths: Path) -> None:
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(path.name.encode())


@pytest.fixture
def slide(tmp_path: Path) -> ScanSet:
    """Return a slide of two files, below a folder of its own."""
    made(tmp_path / "in" / "s.mrxs", tmp_path / "in" / "s" / "a.dat")
    members = (Member("in/s/a.dat", 5, 1), Member("in/s.mrxs", 6, 1))
    return ScanSet(tmp_path, "in/s.mrxs", members, Layout.FILE_AND_FOLDER)


def finals(plan: TransferPlan) -> list[str]:
    return [member.final for member in plan.members]


def test_a_set_is_one_plan_with_its_main_member_first(slide: ScanSet) -> None:
    (plan,) = move_plans([slide.main_path], {slide.main_path: slide})
    assert finals(plan) == ["s.mrxs", "s/a.dat"]
    assert [member.size_bytes for member in plan.members] == [6, 5]


def test_what_a_set_carries_is_not_carried_again(slide: ScanSet) -> None:
    folder = slide.main_path.with_suffix("")
    plans = move_plans([slide.main_path, folder], {slide.main_path: slide})
    assert [finals(plan) for plan in plans] == [["s.mrxs", "s/a.dat"]]
    made(folder / "note.txt")
    plans = move_plans([slide.main_path, folder], {slide.main_path: slide})
    assert len(plans) == 2


def test_a_set_that_is_a_folder_keeps_it(tmp_path: Path) -> None:
    made(tmp_path / "series" / "1.dcm", tmp_path / "series" / "2.dcm")
    members = (Member("series/1.dcm", 5, 1), Member("series/2.dcm", 5, 1))
    scan = ScanSet(tmp_path, "series/1.dcm", members, Layout.FOLDER)
    (plan,) = move_plans([scan.main_path], {scan.main_path: scan})
    assert finals(plan) == ["series/1.dcm", "series/2.dcm"]


def test_a_folder_keeps_its_name(tmp_path: Path) -> None:
    made(tmp_path / "f" / "b" / "1", tmp_path / "f" / "2")
    (plan,) = move_plans([tmp_path / "f"], {})
    assert sorted(finals(plan)) == ["f/2", "f/b/1"]


def test_a_folder_that_cannot_be_read_is_named_and_not_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made(tmp_path / "in" / "a.svs", tmp_path / "in" / "closed" / "b.svs")
    scandir = os.scandir

    def refusing(path: Path | str) -> object:
        if str(path).endswith("closed"):
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refusing)
    with pytest.raises(UseError, match="closed: Permission denied"):
        move_plans([tmp_path / "in"], {})


def test_two_sources_of_one_name_are_refused(tmp_path: Path) -> None:
    made(tmp_path / "a" / "x.svs", tmp_path / "b" / "X.svs")
    with pytest.raises(UseError, match="Two sources, one name"):
        move_plans([tmp_path / "a" / "x.svs", tmp_path / "b" / "X.svs"], {})


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no FIFOs here")
def test_a_fifo_is_named_as_such_also_inside_a_folder(tmp_path: Path) -> None:
    (tmp_path / "f").mkdir()
    os.mkfifo(tmp_path / "f" / "pipe")
    for source in (tmp_path / "f", tmp_path / "f" / "pipe"):
        with pytest.raises(UseError, match="no regular file"):
            move_plans([source], {})


def two_folders(tmp_path: Path, number: int) -> tuple[FolderDestination, tuple[TransferPlan, ...]]:
    share = FolderDestination(tmp_path / "share", "Rescans", "test")
    share.initialise()
    sources = [tmp_path / "in" / f"{each}.svs" for each in range(number)]
    made(*sources)
    return share, move_plans(sources, {})


QUIET = TransferWatch(progress=lambda _: None, stopped=lambda: False)


async def test_all_plans_are_carried_in_order(tmp_path: Path) -> None:
    share, plans = two_folders(tmp_path, 5)
    carried = await carry_plans(share, plans, 2, lambda _: QUIET)
    assert [each.files[0].destination for each in carried] == [f"{each}.svs" for each in range(5)]
    assert all((tmp_path / "share" / f"{each}.svs").read_bytes() == f"{each}.svs".encode() for each in range(5))


async def test_several_are_carried_side_by_side(tmp_path: Path) -> None:
    """Each waits for the other: one after the other they would never end."""
    share, plans = two_folders(tmp_path, 2)
    meeting = threading.Barrier(2, timeout=10)

    def met() -> bool:
        meeting.wait()
        return False

    await carry_plans(share, plans, 2, lambda _: TransferWatch(lambda _: None, once(met)))


async def test_the_first_error_stops_the_others_and_is_the_one_told(tmp_path: Path) -> None:
    share, plans = two_folders(tmp_path, 4)
    plans[0].members[0].source.unlink()
    with pytest.raises(SourceChangedError, match=r"0\.svs"):
        await carry_plans(share, plans, 1, lambda _: QUIET)
    assert not list((tmp_path / "share").glob("*.svs"))


async def test_the_first_error_stops_the_others_also_while_the_loop_is_busy(tmp_path: Path) -> None:
    share, plans = two_folders(tmp_path, 4)
    plans[0].members[0].source.unlink()
    asyncio.get_running_loop().call_soon(time.sleep, 0.5)
    with pytest.raises(SourceChangedError, match=r"0\.svs"):
        await carry_plans(share, plans, 1, lambda _: QUIET)
    assert not list((tmp_path / "share").glob("*.svs"))


async def test_whoever_gives_up_waits_for_the_threads(tmp_path: Path) -> None:
    share, plans = two_folders(tmp_path, 3)
    began = threading.Event()
    work = asyncio.create_task(
        carry_plans(share, plans, 1, lambda _: TransferWatch(lambda _: None, lambda: began.set() or False))
    )
    await asyncio.to_thread(began.wait, 10)
    work.cancel()
    with pytest.raises(asyncio.CancelledError):
        await work
    assert not any(thread.name.startswith("copy") for thread in threading.enumerate())


def once(act: Callable[[], bool]) -> Callable[[], bool]:
    """Return a callable that acts the first time only."""
    left = [act]
    return lambda: left.pop()() if left else False
