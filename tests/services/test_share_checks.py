"""What is known of the share's files: it is forgotten only once somebody looked and they were listed no more."""

import hashlib
import os
import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from app.domain.errors import RetryableError
from app.domain.settings import VerifySettings
from app.domain.transfer import BAD_MANIFEST, DIFFERS, MISSING, UNREADABLE
from app.pipeline.journey import SUPERSEDE
from app.services.desk import Desk
from app.services.rereading import Rereading
from app.services.share_checks import ShareChecks
from app.services.station import Station
from app.services.station_notes import StationNote
from tests.adapters.files.scene import QUIET
from tests.fakes.lab import Lab
from tests.fakes.share import ScriptedShare


@contextmanager
def without_answer(folder: Path) -> Iterator[None]:
    """Let a folder not be listed, as after a fault of its disk."""
    real = os.scandir

    def scandir(path: Path) -> object:
        if Path(path) == folder:
            raise OSError(5, "Input/output error")
        return real(path)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "scandir", scandir)
        yield


async def problems(station: Station) -> dict[str, str]:
    """Return the findings that are known, by path."""
    found = await station.share.findings()
    return {each.checked.path: each.checked.finding.problem for each in found if each.checked.finding}


@asynccontextmanager
async def with_known_damage(lab: Lab) -> AsyncIterator[tuple[Station, str]]:
    """Open a station that reads all of its share each day; its only slide is damaged, and that is known."""
    lab.settings = replace(lab.settings, verify=VerifySettings(100, 0, 0))
    lab.scan("a.svs", "620995")
    async with lab.open() as station:
        await lab.rest()
        place = lab.get("a.svs").files[0].destination
        whole = (lab.share_root / place).read_bytes()
        (lab.share_root / place).write_bytes(whole[:-1] + b"!")
        lab.clock.skip(24 * 3600)
        await Rereading(station.kit).act()
        assert await problems(station) == {place: DIFFERS}
        yield station, place
        (lab.share_root / place).write_bytes(whole)


async def test_a_folder_that_cannot_be_listed_is_told_and_nothing_below_it_forgotten(lab: Lab, tmp_path: Path) -> None:
    async with with_known_damage(lab) as (station, place):
        top = place.split("/")[0]
        with without_answer(lab.share_root / top):
            shown = {each.checked.path: each for each in (await Desk(station, tmp_path).share()).findings}
            assert set(shown) == {place, top}
            assert "Input/output error" in shown[top].words
            lab.clock.skip(24 * 3600)
            await Rereading(station.kit).act()
            assert await problems(station) == {place: DIFFERS, top: UNREADABLE}
            await station.share.read_findings_again()
            assert await problems(station) == {place: DIFFERS, top: UNREADABLE}
        await Desk(station, tmp_path).share()
        assert await problems(station) == {place: DIFFERS}


async def test_a_manifest_that_cannot_be_read_hides_no_finding_of_its_folder(lab: Lab, tmp_path: Path) -> None:
    async with with_known_damage(lab) as (station, place):
        manifest = (lab.share_root / place).with_name("manifest-sha256.txt")
        lines = manifest.read_text()
        manifest.unlink()
        manifest.symlink_to(tmp_path / "elsewhere")
        await Desk(station, tmp_path).share()
        lab.clock.skip(24 * 3600)
        await Rereading(station.kit).act()
        await station.share.read_findings_again()
        await Desk(station, tmp_path).share()
        told = manifest.relative_to(lab.share_root).as_posix()
        assert await problems(station) == {place: DIFFERS, told: BAD_MANIFEST}
        manifest.unlink()
        manifest.write_text(lines)
        await Desk(station, tmp_path).share()
        assert await problems(station) == {place: DIFFERS}


async def test_a_finding_of_a_file_that_two_manifests_list_is_kept(lab: Lab) -> None:
    async with with_known_damage(lab) as (station, place):
        content = (lab.share_root / place).read_bytes()
        (lab.share_root / "manifest-sha256.txt").write_text(f"{hashlib.sha256(content).hexdigest()}  {place}\n")
        lab.clock.skip(24 * 3600)
        await Rereading(station.kit).act()
        assert await problems(station) == {place: DIFFERS}
        began, result = lab.clock.now(), lab.share.scrub(QUIET)
        await ShareChecks.at_station(station.kit).note_all(lab.share, station.kit.threads.disk, result, began)
        assert await problems(station) == {place: DIFFERS}


@asynccontextmanager
async def with_one_slide(lab: Lab) -> AsyncIterator[Station]:
    """Open a station that reads all of its share each day, and has published a slide there."""
    lab.settings = replace(lab.settings, verify=VerifySettings(100, 0, 0))
    lab.scan("a.svs", "620995")
    async with lab.open() as station:
        await StationNote(station.kit, "scanner-pc").act()
        await lab.rest()
        yield station


async def test_a_folder_that_was_deleted_with_its_manifest_is_missed(lab: Lab, tmp_path: Path) -> None:
    async with with_one_slide(lab) as station:
        place = lab.get("a.svs").files[0].destination
        top = lab.share_root / place.split("/")[0]
        top.rename(tmp_path / "deleted")
        (finding,) = (await Desk(station, tmp_path).share()).findings
        assert finding.slide == "620995"
        assert "no manifest lists it" in finding.words
        assert str(lab.watch / "a.svs") in finding.hint
        assert finding.checked.finding is not None
        assert finding.checked.finding.listed == lab.get("a.svs").files[0].sha256
        lab.clock.skip(24 * 3600)
        await Rereading(station.kit).act()
        await station.share.read_findings_again()
        assert await problems(station) == {place: MISSING}
        (again,) = (await Desk(station, tmp_path).share()).findings
        assert again.checked.since == finding.checked.since
        (tmp_path / "deleted").rename(top)
        await station.share.read_findings_again()
        assert await problems(station) == {}


async def test_a_manifest_that_was_deleted_is_missed_too(lab: Lab, tmp_path: Path) -> None:
    async with with_one_slide(lab) as station:
        place = lab.get("a.svs").files[0].destination
        (lab.share_root / place).with_name("manifest-sha256.txt").unlink()
        await Desk(station, tmp_path).share()
        assert await problems(station) == {place: MISSING}


async def test_a_scan_that_moved_to_the_rescans_is_not_missed(lab: Lab, tmp_path: Path) -> None:
    async with with_one_slide(lab) as station:
        lab.scan("b.svs", "620995", mark="again")
        await station.runner.look()
        await lab.rest()
        assert lab.get("a.svs").scan.superseded_by == lab.id("b.svs")
        await Desk(station, tmp_path).share()
        assert await problems(station) == {}


async def test_a_scan_that_is_being_moved_is_not_missed(lab: Lab, tmp_path: Path) -> None:
    async with with_one_slide(lab) as station:
        before = lab.get("a.svs").files[0].destination
        lab.scan("b.svs", "620995", mark="again")
        lab.share.script["relocated"].extend([RetryableError("Cut", "after the move")] * 9)
        await station.runner.look()
        await lab.rest()
        assert not lab.get("b.svs").steps[SUPERSEDE].state.done
        assert lab.get("a.svs").files[0].destination == before, "the journal does not know yet that it moved"
        await Desk(station, tmp_path).share()
        assert await problems(station) == {}


async def test_scans_of_another_destination_are_not_missed(lab: Lab, tmp_path: Path) -> None:
    async with with_one_slide(lab):
        pass
    lab.share = ScriptedShare(tmp_path / "new share")
    lab.share.initialise()
    lab.scan("b.svs", "407871")
    lab.clock.skip(60)
    async with lab.open() as station:
        await StationNote(station.kit, "scanner-pc").act()
        await station.runner.look()
        await lab.rest()
        await Desk(station, tmp_path).share()
        assert await problems(station) == {}
        place = lab.get("b.svs").files[0].destination
        shutil.rmtree((tmp_path / "new share" / place).parent)
        await Desk(station, tmp_path).share()
        assert await problems(station) == {place: MISSING}
