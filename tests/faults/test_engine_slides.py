"""Slides that are damaged or cut: a clear verdict each, never a crash or a hang, and nothing half passes for whole.

The whole engine with the real decoders: what lies in the watch folder is found, judged, and carried only where its
own structure says that it is complete.
"""

import asyncio
import shutil
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from app.adapters.imaging.images import DecoderImages
from app.domain.dossier import Dossier
from app.domain.settings import QualitySettings
from app.domain.step import StepState
from app.pipeline.journey import SETTLE
from app.services.station import Station
from tests.adapters.imaging.samples import DICOM, MALFORMED, MIRAX, MULTIFILE, NDTIFF, SMALL_REGION, STACKS, VENDOR
from tests.fakes.lab import Lab
from tests.fakes.sheets import row
from tests.faults.collector import Faults

PLACES = 20
LONGEST_SECONDS = 600.0
SINGLE = (
    SMALL_REGION,
    VENDOR / "ventana_dp200.bif",
    VENDOR / "leica_scn400.scn",
    VENDOR / "philips_ufs.tiff",
    VENDOR / "hamamatsu_nanozoomer.ndpi",
    VENDOR / "generic_pyramid.tif",
)
SETS = (MIRAX, DICOM, STACKS, NDTIFF, MULTIFILE)


class SlideLab(Lab):
    """A lab whose images are read by the real decoders; every number of six digits is a slide of its sheet."""

    def __init__(self, folder: Path, slides: int) -> None:
        super().__init__(folder, retries=1)
        self.images = DecoderImages()
        self.sheet.rows = [row(f"{100_000 + n}", panel=f"P{n}") for n in range(slides)]
        self.settings = replace(self.settings, quality=QualitySettings(enabled=False))

    @asynccontextmanager
    async def judged(self) -> AsyncIterator[Station]:
        """Open the station until nothing goes on by itself; fail when that takes too long."""
        try:
            async with self.open(once=True) as station:
                until = time.monotonic() + LONGEST_SECONDS
                while not station.runner.at_rest():
                    assert time.monotonic() < until, self.story()
                    await asyncio.sleep(0.05)
                yield station
        finally:
            await self.images.close()


def require_clear(dossier: Dossier) -> None:
    """A verdict a person can act on: safe, or a question or failure that says what is wrong."""
    told = [r for r in dossier.steps.values() if r.state in (StepState.NEEDS_ATTENTION, StepState.FAILED)]
    assert not dossier.state.on_its_way, dossier.state
    assert dossier.published or (told and all(each.title and each.message for each in told)), dossier.scan.files.name
    assert not any("unforeseen" in each.title for each in told), told
    if dossier.published:
        assert dossier.facts is not None
        assert dossier.facts.complete


async def test_every_malformed_file_gets_a_clear_verdict(tmp_path: Path, faults: Faults) -> None:
    files = sorted(path for path in MALFORMED.rglob("*") if path.is_file() and path.name != "SOURCES.tsv")
    lab = SlideLab(tmp_path, len(files))
    for number, file in enumerate(files):
        hidden = "._" if file.name.startswith("._") else ""
        shutil.copy(file, lab.watch / f"{hidden}{100_000 + number} {file.name.removeprefix('._')}")
    async with lab.judged() as station:
        found = station.kit.ledger.all()
        assert len(found) >= 40
        for dossier in found:
            require_clear(dossier)
            how = "carried whole" if dossier.published else "a question in words"
            faults.note("slide", dossier.scan.files.name.partition(" ")[2], "malformed file", how)
        carried = {dossier.scan.files.name.partition(" ")[2] for dossier in found if dossier.published}
    assert not {name for name in carried if "truncated" in name or "header_only" in name or "last_byte" in name}


def places_of(size: int, places: int) -> list[int]:
    """Return where to cut: evenly, and always right behind the start and right before the end."""
    return sorted({*(size * n // places for n in range(1, places)), 8, size - 1})[-places:]


def cut_files(lab: Lab, places: int) -> dict[str, str]:
    """Write every single-file sample cut at so many places; return what each scan is, by its name."""
    told = {}
    for sample in SINGLE:
        content = sample.read_bytes()
        for at in places_of(len(content), places):
            name = f"{100_000 + len(told)}{sample.suffix}"
            (lab.watch / name).write_bytes(content[:at])
            told[name] = f"{sample.name} cut at {at} of {len(content)}"
    return told


def cut_sets(lab: Lab, places: int) -> dict[str, str]:
    """Write every set with its largest member cut at so many places; return what each scan is, by its number."""
    told = {}
    for sample in SETS:
        number = 100_000 + 100 * len(told)
        whole = max(_members(sample), key=lambda path: path.stat().st_size)
        size = whole.stat().st_size
        for at in places_of(size, places):
            number = 100_000 + len(told)
            copied = _copy_set(sample, lab.watch / f"{number}", str(number))
            (target,) = [p for p in copied.rglob(whole.name) if p.stat().st_size == size][:1]
            with target.open("r+b") as file:
                file.truncate(at)
            told[str(number)] = f"{sample.name}: {whole.name} cut at {at} of {size}"
    return told


def _members(sample: Path) -> list[Path]:
    if sample.is_dir():
        return [path for path in sample.rglob("*") if path.is_file()]
    return [sample, *(path for path in sample.with_suffix("").rglob("*") if path.is_file())]


def _copy_set(sample: Path, folder: Path, number: str) -> Path:
    """Copy a set into a folder of its own; the file that names it, where there is one, is called by the number."""
    if sample.is_dir():
        shutil.copytree(sample, folder / number)
        return folder
    folder.mkdir(parents=True)
    shutil.copy(sample, folder / f"{number}{sample.suffix}")
    shutil.copytree(sample.with_suffix(""), folder / number)
    return folder


async def judge_cut(
    lab: SlideLab, make: Callable[[Lab, int], dict[str, str]], places: int, faults: Faults
) -> list[str]:
    """Let the engine judge cut slides; return those that passed for whole."""
    told = make(lab, places)
    passed = []
    async with lab.judged() as station:
        dossiers = station.kit.ledger.all()
        assert len(dossiers) >= len(told)
        for dossier in dossiers:
            require_clear(dossier)
            main = dossier.scan.files.main
            what = told.get(main) or told.get(main.partition("/")[0], main)
            if dossier.published or dossier.steps[SETTLE].state is StepState.SUCCEEDED:
                passed.append(what)
            else:
                title = dossier.steps[SETTLE].title
                faults.note("slide", what, "cut off", f"asked: {title}")
    return passed


@pytest.mark.quick_share
@pytest.mark.parametrize("make", [cut_files, cut_sets])
async def test_a_cut_slide_does_not_pass_for_whole(
    tmp_path: Path, faults: Faults, make: Callable[[Lab, int], dict[str, str]]
) -> None:
    assert await judge_cut(SlideLab(tmp_path, 200), make, 2, faults) == []


@pytest.mark.long
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("make", [cut_files, cut_sets])
async def test_no_slide_cut_at_any_of_twenty_places_passes_for_whole(
    tmp_path: Path, faults: Faults, make: Callable[[Lab, int], dict[str, str]]
) -> None:
    assert await judge_cut(SlideLab(tmp_path, 200), make, PLACES, faults) == []
