import asyncio
import contextlib
import operator
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

import psutil
import pytest

from app.adapters.imaging.finder import FolderFinder
from app.adapters.imaging.images import DecoderImages
from app.adapters.imaging.pool import JobError, Lane
from app.domain.scan import ScanSet
from app.domain.slide import PictureKind
from tests.adapters.imaging.samples import CODE128, MALFORMED, ROOT, SMALL_REGION

BOUND_SECONDS = 5.0
BOUNDED = 512 << 20


@pytest.fixture
async def images() -> AsyncIterator[DecoderImages]:
    images = DecoderImages()
    yield images
    await images.close()


def scan_of(path: Path) -> ScanSet:
    (scan,) = FolderFinder().find_named(path)
    return scan


def readers() -> list[psutil.Process]:
    found = []
    for child in psutil.Process().children():
        with contextlib.suppress(psutil.Error):
            if any("spawn_main" in word for word in child.cmdline()):
                found.append(child)
    return found


async def test_inspect_picture_and_quality_through_workers(images: DecoderImages) -> None:
    scan = scan_of(SMALL_REGION)
    facts, png, (numbers, quality_map) = await asyncio.gather(
        images.inspect(scan), images.picture(scan, PictureKind.THUMBNAIL, 256), images.quality(scan, with_map=True)
    )
    assert facts.size == (2220, 2967)
    assert png is not None
    assert png.startswith(b"\x89PNG")
    assert numbers.blurry_percent == pytest.approx(3.22, abs=0.2)
    assert quality_map is not None


async def test_every_malformed_file_gets_a_verdict_and_the_pool_lives(images: DecoderImages) -> None:
    paths = sorted(path for path in MALFORMED.rglob("*") if path.is_file() and path.name != "SOURCES.tsv")
    scans = [scan_of(path) for path in paths]
    verdicts = await asyncio.gather(*(images.inspect(scan) for scan in scans))
    pictures = await asyncio.gather(*(images.picture(scan, PictureKind.THUMBNAIL, 128) for scan in scans))
    for path, facts, picture in zip(paths, verdicts, pictures, strict=True):
        assert facts.complete or facts.problem is not None, path
        assert facts.problem is None or "reader stopped" not in facts.problem.title, path
        assert picture is None or picture.startswith(b"\x89PNG")
    assert (await images.inspect(scan_of(CODE128))).complete


async def test_label_barcodes_of_a_picture_file(images: DecoderImages, tmp_path: Path) -> None:
    png = await images.picture(scan_of(CODE128), PictureKind.LABEL, 2000)
    assert png is not None
    path = tmp_path / "label.png"
    path.write_bytes(png)
    assert [reading.text for reading in await images.label_barcodes(path)] == ["S24-001003-A1-1"]
    assert await images.label_barcodes(tmp_path / "gone.png") == ()


@pytest.mark.skipif(sys.platform == "win32", reason="there are no named pipes in folders on Windows")
async def test_a_file_that_hangs_its_reader_costs_only_itself(tmp_path: Path) -> None:
    path = tmp_path / "hangs.svs"
    path.write_bytes(b"")
    scan = scan_of(path)
    path.unlink()
    os.mkfifo(path)
    images = DecoderImages(workers=1, seconds=2.0)
    try:
        hung, sound = await asyncio.gather(images.inspect(scan), images.inspect(scan_of(CODE128)))
    finally:
        await images.close()
    assert hung.problem is not None
    assert hung.problem.title == "The reader stopped"
    assert "hangs.svs: no answer after 2 seconds" in hung.problem.message
    assert not hung.complete
    assert sound.complete


@pytest.mark.skipif(sys.platform == "win32", reason="kills by signal")
def test_a_killed_worker_costs_only_its_job() -> None:
    lane = Lane("test", workers=1, memory_bytes=BOUNDED)
    try:
        assert lane.submit(operator.add, 1, 1, seconds=30).result(30) == 2
        before = readers()
        running = lane.submit(time.sleep, 30, seconds=60)
        following = lane.submit(operator.add, 2, 2, seconds=30)
        while not running.running():
            time.sleep(0.01)
        time.sleep(0.1)
        (victim,) = before
        victim.send_signal(signal.SIGKILL)
        with pytest.raises(JobError, match="ended unexpectedly"):
            running.result(30)
        assert following.result(30) == 4
    finally:
        lane.close()
    assert not readers()


def test_a_job_that_takes_too_much_memory_is_ended() -> None:
    lane = Lane("test", workers=1, memory_bytes=200 << 20)
    try:
        with pytest.raises(JobError, match="memory"):
            lane.submit(operator.mul, b"x", 900 << 20, seconds=30).result(30)
        with pytest.raises(JobError, match="memory"):
            lane.submit(operator.mul, b"x", 40 << 30, seconds=30).result(30)
        assert lane.submit(operator.add, 1, 1, seconds=30).result(30) == 2
    finally:
        lane.close()


def test_what_a_job_raises_comes_back_in_words() -> None:
    lane = Lane("test", workers=1, memory_bytes=BOUNDED)
    try:
        with pytest.raises(JobError, match="ZeroDivisionError"):
            lane.submit(operator.truediv, 1, 0, seconds=30).result(30)
    finally:
        lane.close()
    with pytest.raises(JobError, match="closed"):
        lane.submit(operator.add, 1, 1, seconds=30)


def test_closing_ends_running_and_waiting_jobs() -> None:
    lane = Lane("test", workers=1, memory_bytes=BOUNDED)
    lane.submit(operator.add, 1, 1, seconds=30).result(30)
    jobs = [lane.submit(time.sleep, 30, seconds=60) for _ in range(3)]
    lane.close()
    for job in jobs:
        with pytest.raises(JobError):
            job.result(10)
    assert not readers()


PARENT = """
import operator, sys, time
from app.adapters.imaging.pool import Lane
if __name__ == "__main__":
    lane = Lane("test", workers=1, memory_bytes=1 << 29)
    lane.submit(operator.add, 1, 1, seconds=30).result(30)
    lane.submit(print, "noise", seconds=30).result(30)
    lane.submit(time.sleep, 60, seconds=60)
    print("ready", flush=True)
    time.sleep(60)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="kills by signal")
def test_workers_are_silent_and_end_with_a_killed_parent(tmp_path: Path) -> None:
    script = tmp_path / "parent.py"
    script.write_text(PARENT, encoding="utf-8")
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen([sys.executable, script], stdout=subprocess.PIPE, text=True, env=environment) as parent:
        assert parent.stdout is not None
        assert parent.stdout.readline() == "ready\n"
        children = psutil.Process(parent.pid).children(recursive=True)
        assert children
        assert any(child.nice() >= 5 for child in children)
        parent.kill()
        _, alive = psutil.wait_procs(children, timeout=20)
    assert not alive
