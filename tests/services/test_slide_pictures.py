"""Where the pictures that a person looks at come from: the journal, the scanner's disk, the share, or nowhere."""

import asyncio
from pathlib import Path

from app.domain.pyramid import TileAddress
from app.domain.slide import PictureKind
from app.domain.step import StepState
from app.pipeline.journey import VERIFY
from app.services.desk import Desk
from tests.fakes.images import UNFINISHED
from tests.fakes.lab import Lab, set_old, until

THUMBNAIL, LABEL, MAP = PictureKind.THUMBNAIL, PictureKind.LABEL, PictureKind.QUALITY_MAP


async def test_earlier_scans_have_thumbnails_before_they_are_taken_in(lab: Lab, tmp_path: Path) -> None:
    set_old(lab.scan("old.svs", "620995"), 3600)
    async with lab.open(take_existing=False) as station:
        desk = Desk(station, tmp_path)
        (view,) = desk.scans()
        assert view.earlier
        assert await desk.picture(view.id, THUMBNAIL, 256) == b"thumbnail of old.svs at 256"
        assert (await desk.zoom(view.id)).pyramid is not None
        assert await desk.picture(view.id, MAP, 512) is None
        assert lab.images.inspected == [], "to look is not to take in"


async def test_small_pictures_come_from_the_journal_and_larger_ones_from_the_files(lab: Lab, tmp_path: Path) -> None:
    lab.scan("a.svs", "620995")
    lab.images.without_label.add("a.svs")
    async with lab.open() as station:
        desk = Desk(station, tmp_path)
        await lab.rest()
        scan = lab.id("a.svs")
        assert await desk.picture(scan, THUMBNAIL, 256) == b"thumbnail of a.svs"
        assert await desk.picture(scan, LABEL, 640) is None, "it was looked for when the slide was read"
        assert lab.images.shown == []
        assert await desk.picture(scan, THUMBNAIL, 1400) == b"thumbnail of a.svs at 1400"
        assert await desk.picture(scan, MAP, 512) == b"map"


async def test_a_scan_that_is_being_written_is_left_alone(lab: Lab, tmp_path: Path) -> None:
    path = lab.watch / "a.svs"
    path.write_bytes(UNFINISHED)
    async with lab.open() as station:
        desk = Desk(station, tmp_path)
        await until(lambda: station.dossiers())
        scan = lab.id("a.svs")
        assert await desk.picture(scan, THUMBNAIL, 256) is None
        zoom = await desk.zoom(scan)
        assert (zoom.pyramid, zoom.note) == (None, "")
        assert lab.images.shown == []
        await desk.cancel(scan)


async def test_tiles_come_from_the_scanner_and_after_it_from_the_share(lab: Lab, tmp_path: Path) -> None:
    source = lab.scan("a.svs", "620995")
    async with lab.open() as station:
        desk = Desk(station, tmp_path)
        await lab.rest()
        scan = lab.id("a.svs")
        assert await desk.tile(scan, TileAddress(0, 0, 0)) is None, "the geometry comes first"
        zoom = await desk.zoom(scan)
        assert zoom.pyramid is not None
        assert (zoom.pyramid.mpp, zoom.pyramid.objective) == (0.5, 20.0)
        assert await desk.tile(scan, TileAddress(1, 2, 0)) == f"1/2/0 of {source}".encode()
        source.unlink()
        copy = lab.share_root / lab.get("a.svs").files[0].destination
        assert (await desk.zoom(scan)).pyramid is not None
        assert await desk.tile(scan, TileAddress(1, 2, 0)) == f"1/2/0 of {copy}".encode()
        assert await desk.picture(scan, THUMBNAIL, 1400) == f"thumbnail of {copy.name} at 1400".encode()


async def test_a_scan_that_is_nowhere_says_so(lab: Lab, tmp_path: Path) -> None:
    source = lab.scan("a.svs", "620995")
    async with lab.open() as station:
        desk = Desk(station, tmp_path)
        await lab.rest()
        scan = lab.id("a.svs")
        assert lab.state("a.svs", VERIFY) is StepState.SUCCEEDED
        content = source.read_bytes()
        source.unlink()
        copy = lab.share_root / lab.get("a.svs").files[0].destination
        published = copy.read_bytes()
        copy.unlink()
        zoom = await desk.zoom(scan)
        assert (zoom.pyramid, zoom.note) == (None, "The scan is no longer on this PC")
        assert await desk.picture(scan, THUMBNAIL, 1400) == b"thumbnail of a.svs", "what was kept is shown"
        copy.write_bytes(published)
        source.write_bytes(content)
        lab.images.without_tiles.update({"a.svs", copy.name})
        assert await desk.zoom(scan) == type(zoom)(None, ""), "its format has no tiles: nothing to say"


async def test_hundreds_of_scans_are_told_a_few_at_a_time(lab: Lab, tmp_path: Path) -> None:
    for number in range(200):
        set_old(lab.scan(f"{number:03d}.svs", "620995"), 3600)
    async with lab.open(take_existing=False) as station:
        desk = Desk(station, tmp_path)
        told: list[frozenset[str]] = []
        leave = desk.subscribe(told.append)
        for dossier in station.kit.ledger.all():
            desk._note(dossier.id)
        await until(lambda: sum(map(len, told)) == 200)
        assert max(map(len, told)) <= 60
        leave()
        await asyncio.sleep(0)
