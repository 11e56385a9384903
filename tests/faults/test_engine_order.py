"""The order of truth, from real system calls: bytes durable, name, name durable, manifest, journal, sheet.

A crash between two calls is survived only if they come in this order; a kill shows some of it, a power cut would show
all, and this shows it without one.
"""

import json
import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from app.adapters.files.folder_destination import FolderDestination
from app.adapters.files.medium import MediumReader
from app.domain.transfer import CheckGrade
from tests.adapters.files.scene import QUIET, make_destination, plan_of, write
from tests.faults.call_order import Recorder, recording
from tests.faults.collector import Faults
from tests.faults.engine_lab import EngineLab

FOLDER = "Prec01/Run 2"
STEM = "620995_Prec01_P1"


def one_file(lab: EngineLab) -> list[str]:
    lab.scan("a.svs", "620995", size=300_000)
    return [f"{FOLDER}/{STEM}.svs"]


def a_set(lab: EngineLab) -> list[str]:
    lab.mrxs("a", "620995")
    return [f"{FOLDER}/{STEM}.mrxs", f"{FOLDER}/{STEM}/Data0000.dat", f"{FOLDER}/{STEM}/Slidedat.ini"]


def a_set_of_many(lab: EngineLab) -> list[str]:
    (lab.watch / "a").mkdir()
    for number in range(10):
        (lab.watch / "a" / f"Data{number:04d}.dat").write_bytes(os.urandom(3000))
    return [*a_set(lab), *(f"{FOLDER}/{STEM}/Data{number:04d}.dat" for number in range(1, 10))]


@pytest.mark.parametrize("make", [one_file, a_set, a_set_of_many])
async def test_bytes_then_name_then_manifest_then_journal_then_sheet(
    tmp_path: Path, faults: Faults, make: Callable[[EngineLab], list[str]]
) -> None:
    lab = EngineLab(tmp_path)
    finals = make(lab)
    with recording(lab.share_root) as recorder:
        lab.tick = recorder.tick
        ahead: list[str] = []
        recorder.at_tick = lambda what: ahead.extend(ahead_of_disk(lab, what))
        async with lab.open():
            await lab.rest()
    assert ahead == []
    assert set(lab.published()) == set(finals)
    for final in finals:
        require_order_of_member(recorder, final)
        faults.note(f"order of {make.__name__}", Path(final).name, "power cut between calls", "each is behind the last")
    require_set_at_once(recorder, finals)
    require_order_of_journal(recorder, finals)


def require_order_of_member(recorder: Recorder, final: str) -> None:
    """The part's bytes are durable before its name, the name before the manifest, the manifest for good."""
    named = recorder.named(final)
    assert named > 0, recorder.told()
    part = recorder.events[named].path
    assert part.endswith(".part")
    written = recorder.last("write", part, named)
    synced = recorder.last("sync", part, named)
    assert 0 <= written < synced < named, f"{final}: its bytes were not durable before its name\n{recorder.told()}"
    folder = str(Path(final).parent)
    listed = recorder.named(f"{folder}/manifest-sha256.txt")
    durable = recorder.first("sync", folder, after=named)
    assert named < durable < listed, f"{final}: its name was not durable before its line\n{recorder.told()}"
    via = recorder.events[listed].path
    assert recorder.last("sync", via, listed) > durable, f"{via} was not durable before its swap\n{recorder.told()}"
    assert recorder.first("sync", folder, after=listed) > listed, f"{folder}: the manifest's swap is not durable"


def require_set_at_once(recorder: Recorder, finals: list[str]) -> None:
    """No member has its name before all are verified and durable; the one that viewers open has it last."""
    named = [recorder.named(final) for final in finals]
    assert max(named) == named[0], f"the main member is not the last\n{recorder.told()}"
    for place in named:
        part = recorder.events[place].path
        assert recorder.last("write", part, len(recorder.events)) < min(named), f"{part}\n{recorder.told()}"
        assert recorder.last("sync", part, min(named)) >= 0, f"{part} was not durable when the first got its name"


def require_order_of_journal(recorder: Recorder, finals: list[str]) -> None:
    """The intent stands in the journal before the act, the result behind it, and the sheet behind both."""
    first_write = min(recorder.first("write", recorder.events[recorder.named(final)].path) for final in finals)
    assert 0 <= recorder.ticked("after commit", "copy running") < first_write, recorder.told()
    named = [recorder.named(final) for final in finals]
    intent = recorder.ticked("after commit", "verify running")
    result = recorder.ticked("after commit", "verify succeeded")
    manifest = recorder.named(f"{FOLDER}/manifest-sha256.txt")
    assert 0 <= intent < min(named), f"no intent before the first name\n{recorder.told()}"
    assert manifest < result, f"the journal was ahead of the manifest\n{recorder.told()}"
    outbox = recorder.ticked("after commit", "record waiting_to_retry")
    sheet = recorder.ticked("before write")
    assert result < outbox < sheet, f"the sheet was ahead of the journal\n{recorder.told()}"
    assert sheet < recorder.ticked("after commit", "record succeeded"), recorder.told()


def ahead_of_disk(lab: EngineLab, what: str) -> list[str]:
    """Return what the journal calls published at this very moment, and the share does not have."""
    if not what.startswith("after commit"):
        return []
    with closing(sqlite3.connect(lab.folder / "journal.sqlite")) as journal:
        published = journal.execute("SELECT files FROM scan WHERE published = 1").fetchall()
    files = [file[1] for (each,) in published for file in json.loads(each)]
    return [f"{what}: {file}" for file in files if not (lab.share_root / file).exists()]


async def test_nothing_is_removed_before_both_ends_were_read_again(tmp_path: Path) -> None:
    lab = EngineLab(tmp_path)
    lab.release(0.0)
    lab.mrxs("a", "620995")
    ticks: list[str] = []
    lab.tick = ticks.append
    async with lab.open():
        await lab.rest()
    removed = ticks.index("before remove")
    assert ticks[:removed].count("after sha256") == 3
    assert ticks[:removed].count("after check_file") == 3
    assert ticks.index("after commit of release running") < ticks.index("before sha256")
    assert ticks.index("after remove") < ticks.index("after commit of release succeeded")


async def test_the_journal_reaches_the_disk_before_a_transaction_counts(tmp_path: Path) -> None:
    lab = EngineLab(tmp_path)
    store = lab.store()
    try:
        names = ("synchronous", "journal_mode")
        full, wal = await store.work(
            lambda journal: [journal._db.execute(f"PRAGMA {name}").fetchone()[0] for name in names]
        )
    finally:
        await store.close()
    assert (full, wal) == (2, "wal")


def test_a_grade_of_read_back_means_that_the_cache_was_bypassed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every read that counts as read back comes from a handle past the cache, or after the cache was dropped."""
    root = tmp_path / "share"
    destination = make_destination(root)
    plan = plan_of((write(tmp_path / "a.svs", 200_000), "a.svs"))
    files, past = reads_of(destination, plan, monkeypatch)
    assert files[0].check == CheckGrade.READ_BACK.value
    assert past
    assert all(past), "a read that counts as read back went through the cache"


def reads_of(destination: FolderDestination, plan, monkeypatch: pytest.MonkeyPatch):
    """Copy; return the files and, for every read of a part for the check, whether it bypassed the cache."""
    import fcntl

    past: list[bool] = []
    real = MediumReader.read

    def read(self, buffer, offset, length):
        bypasses = bool(fcntl.fcntl(self._fd, fcntl.F_GETFL) & os.O_DIRECT)
        past.append(bypasses or self.grade is not CheckGrade.READ_BACK)
        return real(self, buffer, offset, length)

    monkeypatch.setattr(MediumReader, "read", read)
    return destination.copy(plan, QUIET), past
