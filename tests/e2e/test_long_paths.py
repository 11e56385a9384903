"""Scans on paths too long for Windows' old limit are found, looked at, copied and removed whole.

A folder of Linux stands in: what is longer than the limit is answered as Windows does, unless it is asked for in a form
that stands for the long one, under which Linux opens the same file.
"""

import errno
import io
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from app import bootstrap
from app.adapters.files.folder_destination import FolderDestination
from app.adapters.files.source import identity, require_same
from app.adapters.files.source_disk import ScannerDisk
from app.adapters.imaging.finder import FolderFinder
from app.adapters.imaging.images import DecoderImages
from app.adapters.imaging.pool import Lane
from app.domain import long_path
from app.domain.errors import RetryableError, SurroundingsError
from app.domain.scan import ScanSet
from app.domain.slide import PictureKind
from app.domain.transfer import MemberPlan, TransferPlan, TransferWatch
from app.services.moving import carry_plans, move_plans
from tests.adapters.imaging.samples import MIRAX

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="a folder of Linux stands in for Windows")

LONG_FORM = "/proc/self/root"
LIMIT = 259
QUIET = TransferWatch(progress=lambda _: None, stopped=lambda: False)
OPENING = ("lstat", "stat", "scandir", "listdir", "open", "unlink", "rmdir")


def not_found(path: str) -> OSError:
    error = FileNotFoundError(errno.ENOENT, "The system cannot find the path specified", path)
    error.winerror = 3
    return error


def limited(real: Callable[..., Any], share: Path) -> Callable[..., Any]:
    def call(path: Any, *arguments: Any, **named: Any) -> Any:
        text = os.fspath(path) if isinstance(path, str | os.PathLike) else ""
        if len(text) > LIMIT and not text.startswith((LONG_FORM, str(share))):
            raise not_found(text)
        return real(path, *arguments, **named)

    return call


@pytest.fixture
def share(tmp_path: Path) -> Path:
    root = tmp_path / "share"
    FolderDestination(root, "Rescans", "raven-pc").initialise()
    return root


@pytest.fixture
def watch(tmp_path: Path) -> Path:
    """A watch folder in which a scan's main file fits, and the files of its folder do not."""
    watch = tmp_path / "watch"
    room = LIMIT - len(str(watch / "x" / "a.mrxs")) - 1
    folder = watch / ("d" * (room // 2)) / ("e" * (room - room // 2 - 1))
    folder.mkdir(parents=True)
    beside = MIRAX.with_suffix("")
    (folder / "a").mkdir()
    (folder / "a.mrxs").write_bytes(MIRAX.read_bytes())
    for file in beside.iterdir():
        (folder / "a" / file.name).write_bytes(file.read_bytes())
    return watch


def main_of(watch: Path) -> Path:
    return next(Path(where) / "a.mrxs" for where, _, names in os.walk(watch) if "a.mrxs" in names)


@pytest.fixture
def windows(watch: Path, share: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert watch.is_dir()  # made before the limit is there
    for name in OPENING:
        monkeypatch.setattr(os, name, limited(getattr(os, name), share))
    monkeypatch.setattr(io, "open", limited(io.open, share))

    def long_form(path: Path) -> str:
        return str(path) if str(path).startswith(LONG_FORM) else LONG_FORM + str(path)

    monkeypatch.setattr(long_path, "long_form", long_form)
    monkeypatch.setattr(
        long_path, "reachable", lambda path: Path(long_form(path)) if len(str(path)) > 247 else Path(path)
    )


def plan_of(scan: ScanSet) -> TransferPlan:
    members = tuple(
        MemberPlan(scan.root / each.path, f"S-1/{Path(each.path).name}", each.size_bytes, each.mtime_ns)
        for each in scan.members
    )
    return TransferPlan(scan.fingerprint(), members)


@pytest.mark.usefixtures("windows")
def test_a_set_is_found_looked_at_copied_and_removed_whole(watch: Path, share: Path) -> None:
    finder, disk, target = FolderFinder(), ScannerDisk(), FolderDestination(share, "Rescans", "raven-pc")
    (scan,) = finder.find(watch)
    assert len(str(scan.main_path)) <= LIMIT < min(len(str(scan.root / each.path)) for each in scan.members[1:])
    assert len(scan.members) == 1 + len(list(MIRAX.with_suffix("").iterdir()))
    assert scan.root == watch
    assert finder.look(scan) == scan
    assert finder.can_open_exclusively(scan)
    files = target.copy(plan_of(scan), QUIET)
    target.publish(plan_of(scan), files)
    assert [file.source for file in files] == [str(scan.root / each.path) for each in scan.members]
    for file in files:
        assert disk.sha256(Path(file.source), QUIET) == file.sha256
    disk.remove(scan)
    assert finder.look(scan) is None
    assert [folder for folder, _, names in os.walk(watch) if names] == []


@pytest.mark.usefixtures("windows")
def test_a_slide_whose_own_path_is_too_long_is_there(watch: Path, share: Path) -> None:
    slide = main_of(watch).parent / "a" / ("s" * 40 + ".svs")
    Path(f"{LONG_FORM}{slide}").write_bytes(b"II*\0" + bytes(100))
    finder, target = FolderFinder(), FolderDestination(share, "Rescans", "raven-pc")
    (scan,) = finder.find(slide.parent.parent / "a")[-1:]
    assert scan.main_path == slide
    assert finder.look(scan) == scan
    assert finder.find_named(slide)[0].name == "a.mrxs"
    assert target.copy(plan_of(scan), QUIET)[0].source == str(slide)


@pytest.mark.usefixtures("windows")
async def test_readers_get_paths_they_can_open(watch: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (scan,) = FolderFinder().find(watch)
    asked: list[Any] = []
    submit = Lane.submit

    def noting(lane: Lane, function: Callable[..., Any], *arguments: Any, seconds: float) -> Any:
        asked.append(arguments[0])
        return submit(lane, function, *arguments, seconds=seconds)

    monkeypatch.setattr(Lane, "submit", noting)
    images = DecoderImages(workers=1)
    try:
        assert (await images.inspect(scan)).complete
        assert await images.shown_picture(scan, PictureKind.THUMBNAIL, 64)
        await images.quality(scan, with_map=False)
    finally:
        await images.close()
    assert len(asked) == 3
    assert all(str(each.main_path if isinstance(each, ScanSet) else each).startswith(LONG_FORM) for each in asked)


@pytest.mark.usefixtures("windows")
def test_where_the_long_form_does_not_help_the_path_is_named_and_nothing_taken_for_gone(
    watch: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (scan,) = FolderFinder().find(watch)
    monkeypatch.setattr(long_path, "reachable", lambda path: path)
    with pytest.raises(RetryableError, match=f"{long_path.TITLE}.*/a/") as looked:
        FolderFinder().look(scan)
    assert "LongPathsEnabled" in looked.value.hint
    missing = scan.root / scan.members[1].path
    with pytest.raises(RetryableError, match=f"{long_path.TITLE}.*/a/"):
        require_same(missing, identity(watch.stat()))
    slide = main_of(watch).parent / "a" / ("s" * 40)
    Path(f"{LONG_FORM}{slide}").mkdir()
    with pytest.raises(SurroundingsError, match="/a/s") as listed:
        FolderFinder().find(watch)
    assert "LongPathsEnabled" in listed.value.hint


@pytest.mark.usefixtures("windows")
async def test_transfer_carries_them(watch: Path, share: Path) -> None:
    main = main_of(watch)
    target = FolderDestination(share, "Rescans", "raven-pc")
    plans = move_plans([main], bootstrap.sets_of([main]))
    carried = await carry_plans(target, plans, 1, lambda _: QUIET)
    assert len(carried[0].files) == 1 + len(list(MIRAX.with_suffix("").iterdir()))
    (whole,) = move_plans([main.parent], {})
    assert len(whole.members) == len(carried[0].files)
