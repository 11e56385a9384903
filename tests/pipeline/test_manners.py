"""A good guest: makes way while the scanner writes, and goes on at full speed when it does not."""

import asyncio
import errno
from dataclasses import replace
from pathlib import Path
from threading import Event

import pytest

from app.adapters.files.failures import from_source
from app.domain.errors import StoppedError
from app.domain.scan import ScanId
from app.domain.step import StepState
from app.pipeline.case import Case
from app.pipeline.journey import COPY
from app.services.desk import Desk
from tests.fakes.lab import Lab, until


def gentle(tmp_path: Path, how: str, **pipeline: object) -> Lab:
    return Lab(tmp_path, gentle=how, poll_seconds=60.0, **pipeline)


async def test_it_makes_way_while_the_scanner_writes_and_comes_forward_afterwards(tmp_path: Path) -> None:
    lab = gentle(tmp_path, "while_scanning", copies=4)
    async with lab.open() as station:
        kit, manners = station.kit, station.runner.manners
        await manners.look()
        assert (manners.stepping_back, kit.copying.number) == (False, 2)
        station.intake.last_write = lab.clock.monotonic()
        await manners.look()
        assert (manners.stepping_back, kit.copying.number, kit.pacing.is_braked()) == (True, 1, True)
        assert lab.guest.told == ["back"]
        assert Desk(station, tmp_path).station().makes_way
        lab.clock.skip(6)
        await manners.look()
        assert lab.guest.told == ["back", "back"], "threads begun since are told, too"
        lab.clock.skip(25)
        await manners.look()
        assert (manners.stepping_back, kit.copying.number, kit.pacing.is_braked()) == (False, 2, False)
        assert lab.guest.told == ["back", "back", "forward"]


@pytest.mark.parametrize(("how", "back"), [("always", True), ("never", False), ("while_scanning", True)])
async def test_a_scan_that_is_not_finished_counts_as_writing(tmp_path: Path, how: str, back: bool) -> None:
    lab = gentle(tmp_path, how)
    lab.settings = replace(lab.settings, scanner=replace(lab.settings.scanner, settle_seconds=3600.0))
    lab.scan("a.svs", "620995")
    async with lab.open() as station:
        await until(lambda: lab.get("a.svs").state is StepState.RUNNING)
        await station.runner.manners.look()
        assert station.runner.manners.stepping_back is back
    assert ("back" in lab.guest.told) is back


async def test_two_slides_at_once_become_one_while_the_scanner_writes(tmp_path: Path) -> None:
    lab = gentle(tmp_path, "while_scanning")
    lab.share.hold = Event()
    for name, barcode in (("a.svs", "620995"), ("b.svs", "407871"), ("c.svs", "545891")):
        lab.scan(name, barcode)
    async with lab.open() as station:
        await until(lambda: len(lab.share.copying) == 2)
        station.intake.last_write = lab.clock.monotonic()
        await station.runner.manners.look()
        lab.share.hold.set()
        await lab.rest()
        assert station.kit.copying.number == 1
        assert len(lab.published()) == 3


async def test_a_scan_that_another_program_holds_is_tried_again_for_five_minutes(tmp_path: Path) -> None:
    lab = Lab(tmp_path, retries=0)
    sharing = OSError(errno.EACCES, "The process cannot access the file")
    sharing.winerror = 32
    held = from_source(sharing, "a.svs")

    def held_five_minutes_later(*_: object) -> None:
        lab.clock.skip(301)
        raise held

    lab.scan("a.svs", "620995")
    lab.share.script["copy"].extend([held] * 6)
    async with lab.open() as station:
        await lab.rest()
        assert lab.state("a.svs", COPY) is StepState.SUCCEEDED, "six times held, then free"
        lab.scan("b.svs", "407871")
        lab.share.script["copy"].extend([held, held, held_five_minutes_later])
        await station.runner.look()
        await lab.rest()
        assert lab.state("b.svs", COPY) is StepState.FAILED, "but not for ever"
        assert "holds" in lab.get("b.svs").steps[COPY].title


async def test_a_reading_that_waits_behind_copies_ends_when_it_is_asked_to(tmp_path: Path) -> None:
    lab = Lab(tmp_path, copies=1)
    async with lab.kit_open() as kit:
        case, waited = Case(kit, ScanId("a")), []

        async def read() -> None:
            async with case.after_copies():
                waited.append("read")

        async with kit.copying.place(lambda: (0,)):
            reading = asyncio.create_task(read())
            await until(lambda: kit.copying.waiting == 1)
            case.stop()
            with pytest.raises(StoppedError):
                await reading
        assert waited == []
        async with asyncio.timeout(5), kit.copying.place(lambda: (0,)):
            pass


async def test_the_only_place_is_used_again_after_a_reading(tmp_path: Path) -> None:
    lab = Lab(tmp_path, copies=1)
    lab.release(0.0)
    for name, barcode in (("a.svs", "620995"), ("b.svs", "407871"), ("c.svs", "545891")):
        lab.scan(name, barcode)
    async with lab.open() as station:
        await lab.rest()
        assert not any(lab.watch.iterdir()), "all were read at both ends and freed"
        async with asyncio.timeout(5), station.kit.copying.place(lambda: (0,)):
            pass
    assert len(lab.published()) == 3
