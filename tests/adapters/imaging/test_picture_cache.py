"""Pictures kept on disk: whole or not at all, never too many, for this account alone, for any number of programs."""

import asyncio
import multiprocessing
import os
import shutil
import stat
import sys
import time
from pathlib import Path

import pytest

from app.adapters.imaging.finder import FolderFinder
from app.adapters.imaging.images import DecoderImages
from app.adapters.imaging.picture_cache import PictureCache, picture_key
from app.domain.scan import ScanSet
from app.domain.slide import PictureKind
from tests.adapters.imaging.samples import CODE128, SMALL_REGION

PNG = b"\x89PNG" + bytes(996)


def key(number: int) -> str:
    return f"{number:040x}"[::-1]


def entries(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def scan_of(path: Path) -> ScanSet:
    (scan,) = FolderFinder().find_named(path)
    return scan


async def test_a_thumbnail_is_drawn_once(tmp_path: Path) -> None:
    slide = tmp_path / "slide.svs"
    shutil.copy(SMALL_REGION, slide)
    scan, folder = scan_of(slide), tmp_path / "cache"
    images = DecoderImages(cache=PictureCache(folder))
    drawn = await images.shown_picture(scan, PictureKind.THUMBNAIL, 256)
    await images.close()
    assert drawn is not None
    assert drawn.startswith(b"\xff\xd8\xff")
    (kept,) = entries(folder)
    assert "slide" not in kept.name
    slide.rename(tmp_path / "away.svs")
    again = DecoderImages(cache=PictureCache(folder))
    assert await again.shown_picture(scan, PictureKind.THUMBNAIL, 256) == drawn
    assert await again.shown_picture(scan, PictureKind.THUMBNAIL, 128) is None, "of this size it was never drawn"
    await again.close()


async def test_another_slide_under_the_same_name_is_never_shown_as_this_one(tmp_path: Path) -> None:
    slide = tmp_path / "slide.svs"
    shutil.copy(SMALL_REGION, slide)
    scan = scan_of(slide)
    shutil.copy(CODE128, slide)
    images = DecoderImages(cache=PictureCache(tmp_path / "cache"))
    assert await images.shown_picture(scan, PictureKind.LABEL, 256) is None
    assert await images.shown_picture(scan_of(slide), PictureKind.LABEL, 256) is not None
    assert len(entries(tmp_path / "cache")) == 1
    await images.close()


def test_the_key_follows_files_kind_and_size(tmp_path: Path) -> None:
    slide = tmp_path / "slide.svs"
    shutil.copy(CODE128, slide)
    before = scan_of(slide)
    os.utime(slide, ns=(1, 1))
    after = scan_of(slide)
    kinds = (PictureKind.THUMBNAIL, PictureKind.LABEL)
    keys = {picture_key(scan, kind, size) for scan in (before, after) for kind in kinds for size in (256, 640)}
    assert len(keys) == 8


@pytest.mark.parametrize("damage", [b"", b"\x00" * 1016, b"short"])
def test_a_damaged_entry_is_missed_and_removed(tmp_path: Path, damage: bytes) -> None:
    cache = PictureCache(tmp_path)
    cache.put(key(1), PNG)
    (entry,) = entries(tmp_path)
    entry.write_bytes(damage)
    assert cache.get(key(1)) is None
    assert not entry.exists()
    cache.put(key(1), PNG)
    assert cache.get(key(1)) == PNG


def test_it_stays_within_its_limit_and_keeps_what_was_looked_at(tmp_path: Path) -> None:
    cache = PictureCache(tmp_path, limit_bytes=20_000)
    for number in range(60):
        cache.put(key(number), PNG)
        age = 1000 - number
        path = cache._path(key(number))
        os.utime(path, (time.time() - age, time.time() - age))
        assert cache.get(key(0)) == PNG, "looked at again and again"
    assert sum(path.stat().st_size for path in entries(tmp_path)) <= 20_000
    assert cache.get(key(59)) == PNG
    assert cache.get(key(1)) is None


def test_a_picture_nobody_looks_at_goes_after_its_days(tmp_path: Path) -> None:
    cache = PictureCache(tmp_path, unused_days=30)
    cache.put(key(1), PNG)
    old = time.time() - 31 * 86_400
    os.utime(cache._path(key(1)), (old, old))
    abandoned = cache._path(key(1)).with_suffix(".new")
    abandoned.write_bytes(b"half")
    os.utime(abandoned, (old, old))
    PictureCache(tmp_path, unused_days=30).put(key(2), PNG)
    assert [path.name for path in entries(tmp_path)] == [f"{key(2)}.picture"]


@pytest.mark.skipif(sys.platform == "win32", reason="there the data folder's own list of rights is inherited")
def test_only_this_account_can_read_it(tmp_path: Path) -> None:
    cache = PictureCache(tmp_path / "cache" / "pictures")
    cache.put(key(1), PNG)
    modes = {stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "cache" / "pictures").rglob("*")}
    assert modes == {0o700, 0o600}
    assert stat.S_IMODE((tmp_path / "cache" / "pictures").stat().st_mode) == 0o700


def test_where_nothing_can_be_kept_nothing_fails(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file in its place", encoding="utf-8")
    cache = PictureCache(tmp_path / "cache")
    cache.put(key(1), PNG)
    assert cache.get(key(1)) is None


def use_it(folder: str, seed: int) -> None:
    cache = PictureCache(Path(folder), limit_bytes=30_000)
    for number in range(300):
        chosen = (number * 7 + seed) % 50
        cache.put(key(chosen), PNG + bytes([chosen]))
        found = cache.get(key((chosen * 3) % 50))
        assert found is None or found == PNG + bytes([(chosen * 3) % 50])


async def test_two_programs_share_it(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    programs = [context.Process(target=use_it, args=(str(tmp_path), seed)) for seed in (1, 2)]
    for program in programs:
        program.start()
    for program in programs:
        await asyncio.to_thread(program.join, 60)
        assert program.exitcode == 0
    assert all(path.suffix == ".picture" for path in entries(tmp_path))
    assert sum(path.stat().st_size for path in entries(tmp_path)) <= 2 * 30_000
