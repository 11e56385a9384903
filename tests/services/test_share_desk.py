"""What the window shows of the share, and what a person may remove there."""

from dataclasses import replace
from pathlib import Path

import pytest

from app.domain.errors import DestinationError, UseError
from app.domain.settings import VerifySettings
from app.pipeline.journey import VERIFY
from app.services.desk import Desk
from app.services.leftovers import LeftoverRemoval, Whose
from app.services.rereading import Rereading
from app.services.station_notes import StationNote
from tests.fakes.lab import Lab, set_old, until


async def test_what_was_copied_now_is_checked_and_damage_is_told_with_the_slide_and_the_scanners_file(
    lab: Lab, tmp_path: Path
) -> None:
    lab.settings = replace(lab.settings, verify=VerifySettings(100, 0, 0))
    lab.scan("a.svs", "620995")
    async with lab.open() as station:
        await lab.rest()
        desk = Desk(station, tmp_path)
        good = await desk.share()
        assert (good.files, good.recent_bytes, good.never_bytes) == (1, good.size_bytes, 0)
        assert good.oldest_check == lab.get("a.svs").steps[VERIFY].ended_at
        assert good.findings == good.leftovers == ()
        damaged = lab.share_root / lab.get("a.svs").files[0].destination
        whole = damaged.read_bytes()
        damaged.write_bytes(whole[:-1] + b"!")
        lab.clock.skip(24 * 3600)
        await Rereading(station.kit).act()
        (finding,) = (await desk.share()).findings
        assert finding.slide == "620995"
        assert str(lab.watch / "a.svs") in finding.hint
        await until(lambda: desk.station().share_findings == 1)
        damaged.write_bytes(whole)
        await desk.read_findings_again()
        assert (await desk.share()).findings == ()
        await until(lambda: desk.station().share_findings == 0)


async def test_a_share_that_is_away_is_said(lab: Lab, tmp_path: Path) -> None:
    async with lab.open() as station:
        (lab.share_root / ".slideferry/destination.json").unlink()
        with pytest.raises(DestinationError):
            await Desk(station, tmp_path).share()


async def test_a_part_that_a_scan_waits_for_is_no_leftover_and_stays(lab: Lab) -> None:
    lab.scan("a.svs", "620995")
    lab.share.script["read back"].append(UseError("Stopped by the test", "after the copy"))
    async with lab.open() as station:
        await lab.rest()
        (part,) = station.kit.destination.leftovers()
        assert (await station.share.look()).leftovers == ()
        with pytest.raises(UseError, match="waits for"):
            await station.share.remove(LeftoverRemoval((part.path,), "tidy", force=True))
        assert (lab.share_root / part.path).exists()


async def test_what_nobody_waits_for_is_removed_with_an_audit_entry_and_nothing_else_is(lab: Lab) -> None:
    async with lab.open() as station:
        folder = lab.share_root / "2026"
        folder.mkdir()
        parts = [folder / f".x.svs.{letter * 16}.part" for letter in "ab"]
        for part in parts:
            part.write_bytes(b"x")
            set_old(part, 2 * 86400)
        shown = (await station.share.look()).leftovers
        assert [each.whose for each in shown] == [Whose.UNKNOWN] * 2
        wanted = LeftoverRemoval((f"2026/{parts[0].name}", "2026/no such"), "tidy", force=True)
        with pytest.raises(UseError):
            await station.share.remove(wanted)
        assert all(part.exists() for part in parts), "one wrong name, and nothing is removed"
        body = LeftoverRemoval((f"2026/{parts[0].name}",), "PC replaced", force=False).body()
        await station.act("remove_leftovers", body, "asker")
        assert [part.exists() for part in parts] == [False, True]
        audits = await station.kit.store.work(lambda journal: journal.audits())
        assert [(each.action, each.reason, each.account) for each in audits] == [
            ("remove leftover", "PC replaced", "asker")
        ]


async def test_a_link_in_a_leftovers_place_is_never_followed(lab: Lab, tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.write_bytes(b"x")
    async with lab.open() as station:
        folder = lab.share_root / "2026"
        folder.mkdir()
        name = f".x.svs.{'a' * 16}.part"
        (folder / name).symlink_to(precious)
        (lab.share_root / "other").symlink_to(tmp_path / "outside")
        (tmp_path / "outside").mkdir()
        (tmp_path / "outside" / name).write_bytes(b"x")
        for path in (f"2026/{name}", f"other/{name}"):
            with pytest.raises(UseError):
                await station.share.remove(LeftoverRemoval((path,), "tidy", force=True))
        assert precious.exists()
        assert (tmp_path / "outside" / name).exists()


async def test_stations_say_that_they_are_at_work(lab: Lab) -> None:
    async with lab.open() as station:
        await StationNote(station.kit, "scanner-pc").act()
        await StationNote(station.kit, "scanner-pc").act()
        (note,) = (await station.share.look()).stations
        assert (note.station, note.scanner, note.version) == ("scanner-pc", "Raven", "1.0")
        (lab.share_root / ".slideferry/stations/odd.json").write_text("[")
        assert [each.station for each in station.kit.destination.stations()] == ["scanner-pc"]
        station.kit.gate.close(DestinationError("Away", "it is"))
        await StationNote(station.kit, "scanner-pc").act()
        assert lab.share.calls.count("announce") == 2
