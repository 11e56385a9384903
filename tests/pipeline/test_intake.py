"""Which sets of the watch folder are new scans: none is taken twice, and none is ever overlooked."""

import errno
import os
from pathlib import Path
from threading import Event

import pytest

from app.domain.scan import Member, ScanSet
from app.domain.step import StepState
from app.pipeline.journey import COPY, MATCH, SETTLE
from app.pipeline.steps.settle import Stillness
from tests.fakes.images import UNFINISHED, slide_bytes
from tests.fakes.lab import Lab, set_old, until

S = StepState


async def test_a_scan_is_taken_once_however_often_it_is_seen(lab: Lab) -> None:
    lab.scan("a.svs", "620995")
    async with lab.open() as station:
        assert await station.runner.look() == 0
        await lab.rest()
        assert await station.runner.look() == 0
    async with lab.open() as station:
        assert len(station.kit.ledger.all()) == 1


async def test_a_name_used_again_for_a_new_slide_is_a_new_scan(lab: Lab) -> None:
    lab.scan("slide 1.svs", "620995")
    async with lab.open() as station:
        await lab.rest()
        lab.scan("slide 1.svs", "407871")
        assert await station.runner.look() == 1
        await lab.rest()
        assert [d.scan.barcode for d in station.kit.ledger.all()] == ["620995", "407871"]
    assert len(lab.published()) == 2


async def test_a_name_used_again_after_a_scan_was_cancelled_is_a_new_scan(lab: Lab) -> None:
    path = lab.scan("slide 1.svs", "")
    async with lab.open() as station:
        await lab.rest()
        await station.acts.cancel(lab.id("slide 1.svs"))
        await until(lambda: lab.get("slide 1.svs").state is S.CANCELLED)
        assert await station.runner.look() == 0, "the same bytes stay given up"
        path.write_bytes(slide_bytes("407871", size=5000))
        assert await station.runner.look() == 1
        await lab.rest()
        assert lab.get("slide 1.svs").scan.barcode == "407871"
    assert len(lab.published()) == 1


async def test_a_scan_that_grows_while_it_is_known_is_no_second_scan(lab: Lab) -> None:
    lab.scan("a.svs", "620995")
    lab.share.hold = Event()
    async with lab.open() as station:
        await until(lambda: lab.state("a.svs", COPY) is S.RUNNING)
        lab.scan("a.svs", "620995", size=9000)
        assert await station.runner.look() == 0
        lab.share.hold.set()
        await lab.rest()
        assert lab.get("a.svs").files[0].size_bytes == 9000


async def test_what_lay_there_at_the_first_start_is_left_alone_until_a_person_takes_it_in(lab: Lab) -> None:
    set_old(lab.scan("old.svs", "620995"), 3600)
    async with lab.open(take_existing=False) as station:
        await lab.rest()
        assert lab.get("old.svs").scan.earlier
        assert station.dossiers() == ()
        set_old(lab.scan("copied in later.svs", "407871"), 3600)
        await station.runner.look()
        await lab.rest()
        assert not lab.get("copied in later.svs").scan.earlier
        assert len(lab.published()) == 1
        await station.acts.restart(lab.id("old.svs"))
        await lab.rest()
        assert lab.get("old.svs").state is S.SUCCEEDED
        assert lab.get("old.svs").scan.run == station.run.id
    assert len(lab.published()) == 2


async def test_a_run_that_takes_what_lies_there_takes_the_earlier_ones_too(lab: Lab) -> None:
    set_old(lab.scan("old.svs", "620995"), 3600)
    async with lab.open(take_existing=False):
        await lab.rest()
    async with lab.open(take_existing=True, once=True):
        await lab.rest()
        assert lab.get("old.svs").state is S.SUCCEEDED


async def test_what_was_scanned_while_the_program_was_closed_is_not_earlier(lab: Lab) -> None:
    async with lab.open(take_existing=False):
        assert lab.station.kit.ledger.all() == ()
    lab.scan("over night.svs", "620995")
    async with lab.open(take_existing=False):
        await lab.rest()
        assert lab.get("over night.svs").state is S.SUCCEEDED


async def test_a_scan_that_was_being_written_at_the_first_start_is_taken_in(lab: Lab) -> None:
    path = lab.scan("growing.svs", "620995")
    set_old(path, 5)
    async with lab.open(take_existing=False) as station:
        assert lab.get("growing.svs").scan.earlier
        lab.scan("growing.svs", "620995", size=9000)
        await station.runner.look()
        await lab.rest()
        assert lab.get("growing.svs").state is S.SUCCEEDED


async def test_a_watch_folder_that_cannot_be_listed_is_told_and_looked_at_again(lab: Lab) -> None:
    async with lab.open() as station:
        lab.watch.rename(lab.watch.with_name("gone"))
        await station.runner.look()
        assert station.runner.scanner_trouble is not None
        lab.watch.with_name("gone").rename(lab.watch)
        await station.runner.look()
        assert station.runner.scanner_trouble is None


def refuse_folder(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    scandir = os.scandir

    def refusing(path: Path) -> object:
        if Path(path).name == name:
            raise PermissionError(errno.EACCES, "Permission denied")
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refusing)


async def test_a_folder_that_cannot_be_read_is_told_and_the_others_are_taken_in(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    lab.scan("a.svs", "620995")
    async with lab.open() as station:
        with monkeypatch.context() as patch:
            refuse_folder(patch, "closed")
            lab.scan("b.svs", "407871")
            lab.scan("closed/c.svs", "")
            await station.runner.look()
            assert "closed: Permission denied" in str(station.runner.scanner_trouble)
            await lab.rest()
            assert lab.get("b.svs").state is S.SUCCEEDED
        assert await station.runner.look() == 1
        assert station.runner.scanner_trouble is None


async def test_a_file_that_does_not_answer_keeps_no_other_from_being_taken_in(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, lstat = lab.scan("a.svs", ""), os.lstat

    def refusing(asked: Path, **named: object) -> os.stat_result:
        if Path(asked).name == "a.svs":
            raise OSError(errno.EIO, "Input/output error")
        return lstat(asked, **named)

    async with lab.open() as station:
        await lab.rest()
        await station.acts.cancel(lab.id("a.svs"))
        await until(lambda: lab.get("a.svs").state is S.CANCELLED)
        path.write_bytes(slide_bytes("407871", size=5000))
        lab.scan("b.svs", "620995")
        with monkeypatch.context() as patch:
            patch.setattr(os, "lstat", refusing)
            assert await station.runner.look() == 1
            assert "a.svs: Input/output error" in str(station.runner.scanner_trouble)
        assert await station.runner.look() == 1
        assert station.runner.scanner_trouble is None


async def test_a_first_start_waits_until_it_can_see_all_that_lies_there(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else what it sees only later would be taken for new."""
    set_old(lab.scan("a.svs", "620995"), 3600)
    set_old(lab.scan("closed/old.svs", "407871"), 3600)
    with monkeypatch.context() as patch:
        refuse_folder(patch, "closed")
        async with lab.open(take_existing=False) as station:
            await station.runner.look()
            assert "closed: Permission denied" in str(station.runner.scanner_trouble)
            assert station.kit.ledger.all() == ()
            patch.undo()
            await station.runner.look()
            assert [each.scan.earlier for each in station.kit.ledger.all()] == [True, True]


async def test_a_set_whose_members_come_one_by_one_is_one_scan_with_all_of_them(lab: Lab) -> None:
    lab.scan("x/a.mrxs", "620995")
    (lab.watch / "x" / "a").mkdir()
    (lab.watch / "x" / "a" / "Slidedat.ini").write_bytes(b"ini")
    lab.share.hold = Event()
    async with lab.open() as station:
        await until(lambda: lab.state("a.mrxs", COPY) is S.RUNNING)
        (lab.watch / "x" / "a" / "Data0000.dat").write_bytes(b"data")
        assert await station.runner.look() == 0
        await station.acts.pause(lab.id("a.mrxs"))
        await until(lambda: lab.get("a.mrxs").state is S.PAUSED)
        await station.acts.restart(lab.id("a.mrxs"), SETTLE)
        lab.share.hold.set()
        await station.acts.resume(lab.id("a.mrxs"))
        await lab.rest()
    assert set(lab.published()) == {
        "Prec01/Run 2/620995_Prec01_P1.mrxs",
        "Prec01/Run 2/620995_Prec01_P1/Data0000.dat",
        "Prec01/Run 2/620995_Prec01_P1/Slidedat.ini",
    }


def look(stillness: Stillness, at: float, *, size: int = 1, mtime: float = 1000.0, wall: float | None = None) -> float:
    files = ScanSet(Path("scanner"), "a", (Member("a", size, int(mtime * 1e9)),))
    stillness.see(files, at, 1000.0 + at if wall is None else wall)
    return stillness.seconds(at)


def test_quiet_is_counted_from_the_last_change_of_any_member() -> None:
    stillness = Stillness(60)
    assert look(stillness, 0.0) == 0
    assert look(stillness, 50.0) == 50
    assert look(stillness, 55.0, size=2) == 0, "it grew"
    assert look(stillness, 100.0, size=2) == 45
    assert look(stillness, 101.0, size=2, mtime=1100.0) == 0, "it was touched"
    assert look(stillness, 161.5, size=2, mtime=1100.0) == 60.5


@pytest.mark.parametrize(("age", "counts"), [(61.0, True), (59.0, False)])
def test_a_file_older_than_the_quiet_time_counts_as_quiet_after_two_looks_two_seconds_apart(age, counts) -> None:
    stillness = Stillness(60)
    assert look(stillness, 0.0, wall=1000.0 + age) < 60, "one look is not enough"
    assert look(stillness, 1.0, wall=1001.0 + age) < 60
    assert (look(stillness, 2.0, wall=1002.0 + age) >= 60) is counts


async def test_a_scan_asked_about_half_written_goes_on_when_the_scanner_writes_on(lab: Lab) -> None:
    path = lab.watch / "half.svs"
    path.write_bytes(UNFINISHED.ljust(100, b"x"))
    async with lab.open(once=True):
        await lab.rest()
        assert lab.state("half.svs", SETTLE) is S.NEEDS_ATTENTION
    path.write_bytes(slide_bytes("620995"))
    async with lab.open(once=True) as station:
        await lab.rest()
        assert lab.get("half.svs").state is S.SUCCEEDED
        assert len(station.kit.ledger.all()) == 1


async def test_what_people_said_of_a_failed_scan_s_old_bytes_is_forgotten_with_them(lab: Lab) -> None:
    lab.scan("a.svs", "")
    async with lab.open() as station:
        await lab.rest()
        await station.acts.assign(lab.id("a.svs"), "999999", "a slip")
        await lab.rest()
        assert lab.get("a.svs").steps[MATCH].state is S.NEEDS_ATTENTION
        lab.scan("a.svs", "407871", size=7000)
        await station.runner.look()
        await lab.rest()
        assert lab.get("a.svs").scan.barcode == "407871"
        assert lab.get("a.svs").state is S.SUCCEEDED


async def test_notes_travel_with_the_slide_and_later_ones_are_no_new_scan(lab: Lab) -> None:
    (lab.scan("a.svs", "620995").with_suffix(".xml")).write_bytes(b"<Annotations/>")
    async with lab.open() as station:
        await lab.rest()
        finals = sorted(lab.published())
        assert [Path(final).suffix for final in finals] == [".svs", ".xml"]
        assert len({Path(final).stem for final in finals}) == 1
        (lab.watch / "a.xml").write_bytes(b"<Annotations>drawn a week later</Annotations>")
        await station.runner.look()
        await lab.rest()
        assert len(station.kit.ledger.all()) == 1
