"""What the window shows and asks: badges, choices, counts, and the hand scanner's answers."""

import asyncio
from threading import Event

import pytest

from app.domain.errors import SlideError, UseError
from app.domain.hand_scan import HandReading, HandScan
from app.domain.run import SlideClass
from app.domain.slide import PictureKind
from app.domain.step import StepState
from app.pipeline.journey import CHECKSUM_SHARE, COPY
from app.services.demo_plan import BARCODE_PATTERN, HEADER, RULES, Part, demo_grid, demo_slides
from app.services.desk import Desk
from app.services.views import Choice, HandScanKind
from tests.fakes.lab import OPERATOR, Lab, until

S = StepState


async def test_a_safe_scan_a_nameless_one_and_one_the_sheet_does_not_know(lab: Lab, tmp_path) -> None:
    lab.scan("a.svs", "620995")
    lab.scan("b.svs", "")
    lab.scan("c.svs", "999999")
    async with lab.open() as station:
        desk = Desk(station, tmp_path)
        await lab.rest()
        views = {view.source_name: view for view in desk.scans()}
        assert {name: view.badge for name, view in views.items()} == {
            "a.svs": "Safe", "b.svs": "Which slide?", "c.svs": "Check the sheet",
        }  # fmt: skip
        assert views["a.svs"].attention is None
        assert "sheet written" in views["a.svs"].message
        assert views["a.svs"].verified_bytes == views["a.svs"].size_bytes
        assert views["b.svs"].attention.choices[0] is Choice.ASSIGN
        assert views["c.svs"].attention.choices == (Choice.RESTART, Choice.ASSIGN, Choice.SHOW_LABEL)
        run = desk.run()
        assert (run.verified, run.need_you, run.not_in_sheet, run.on_their_way) == (1, 2, 1, 0)
        assert {key for key, _ in desk.open_slides()} == {views["b.svs"].id, "999999"}
        detail = await desk.detail(views["a.svs"].id)
        assert detail.files[0][0] == str(lab.watch / "a.svs")
        assert detail.files[0][1:] == (views["a.svs"].destination, lab.get("a.svs").files[0].sha256)
        assert detail.log[0][1] == "Wait Until Written: Running (its turn has come)"
        assert await desk.picture(views["b.svs"].id, PictureKind.LABEL, 100) == b"label of b.svs"


async def test_a_scan_to_look_at_says_why_until_a_person_decided(lab: Lab, tmp_path) -> None:
    lab.scan("a.svs", "620995")
    lab.images.focus["a.svs"] = 0.31
    async with lab.open() as station:
        desk = Desk(station, tmp_path)
        await lab.rest()
        (view,) = desk.scans()
        assert (view.badge, view.verdict_by_person) == ("Safe, look at it", None)
        assert "Look at the focus: 0.31" in view.message
        await desk.verdict(view.id, "pass", "the tissue itself is soft")
        await lab.rest()
        (view,) = desk.scans()
        assert (view.badge, view.verdict_by_person) == ("Safe", "pass")
        assert "Look at the focus" not in view.message


async def test_badges_while_a_scan_is_on_its_way(lab: Lab, tmp_path) -> None:
    lab.scan("a.svs", "620995")
    lab.share.hold, lab.share.hold_at_end = Event(), Event()
    async with lab.open() as station:
        desk = Desk(station, tmp_path)
        await until(lambda: lab.state("a.svs", COPY) is S.RUNNING)
        scan = lab.id("a.svs")
        assert desk.scan(scan).badge == "Copying 0 %"
        lab.share.hold.set()
        await until(lambda: lab.state("a.svs", CHECKSUM_SHARE) is S.RUNNING)
        assert desk.scan(scan).badge == "Verifying"
        await desk.pause(scan)
        await until(lambda: desk.scan(scan).badge == "Paused")
        lab.share.hold_at_end.set()
        await desk.resume(scan)
        await lab.rest()
        assert desk.scan(scan).badge == "Safe"


async def test_choices_for_blur_for_two_scans_and_for_a_failure(lab: Lab, tmp_path) -> None:
    lab.images.blurry["new.svs"] = lab.images.blurry["b.svs"] = 12.4
    lab.scan("old.svs", "620995", mark="old")
    lab.scan("b.svs", "407871")
    async with lab.open() as station:
        desk = Desk(station, tmp_path)
        await lab.rest()
        lab.scan("new.svs", "620995", mark="new")
        await station.runner.look()
        await lab.rest()
        lab.scan("c.svs", "545891")
        lab.share.script["copy"].append(SlideError("No room for a folder", "a file lies there", "Move it"))
        await station.runner.look()
        await lab.rest()
        views = {view.source_name: view for view in desk.scans()}
        assert views["b.svs"].badge == "Need to rescan"
        assert views["b.svs"].attention.choices == (Choice.ORDER_RESCAN, Choice.ACCEPT, Choice.LOOK_CLOSER)
        assert views["new.svs"].attention.choices == (Choice.KEEP_OLD, Choice.KEEP_NEW, Choice.KEEP_BOTH)
        assert (views["c.svs"].badge, views["c.svs"].attention.title) == ("Failed", "No room for a folder")
        assert views["c.svs"].attention.hint == "Move it"
        await desk.keep(views["new.svs"].id, "new")
        await lab.rest()
        assert desk.scan(views["old.svs"].id).badge == "Older scan"
        assert desk.run().rescans == 1


async def test_the_hand_scanner_is_answered_in_every_case(lab: Lab, tmp_path) -> None:
    async with lab.open() as station:
        desk = Desk(station, tmp_path)

        async def scan(text: str) -> HandScanKind:
            return (await desk.hand_scan(text)).kind

        assert await scan("620995\r\n") is HandScanKind.ADDED
        assert await scan("620995") is HandScanKind.AGAIN
        lab.clock.skip(3)
        assert await scan("620995") is HandScanKind.EXPECTED
        assert await scan("999999") is HandScanKind.NOT_IN_SHEET
        assert await scan("hello") is HandScanKind.REFUSED
        assert await scan("") is HandScanKind.REFUSED
        assert [each.barcode for each in station.expected] == ["620995", "999999"]
        assert {each.barcode: each.klass for each in desk.run().expected} == {
            "620995": SlideClass.EXPECTED, "999999": SlideClass.NOT_IN_SHEET,
        }  # fmt: skip
        assert (await desk.hand_scan("407871")).text.startswith("Prec01 · Run 2 · P2")


async def test_what_the_hand_scanner_read_is_understood_by_pattern_sheet_and_run(lab: Lab, tmp_path) -> None:
    async with lab.open() as station:
        desk = Desk(station, tmp_path)
        await desk.hand_scan("620995")  # the sheet is read
        assert desk.understand(HandScan("]C0407871")) == HandReading(("407871",), "Code128")
        assert desk.understand(HandScan("]d20109506000134352\x1d21407871")).candidates == ("407871",)
        assert desk.understand(HandScan("hello")).candidates == ()


async def test_a_barcode_is_expected_although_the_sheet_is_away(lab: Lab, tmp_path) -> None:
    lab.sheet.be_away()
    async with lab.open() as station:
        answer = await Desk(station, tmp_path).hand_scan("620995")
        assert answer.kind is HandScanKind.ADDED
        assert "away" in answer.text
        assert [each.barcode for each in station.expected] == ["620995"]


async def test_changes_are_gathered_and_told(lab: Lab, tmp_path) -> None:
    told: list[frozenset[str]] = []
    lab.scan("a.svs", "620995")
    async with lab.open() as station:
        desk = Desk(station, tmp_path)
        end = desk.subscribe(told.append)
        await lab.rest()
        await until(lambda: any(lab.id("a.svs") in ids for ids in told))
        assert len(told) < 20, "forty moves are not forty calls"
        end()
        await asyncio.sleep(0.15)
        before = len(told)
        await desk.first(lab.id("a.svs"))
        await asyncio.sleep(0.15)
        assert len(told) == before


async def test_a_run_is_ended_and_started_from_the_window(lab: Lab, tmp_path) -> None:
    lab.scan("b.svs", "")
    async with lab.open() as station:
        desk = Desk(station, tmp_path)
        await lab.rest()
        with pytest.raises(UseError, match="open slides"):
            await desk.end_run({})
        out = await desk.end_run({lab.id("b.svs"): "no label"})
        assert out.read_bytes() == b"%PDF-"
        assert desk.run().run is None
        assert desk.scans() == ()
        with pytest.raises(UseError, match="No run is open"):
            await desk.hand_scan("620995")
        await desk.start_run(OPERATOR)
        assert desk.run().run.operator == OPERATOR


async def test_a_scanner_s_disk_that_cannot_be_asked_has_no_room_to_show(lab: Lab, tmp_path) -> None:
    async with lab.open() as station:
        desk = Desk(station, tmp_path)
        desk.station()
        await until(lambda: desk.station().room_for_slides)
        lab.watch.rename(lab.watch.with_name("gone"))
        lab.clock.skip(11)
        desk.station()
        await until(lambda: desk.station().room_for_slides is None)
        lab.watch.with_name("gone").rename(lab.watch)


def test_the_demo_s_slides_tell_its_story_whatever_their_number() -> None:
    import re

    for number in (1, 5, 9, 14, 40):
        slides = demo_slides(number)
        assert len(slides) == number
        assert len({slide.scan_name for slide in slides}) == number
        assert demo_slides(number) == slides, "the same each time"
        rows = demo_grid(slides)[2:]
        assert len({each[0] for each in rows}) == len(rows), "one row a slide"
        assert all(re.fullmatch(BARCODE_PATTERN, slide.barcode) for slide in slides)
        assert all((slide.sample is None) is (slide.made is not None) for slide in slides)
    assert demo_grid(slides)[:2] == [RULES, HEADER]
    assert demo_slides(9)[-1].part is Part.RESCAN
    assert {slide.part for slide in demo_slides(9)} == set(Part)
    assert next(slide.row for slide in slides if slide.part is Part.NOT_IN_SHEET) is None
