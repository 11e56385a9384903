"""Reading the share again: a part a day, the oldest check first, behind copies, remembered over a restart."""

import asyncio
import hashlib
import os
import time
from contextlib import suppress
from dataclasses import replace
from datetime import datetime

import pytest

from app.domain.settings import VerifySettings
from app.domain.transfer import DIFFERS, MISSING, TransferWatch
from app.pipeline.case import Kit
from app.services import rereading
from app.services.rereading import Rereading, reading_hours
from tests.fakes.lab import PATIENCE_SECONDS, Lab, until

WHOLE_DAY = {"from_hour": 0, "until_hour": 0}


def publish_by_hand(lab: Lab, *names: str, size: int = 100_000) -> None:
    """Put listed files on the share that this journal knows nothing of, as another PC does."""
    folder = lab.share_root / "2025"
    folder.mkdir(exist_ok=True)
    for name in names:
        content = os.urandom(size)
        (folder / name).write_bytes(content)
        with (folder / "manifest-sha256.txt").open("a", encoding="utf-8", newline="\n") as manifest:
            manifest.write(f"{hashlib.sha256(content).hexdigest()}  {name}\n")


def set_verify(lab: Lab, percent: float, **hours: int) -> None:
    lab.settings = replace(lab.settings, verify=VerifySettings(percent, **(hours or WHOLE_DAY)))


async def read_paths(kit: Kit) -> list[str]:
    """Return what was read again so far, in order of its time."""
    lines = [f"2025/{number}.svs" for number in range(10)]
    found = await kit.store.work(lambda journal: journal.scrubbed(lines))
    return [each.path for each in sorted(found.values(), key=lambda each: (each.at, each.path))]


async def test_a_part_a_day_is_read_and_every_file_comes_before_any_comes_twice(lab: Lab) -> None:
    publish_by_hand(lab, *(f"{number}.svs" for number in range(10)))
    set_verify(lab, 30)
    async with lab.kit_open() as kit:
        seen: list[set[str]] = []
        for _ in range(4):
            lab.share.calls.clear()
            await Rereading(kit).act()
            await Rereading(kit).act()
            assert lab.share.calls.count("scrub_files") == 1, "the day's part is read once"
            seen.append(set(await read_paths(kit)))
            lab.clock.skip(24 * 3600)
        assert [len(each) for each in seen] == [3, 6, 9, 10]


async def test_what_is_damaged_is_told_with_both_hashes_and_since_when(lab: Lab) -> None:
    publish_by_hand(lab, "0.svs", "1.svs", "2.svs")
    (lab.share_root / "2025/0.svs").write_bytes(b"x" * 100_000)
    (lab.share_root / "2025/1.svs").unlink()
    before = {path: path.read_bytes() for path in lab.share_root.rglob("*.svs")}
    set_verify(lab, 100)
    async with lab.kit_open() as kit:
        await Rereading(kit).act()
        first = await kit.store.work(lambda journal: journal.scrub_findings())
        assert [(each.path, each.finding and each.finding.problem) for each in first] == [
            ("2025/0.svs", DIFFERS),
            ("2025/1.svs", MISSING),
        ]
        differs = first[0].finding
        assert differs is not None
        assert differs.listed != differs.found
        assert len(differs.found) == 64
        lab.clock.skip(24 * 3600)
        await Rereading(kit).act()
        again = await kit.store.work(lambda journal: journal.scrub_findings())
        assert [each.since for each in again] == [each.since for each in first]
        assert again[0].at > first[0].at
    assert before == {path: path.read_bytes() for path in lab.share_root.rglob("*.svs")}, "nothing is changed by itself"


async def test_a_finding_goes_when_the_file_is_right_again_or_listed_no_more(lab: Lab) -> None:
    publish_by_hand(lab, "0.svs", "1.svs")
    good = (lab.share_root / "2025/0.svs").read_bytes()
    (lab.share_root / "2025/0.svs").write_bytes(b"bad")
    (lab.share_root / "2025/1.svs").unlink()
    set_verify(lab, 100)
    async with lab.kit_open() as kit:
        await Rereading(kit).act()
        (lab.share_root / "2025/0.svs").write_bytes(good)
        manifest = lab.share_root / "2025/manifest-sha256.txt"
        kept = [line for line in manifest.read_text().splitlines(keepends=True) if "1.svs" not in line]
        manifest.write_text("".join(kept))
        lab.clock.skip(24 * 3600)
        await Rereading(kit).act()
        assert await kit.store.work(lambda journal: journal.scrub_findings()) == ()


def until_stopped(_paths: object, watch: TransferWatch) -> None:
    """A reading that goes on until it is told to stop."""
    end = time.monotonic() + PATIENCE_SECONDS
    while not watch.stopped():
        assert time.monotonic() < end, "nobody stopped the reading"
        time.sleep(0.005)


def reading(kit: Kit) -> asyncio.Task[None]:
    return asyncio.create_task(Rereading(kit).act())


async def test_a_restart_goes_on_where_it_was(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rereading, "_BATCH_FILES", 2)
    publish_by_hand(lab, *(f"{number}.svs" for number in range(6)))
    set_verify(lab, 100)
    async with lab.kit_open() as kit:
        lab.share.script["scrub_files"].extend([lambda *_: None, until_stopped])
        work = reading(kit)
        await until(lambda: lab.share.calls.count("scrub_files") == 2)
        work.cancel()
        with suppress(asyncio.CancelledError):
            await work
        first = set(await read_paths(kit))
        assert len(first) == 2
    async with lab.kit_open() as kit:
        seen: list[str] = []
        for _ in range(3):
            lab.share.script["scrub_files"].append(lambda paths, _watch: seen.extend(paths))
        await Rereading(kit).act()
        assert sorted({*first, *seen}) == [f"2025/{number}.svs" for number in range(6)]
        assert len(seen) == 4, "what was read is not read again"


async def test_it_makes_way_for_a_copy_at_once(lab: Lab) -> None:
    publish_by_hand(lab, "0.svs")
    set_verify(lab, 100)
    async with lab.open(watch=True) as station:
        lab.share.script["scrub_files"].append(until_stopped)
        work = reading(station.kit)
        await until(lambda: lab.share.calls.count("scrub_files"))
        lab.scan("a.svs", "620995")
        await work
        await until(lambda: len(lab.published()) == 2)
        await lab.rest()
        await Rereading(station.kit).act()
        assert await read_paths(station.kit) == ["2025/0.svs"]


async def test_what_was_just_copied_counts_as_checked(lab: Lab) -> None:
    set_verify(lab, 50)
    async with lab.open() as station:
        lab.scan("a.svs", "620995", size=100_000)
        await station.runner.look()
        await lab.rest()
        publish_by_hand(lab, "0.svs")
        await Rereading(station.kit).act()
        assert await read_paths(station.kit) == ["2025/0.svs"]
        place = lab.get("a.svs").files[0].destination
        assert await station.kit.store.work(lambda journal: journal.scrubbed([place])) == {}


async def test_it_ends_with_its_hours_and_does_not_begin_outside_them(lab: Lab) -> None:
    publish_by_hand(lab, "0.svs")
    hour = lab.clock.now().astimezone().hour
    set_verify(lab, 100, from_hour=(hour + 2) % 24, until_hour=(hour + 3) % 24)
    async with lab.kit_open() as kit:
        await Rereading(kit).act()
        assert "scrub_files" not in lab.share.calls
    set_verify(lab, 100, from_hour=(hour - 1) % 24, until_hour=(hour + 2) % 24)
    async with lab.kit_open() as kit:
        lab.share.script["scrub_files"].append(until_stopped)
        work = reading(kit)
        await until(lambda: lab.share.calls.count("scrub_files"))
        lab.clock.skip(3 * 3600)
        await work
        assert await read_paths(kit) == []


@pytest.mark.parametrize(
    ("hours", "now", "expected"),
    [
        ((20, 6), "2026-11-22 21:00", ("2026-11-22 20:00", "2026-11-23 06:00")),
        ((20, 6), "2026-11-23 05:59", ("2026-11-22 20:00", "2026-11-23 06:00")),
        ((20, 6), "2026-11-23 12:00", ("2026-11-22 20:00", "2026-11-23 06:00")),
        ((8, 8), "2026-11-23 07:00", ("2026-11-22 08:00", "2026-11-23 08:00")),
        ((1, 5), "2026-11-23 00:30", ("2026-11-22 01:00", "2026-11-22 05:00")),
    ],
)
def test_the_hours_of_a_day(hours: tuple[int, int], now: str, expected: tuple[str, str]) -> None:
    found = reading_hours(VerifySettings(1, *hours), datetime.fromisoformat(now).astimezone())
    assert found == tuple(datetime.fromisoformat(each).astimezone() for each in expected)
