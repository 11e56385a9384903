"""When all will be safe, by numbers; and what is said where nobody can know."""

from datetime import timedelta
from pathlib import Path
from threading import Event

from app.domain.errors import DestinationError, RetryableError
from app.domain.step import StepState
from app.domain.transfer import TransferProgress
from app.pipeline.journey import COPY
from app.services.desk import Desk
from app.services.outlook import outlook
from tests.fakes.lab import Lab, until

MB = 1_000_000


async def test_the_bytes_of_all_scans_on_their_way_over_the_sustained_rate(lab: Lab, tmp_path: Path) -> None:
    lab.share.hold = Event()
    for name, barcode in (("a.svs", "620995"), ("b.svs", "407871"), ("c.svs", "545891")):
        lab.scan(name, barcode, size=MB)
    async with lab.open() as station:
        desk = Desk(station, tmp_path)
        await until(lambda: len(lab.share.copying) == 2)
        first = lab.share.copying[0]
        assert (desk.run().safe_at, desk.run().safe_note) == (None, "no speed measured yet")
        board, size = station.kit.progress, lab.get(first).scan.files.size_bytes
        lab.clock.skip(10)
        board.put(lab.id(first), TransferProgress(size, size // 2, size))
        rate = board.sustained_rate()
        assert rate is not None
        view, now = desk.run(), lab.clock.now()
        assert view.safe_at is not None
        expected = (size - size // 2 + 2 * size) / rate
        assert abs((view.safe_at - now).total_seconds() - expected) < 1.0, (
            "half of one, all of the other and of the one that waits"
        )
        assert view.safe_note == ""
        lab.share.hold.set()
        await lab.rest()
        assert (desk.run().safe_at, desk.run().safe_note) == (None, "")


async def test_who_waits_for_a_person_is_left_out_and_said(lab: Lab, tmp_path: Path) -> None:
    lab.scan("b.svs", "")
    lab.scan("c.svs", "999999")
    async with lab.open() as station:
        desk = Desk(station, tmp_path)
        await lab.rest()
        assert (desk.run().safe_at, desk.run().safe_note) == (None, "2 wait for you")
        lab.share.hold = Event()
        lab.scan("a.svs", "620995")
        await station.runner.look()
        await until(lambda: "a.svs" in lab.share.copying)
        lab.clock.skip(10)
        station.kit.progress.put(lab.id("a.svs"), TransferProgress(1000, 1000, 2000))
        view = desk.run()
        assert view.safe_at is not None
        assert view.safe_at - lab.clock.now() < timedelta(minutes=1)
        assert view.safe_note == "2 wait for you"
        await desk.pause(lab.id("a.svs"))
        await until(lambda: lab.get("a.svs").state is StepState.PAUSED)
        assert desk.run().safe_note == "2 wait for you, 1 paused"


async def test_a_share_in_trouble_and_a_scan_tried_again_give_a_reason_and_no_time(tmp_path: Path) -> None:
    lab = Lab(tmp_path, retry_seconds=60.0, poll_seconds=60.0)
    lab.scan("a.svs", "620995")
    lab.share.script["copy"].append(RetryableError("The share did not answer", "time-out"))
    async with lab.open() as station:
        kit, desk = station.kit, Desk(station, tmp_path)
        await until(lambda: lab.state("a.svs", COPY) is StepState.WAITING_TO_RETRY)
        assert (desk.run().safe_at, desk.run().safe_note) == (None, "trying again: The share did not answer")
        full = DestinationError("The destination is full", "0 bytes")
        ahead = outlook(station.dossiers(), kit.progress, full, lab.clock.now())
        assert (ahead.safe_at, ahead.note) == (None, "The destination is full")
