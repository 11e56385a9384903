"""Freeing the scanner's disk: never without being told, never early, never what was not verified, oldest first."""

import asyncio
import os
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from app.adapters.files import platform_posix
from app.domain.dossier import Change
from app.domain.settings import ReleaseSettings
from app.domain.step import StepState
from app.domain.transfer import CheckGrade
from app.pipeline.journey import RELEASE, VERIFY
from app.services.room import RoomKeeper, room_warning, slides_that_fit
from tests.fakes.lab import Lab, set_old, until

S = StepState
DAY = 86400
GB = 1_000_000_000


class MeasuredDisk:
    """A scanner's disk of a size a test gives: what is free follows from what lies in the folder."""

    def __init__(self, inner, size_bytes: int) -> None:
        self._inner = inner
        self.size_bytes = size_bytes

    def __getattr__(self, name: str):
        return getattr(self._inner, name)

    def free_bytes(self, folder: Path) -> int:
        return self.size_bytes - sum(path.stat().st_size * 1_000_000 for path in folder.rglob("*.svs"))


def short_of_room(lab: Lab, station, *, size_gb: float) -> RoomKeeper:
    """Make the scanner's disk this large; a scan of 1000 bytes counts as 1 GB."""
    kit = replace(station.kit, source=MeasuredDisk(station.kit.source, int(size_gb * GB)))
    for case in station.runner._walks.values():
        raise AssertionError(f"something goes on: {case}")
    station.kit = station.runner._kit = kit
    return RoomKeeper(kit)


async def three_scans(lab: Lab, station) -> list[Path]:
    """Verify three scans one after the other, an hour apart."""
    paths = []
    for name, barcode in (("a.svs", "620995"), ("b.svs", "407871"), ("c.svs", "545891")):
        paths.append(lab.scan(name, barcode, size=1000))
        await station.runner.look()
        await lab.rest()
        lab.clock.skip(3600)
    return paths


async def test_nothing_is_removed_while_there_is_room_and_then_the_oldest_first(lab: Lab) -> None:
    lab.settings = replace(lab.settings, release=ReleaseSettings("verified", 0.0, free_below_gb=2.0))
    async with lab.open() as station:
        keeper = short_of_room(lab, station, size_gb=5.0)
        a, b, c = await three_scans(lab, station)
        await keeper.look()
        assert a.exists()
        assert {lab.state(each.name, RELEASE) for each in (a, b, c)} == {S.WAITING_TO_RETRY}, "2 GB are free"
        station.kit.source.size_bytes -= GB // 2
        await keeper.look()
        assert [each.exists() for each in (a, b, c)] == [False, True, True], "the oldest made room enough"
        station.kit.source.size_bytes -= 10 * GB
        await keeper.look()
        assert [each.exists() for each in (a, b, c)] == [False, False, False]
        assert {lab.get(each.name).state for each in (a, b, c)} == {S.SUCCEEDED}


async def test_the_promise_to_keep_a_scan_for_days_holds_however_short_the_room_is(lab: Lab) -> None:
    lab.settings = replace(lab.settings, release=ReleaseSettings("verified", 7.0, free_below_gb=2.0))
    async with lab.open() as station:
        keeper = short_of_room(lab, station, size_gb=1.0)
        a, b, c = await three_scans(lab, station)
        await keeper.look()
        assert all(each.exists() for each in (a, b, c))
        lab.clock.skip(7 * DAY - 2.5 * 3600)
        for each in (a, b, c):
            station.runner.go_on(lab.id(each.name))
        await until(lambda: not a.exists())
        await keeper.look()
        assert b.exists(), "its seven days end an hour later"


async def test_settings_that_know_no_room_let_go_what_waited_for_it(lab: Lab) -> None:
    lab.settings = replace(lab.settings, release=ReleaseSettings("verified", 0.0, free_below_gb=0.000001))
    async with lab.open() as station:
        paths = await three_scans(lab, station)
    lab.settings = replace(lab.settings, release=ReleaseSettings("verified", 0.0))
    async with lab.open() as station:
        await RoomKeeper(station.kit).look()
        assert not any(path.exists() for path in paths)


async def test_a_scan_that_changed_since_it_was_verified_stays_and_is_a_question(lab: Lab) -> None:
    lab.release(1.0)
    path = lab.scan("a.svs", "620995")
    async with lab.open() as station:
        await lab.rest()
        path.write_bytes(path.read_bytes() + b"more")
        lab.clock.skip(2 * DAY)
        station.runner.go_on(lab.id("a.svs"))
        await until(lambda: lab.state("a.svs", RELEASE) is S.NEEDS_ATTENTION)
        assert "changed" in lab.get("a.svs").steps[RELEASE].title
        assert path.exists()
        assert station.kit.gate.is_open, "the share is well"


async def test_bytes_that_rotted_without_a_trace_in_size_or_time_stay_too(lab: Lab) -> None:
    lab.release(1.0)
    path = lab.scan("a.svs", "620995")
    set_old(path, 100)
    async with lab.open() as station:
        await lab.rest()
        path.write_bytes(path.read_bytes()[:-1] + b"?")
        set_old(path, 100)
        found = lab.get("a.svs").scan.files
        os.utime(path, ns=(found.members[0].mtime_ns, found.members[0].mtime_ns))
        lab.clock.skip(2 * DAY)
        station.runner.go_on(lab.id("a.svs"))
        await until(lambda: lab.state("a.svs", RELEASE) is S.NEEDS_ATTENTION)
        assert path.exists()


async def test_a_file_that_came_beside_a_set_is_never_removed(lab: Lab) -> None:
    """Somebody put notes into the folder of an MRXS set: nothing of it goes before a person looked."""
    lab.release(1.0)
    main = lab.scan("x.mrxs", "620995")
    lab.scan("x/Data0000.dat", "")
    async with lab.open() as station:
        await lab.rest()
        notes = main.with_suffix("") / "Data0001.dat"
        notes.write_bytes(b"not in the journal")
        lab.clock.skip(2 * DAY)
        station.runner.go_on(lab.id("x.mrxs"))
        await until(lambda: lab.state("x.mrxs", RELEASE) is S.NEEDS_ATTENTION)
        assert main.exists()
        assert notes.exists()
        notes.unlink()
        await station.acts.restart(lab.id("x.mrxs"))
        await until(lambda: lab.state("x.mrxs", RELEASE) is S.SUCCEEDED)
        assert list(lab.watch.rglob("*")) == []


async def test_one_rotten_member_on_the_share_keeps_the_whole_set_on_the_scanner(lab: Lab) -> None:
    lab.release(1.0)
    lab.scan("x.mrxs", "620995")
    lab.scan("x/Data0000.dat", "")
    async with lab.open() as station:
        await lab.rest()
        rotten = lab.share_root / lab.get("x.mrxs").files[1].destination
        good = rotten.read_bytes()
        rotten.write_bytes(good[:-1] + b"?")
        lab.clock.skip(2 * DAY)
        station.runner.go_on(lab.id("x.mrxs"))
        await until(lambda: lab.state("x.mrxs", RELEASE) is S.FAILED)
        assert station.kit.gate.alarm, "a rotten share is an alarm"
        assert len([path for path in lab.watch.rglob("*") if path.is_file()]) == 2
        rotten.write_bytes(good)


async def test_a_removal_that_was_cut_short_goes_on(lab: Lab) -> None:
    lab.release(1.0)
    main = lab.scan("x.mrxs", "620995")
    lab.scan("x/Data0000.dat", "")
    lab.scan("x/Data0001.dat", "")
    async with lab.open() as station:
        await lab.rest()
        (main.with_suffix("") / "Data0001.dat").unlink()
        lab.clock.skip(2 * DAY)
        station.runner.go_on(lab.id("x.mrxs"))
        await until(lambda: lab.state("x.mrxs", RELEASE) is S.SUCCEEDED)
    assert list(lab.watch.rglob("*")) == []


async def test_an_image_that_moves_while_it_is_read_is_read_again_and_no_alarm(lab: Lab) -> None:
    lab.release(1.0)
    old = lab.scan("old.svs", "620995", mark="old")
    async with lab.open() as station:
        await lab.rest()

        def hide(file) -> None:
            path = lab.share_root / file.destination
            moved = replace(file, destination=f"elsewhere/{path.name}")
            (lab.share_root / "elsewhere").mkdir()
            path.rename(lab.share_root / moved.destination)
            change = station.kit.ledger.apply(lab.id("old.svs"), Change(files=(moved,)))
            asyncio.run_coroutine_threadsafe(change, loop).result(5)

        loop = asyncio.get_running_loop()
        lab.share.script["check_file"].append(hide)
        lab.clock.skip(2 * DAY)
        station.runner.go_on(lab.id("old.svs"))
        await until(lambda: lab.state("old.svs", RELEASE) is S.SUCCEEDED)
        assert not old.exists()
        assert station.kit.gate.is_open


@pytest.mark.skipif(sys.platform != "linux", reason="what another system's cache holds is not known")
async def test_a_set_is_called_checked_as_its_least_sure_member_was(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of one companion the cache keeps a page, when it is verified and when the scanner's disk is freed."""
    lower = CheckGrade.CACHE_NOT_BYPASSED.value
    monkeypatch.setattr(platform_posix, "reads_directly", lambda _: False)
    monkeypatch.setattr(platform_posix, "drop_cache", lambda _fd, _offset, length: length != 5000)
    lab.release(1.0)
    main = lab.scan("x.mrxs", "620995")
    lab.scan("x/Data0000.dat", "", size=5000)
    async with lab.open() as station:
        await lab.rest()
        assert [file.check for file in lab.get("x.mrxs").files] == [CheckGrade.READ_BACK.value, lower]
        assert lab.get("x.mrxs").steps[VERIFY].message == f"{lower}, equal"
        lab.clock.skip(2 * DAY)
        station.runner.go_on(lab.id("x.mrxs"))
        await until(lambda: lab.state("x.mrxs", RELEASE) is S.SUCCEEDED)
        assert lower in lab.get("x.mrxs").steps[RELEASE].message
        assert not main.exists()


def test_how_many_slides_fit_follows_the_usual_size_not_the_odd_one() -> None:
    sizes = [GB, GB, GB, 100 * GB, 5]
    assert slides_that_fit(10 * GB, sizes) == 10
    assert slides_that_fit(3 * GB, []) == 2
    assert slides_that_fit(10 * GB, [100 * GB] * 60 + [GB] * 50) == 10, "the recent ones"


@pytest.mark.parametrize(
    ("settings", "free", "slides", "words"),
    [
        (ReleaseSettings("verified", 7.0, 50.0), 60 * GB, 40, ""),
        (ReleaseSettings("never"), 4 * GB, 2, "room for 2 more slides; nothing is removed by itself"),
        (ReleaseSettings("verified", 7.0, 50.0), 3 * GB, 3, "room for 3 more slides; the oldest verified scan may go"),
        (ReleaseSettings("verified", 0.0, 50.0), 1 * GB, 1, "room for 1 more slide; the oldest verified scan goes now"),
    ],
)
async def test_a_disk_short_of_room_says_what_may_go_and_when(lab: Lab, settings, free, slides, words) -> None:
    lab.release(30.0)
    lab.scan("a.svs", "620995")
    async with lab.open() as station:
        await lab.rest()
        found = station.kit.ledger.all()
        now = lab.get("a.svs").steps[VERIFY].ended_at or datetime.now(UTC)
        told = room_warning(settings, free, slides, found, now + timedelta(hours=1))
        assert words in told
        assert bool(told) == bool(words)
        assert "no verified scan waits" in room_warning(settings, free, 1, (), now) or settings.policy == "never"
