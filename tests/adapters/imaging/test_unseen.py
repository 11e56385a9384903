"""What cannot be looked at in a watch folder is told; the others are found, and no set is taken for a smaller one."""

import errno
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from app.adapters.imaging.finder import FolderFinder
from app.domain.errors import RetryableError, SurroundingsError
from tests.adapters.imaging.samples import CODE128, DICOM, MIRAX, MULTIFILE, NDTIFF, copy_tree

Refuse = Callable[..., None]


class Entry:
    """An entry of a folder whose status nobody gets."""

    def __init__(self, entry: os.DirEntry[str], error: OSError) -> None:
        self.name, self.path, self._error = entry.name, entry.path, error

    def stat(self, *, follow_symlinks: bool = True) -> os.stat_result:
        raise self._error


class Entries:
    def __init__(self, entries: list[os.DirEntry[str] | Entry]) -> None:
        self._entries = entries

    def __enter__(self) -> list[os.DirEntry[str] | Entry]:
        return self._entries

    def __exit__(self, *_: object) -> None:
        pass


@pytest.fixture
def refuse(monkeypatch: pytest.MonkeyPatch) -> Refuse:
    """Have every file and folder of these names refused with this code, by any call that looks at it."""
    real_scandir, real_lstat = os.scandir, os.lstat

    def refuse(*names: str, code: int) -> None:
        error = OSError(code, os.strerror(code))

        def scandir(path: Path) -> Entries:
            if Path(path).name in names:
                raise error
            with real_scandir(path) as entries:
                files = [Entry(each, error) if each.name in names and each.is_file() else each for each in entries]
            return Entries(files)

        def lstat(path: Path, **named: object) -> os.stat_result:
            if Path(path).name in names:
                raise error
            return real_lstat(path, **named)

        monkeypatch.setattr(os, "scandir", scandir)
        monkeypatch.setattr(os, "lstat", lstat)

    return refuse


def mains(finder: FolderFinder, root: Path) -> list[str]:
    return [scan.main for scan in finder.survey(root).sets]


@pytest.mark.parametrize("code", [errno.EIO, errno.EACCES, errno.EPERM, errno.ESTALE])
def test_a_folder_that_cannot_be_read_is_told_and_the_others_are_found(
    tmp_path: Path, refuse: Refuse, code: int
) -> None:
    copy_tree(CODE128, tmp_path)
    copy_tree(CODE128, tmp_path / "broken")
    refuse("broken", code=code)
    finder = FolderFinder()
    survey = finder.survey(tmp_path)
    assert [scan.main for scan in survey.sets] == [CODE128.name]
    assert survey.trouble is not None
    assert f"broken: {os.strerror(code)}" in survey.trouble.message
    assert finder.look(survey.sets[0]) == survey.sets[0]
    with pytest.raises(SurroundingsError, match="broken"):
        finder.find(tmp_path)


@pytest.mark.parametrize("code", [errno.EIO, errno.EACCES])
def test_a_file_that_cannot_be_looked_at_is_told_and_the_others_are_found(
    tmp_path: Path, refuse: Refuse, code: int
) -> None:
    copy_tree(CODE128, tmp_path)
    shutil.copy(CODE128, tmp_path / "other.svs")
    (scan,) = (each for each in FolderFinder().find(tmp_path) if each.main == "other.svs")
    refuse("other.svs", code=code)
    survey = FolderFinder().survey(tmp_path)
    assert [each.main for each in survey.sets] == [CODE128.name]
    assert survey.trouble is not None
    assert "other.svs" in survey.trouble.message
    with pytest.raises(RetryableError, match=os.strerror(code)):
        FolderFinder().look(scan)


@pytest.mark.parametrize("code", [errno.ENOENT, errno.ENOTDIR])
def test_what_vanishes_meanwhile_is_no_trouble(tmp_path: Path, refuse: Refuse, code: int) -> None:
    copy_tree(CODE128, tmp_path)
    copy_tree(CODE128, tmp_path / "vanished")
    refuse("vanished", code=code)
    survey = FolderFinder().survey(tmp_path)
    assert (len(survey.sets), survey.trouble) == (1, None)


@pytest.mark.parametrize("name", ["System Volume Information", "$RECYCLE.BIN", "lost+found"])
def test_the_systems_own_folders_on_a_disk_are_no_trouble(tmp_path: Path, refuse: Refuse, name: str) -> None:
    copy_tree(CODE128, tmp_path)
    (tmp_path / name).mkdir()
    refuse(name, code=errno.EACCES)
    survey = FolderFinder().survey(tmp_path)
    assert (len(survey.sets), survey.trouble) == (1, None)


@pytest.mark.parametrize("code", [errno.EIO, errno.EACCES])
@pytest.mark.parametrize(
    ("source", "refused"),
    [
        (MIRAX, MIRAX.stem),
        (MIRAX, "Slidedat.ini"),
        (DICOM, ""),
        (MULTIFILE, "multifile-Z2.ome.tiff"),
        (NDTIFF, "NDTiff.index"),
    ],
)
def test_a_set_of_which_something_cannot_be_seen_waits(
    tmp_path: Path, refuse: Refuse, source: Path, refused: str, code: int
) -> None:
    copy_tree(source, tmp_path)
    if source == MIRAX:
        copy_tree(MIRAX.with_suffix(""), tmp_path)
    copy_tree(CODE128, tmp_path / "apart")
    (whole,) = (each for each in FolderFinder().find(tmp_path) if "apart" not in each.main)
    assert len(whole.members) > 1
    refuse(refused or Path(whole.members[-1].path).name, code=code)
    finder = FolderFinder()
    assert mains(finder, tmp_path) == [f"apart/{CODE128.name}"]
    with pytest.raises(RetryableError):
        finder.look(whole)


def test_several_are_counted(tmp_path: Path, refuse: Refuse) -> None:
    for name in ("a", "b", "c"):
        (tmp_path / name).mkdir()
    refuse("a", "b", "c", code=errno.EACCES)
    trouble = FolderFinder().survey(tmp_path).trouble
    assert trouble is not None
    assert trouble.message.endswith("Permission denied, and 2 more")
