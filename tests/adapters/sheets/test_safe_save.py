import os
import random
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from app.adapters.sheets import safe_save
from app.adapters.sheets.safe_save import BACKUP_FOLDER, read_snapshot, replace_if_same
from app.adapters.sheets.workbook import WorkbookSheet
from app.domain.errors import SurroundingsError
from app.domain.settings import SheetSettings
from app.domain.sheet import CellWrite
from tests.adapters.sheets.workbooks import lab_workbook

ROOT = Path(__file__).parents[3]
STATUS = CellWrite("620995", "Status", "Succeeded", 1)
WRITER = """
import sys
from pathlib import Path
from app.adapters.sheets.workbook import WorkbookSheet
from app.domain.settings import SheetSettings
from app.domain.sheet import CellWrite
sheet = WorkbookSheet(Path(sys.argv[1]), SheetSettings())
for number in range(1_000_000):
    values = ("Status", "Message", "Quality")
    sheet.write([CellWrite("620995", column, f"value {number}", 1) for column in values])
    if not number:
        print("writing", flush=True)
"""


def sheet_at(path: Path, day: int = 4) -> WorkbookSheet:
    return WorkbookSheet(path, SheetSettings(), now=lambda: datetime(2026, 5, day, tzinfo=UTC))


@pytest.fixture
def lab(tmp_path: Path) -> Path:
    return lab_workbook(tmp_path / "slides.xlsx")


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize(
    ("lock", "content", "who"),
    [
        ("~$slides.xlsx", b"\x04Zo\xeb " + b" " * 50, "Zoë"),
        ("~$slides.xlsx", b"", ""),
        (".~lock.slides.xlsx#", b",anna,pc7,03.05.2026 10:00,file:///x;", "anna"),
    ],
)
def test_a_workbook_open_elsewhere_is_read_but_waited_for(lab: Path, lock: str, content: bytes, who: str) -> None:
    before = lab.read_bytes()
    lab.with_name(lock).write_bytes(content)
    assert sheet_at(lab).read().rows
    with pytest.raises(SurroundingsError, match="in use") as raised:
        sheet_at(lab).write([STATUS])
    assert who in raised.value.message
    assert lock in raised.value.hint
    assert lab.read_bytes() == before
    lab.with_name(lock).unlink()
    assert sheet_at(lab).write([STATUS]).written


def test_a_missing_workbook_is_said(tmp_path: Path) -> None:
    with pytest.raises(SurroundingsError, match="cannot be found"):
        sheet_at(tmp_path / "slides.xlsx").read()


def test_the_version_before_the_first_write_of_a_day_is_kept_for_a_week(lab: Path) -> None:
    first = lab.read_bytes()
    sheet_at(lab).write([STATUS])
    second = lab.read_bytes()
    sheet_at(lab).write([CellWrite("620995", "Status", "again", 1)])
    backups = lab.with_name(BACKUP_FOLDER)
    assert names(backups) == ["slides.xlsx.2026-05-04.bak"]
    assert (backups / "slides.xlsx.2026-05-04.bak").read_bytes() == first != second
    for day in range(5, 13):
        sheet_at(lab, day).write([CellWrite("620995", "Status", f"day {day}", 1)])
    assert names(backups) == [f"slides.xlsx.2026-05-{day:02d}.bak" for day in range(6, 13)]
    assert names(lab.parent) == [BACKUP_FOLDER, "slides.xlsx"]


def test_a_version_saved_by_somebody_else_meanwhile_is_never_replaced(lab: Path) -> None:
    snapshot = read_snapshot(lab)
    lab.write_bytes(snapshot.data)
    os.utime(lab, ns=(snapshot.stamp.mtime_ns + 1, snapshot.stamp.mtime_ns + 1))
    assert not replace_if_same(lab, b"ours", snapshot.stamp)
    assert lab.read_bytes() == snapshot.data
    assert names(lab.parent) == ["slides.xlsx"]


def test_a_change_between_reading_and_replacing_is_read_again(lab: Path) -> None:
    moments = iter([lambda: lab_workbook(lab, status=False)])

    def now() -> datetime:
        next(moments, lambda: None)()  # the clock is asked between reading the file and saving it
        return datetime(2026, 5, 4, tzinfo=UTC)

    assert WorkbookSheet(lab, SheetSettings(), now=now).write([STATUS]).written == (STATUS,)
    columns = [column.header for column in sheet_at(lab).read().columns]
    assert columns == ["Barcode", "Study", "Experiment", "Count", "Date", "Status"]


def test_a_link_stays_a_link_and_the_mode_stays(lab: Path) -> None:
    lab.chmod(0o640)
    link = lab.parent / "elsewhere" / "slides.xlsx"
    link.parent.mkdir()
    link.symlink_to(lab)
    assert sheet_at(link).write([STATUS]).written
    assert link.is_symlink()
    assert lab.stat().st_mode & 0o777 == 0o640


def test_what_a_killed_program_left_is_removed_when_it_is_old(lab: Path) -> None:
    old, fresh = (lab.with_name(f".~slideferry-{name}.tmp") for name in ("old", "fresh"))
    for path in (old, fresh):
        path.write_bytes(b"half")
    long_ago = time.time() - 2 * safe_save._STALE_SECONDS
    os.utime(old, (long_ago, long_ago))
    sheet_at(lab).write([STATUS])
    assert not old.exists()
    assert fresh.exists()


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is how this test ends a program without warning")
def test_killed_at_any_moment_the_file_is_whole(lab: Path) -> None:
    chance = random.Random(7)
    for _ in range(50):
        writer = subprocess.Popen([sys.executable, "-c", WRITER, str(lab)], cwd=ROOT, stdout=subprocess.PIPE)
        with writer:
            assert writer.stdout is not None
            assert writer.stdout.readline() == b"writing\n"
            time.sleep(chance.uniform(0, 0.03))
            writer.send_signal(signal.SIGKILL)
        row = sheet_at(lab).read().rows_for("620995")[0]
        values = {row.cells[column] for column in ("Status", "Message", "Quality")}
        assert len(values) == 1
        assert values.pop().startswith("value ")
