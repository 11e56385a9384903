import errno
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from app.adapters.imaging import exclusive
from app.adapters.imaging.finder import FolderFinder
from app.domain.errors import RetryableError, SurroundingsError, UseError
from app.domain.members import member_finals
from app.domain.scan import Layout, ScanSet
from tests.adapters.imaging.samples import (
    CODE128,
    DAMAGE,
    DICOM,
    MALFORMED,
    MIRAX,
    MULTIFILE,
    NDTIFF,
    ROOT,
    SLIDES,
    STACKS,
    VENDOR,
    copy_tree,
)

OVERLAPPING = (NDTIFF.parent / "ndtiff3.2_magellan_explore_rgb").relative_to(SLIDES).as_posix()


@pytest.fixture
def finder() -> FolderFinder:
    return FolderFinder()


def found(scans: tuple[ScanSet, ...]) -> dict[str, tuple[Layout, int]]:
    return {scan.main: (scan.layout, len(scan.members)) for scan in scans}


def test_every_format_is_one_scan(finder: FolderFinder) -> None:
    assert found(finder.find(SLIDES)) == {
        "micromanager-ndtiff/v3/no_magellan_explore_no_channel/Full resolution/explore_no_channels_NDTiffStack.tif": (
            Layout.FOLDER,
            17,
        ),
        f"{OVERLAPPING}/Full resolution/Magellan_expolore_multi_channel_NDTiffStack.tif": (Layout.FOLDER, 13),
        "ome-tiff/multifile/multifile-Z1.ome.tiff": (Layout.FOLDER, 6),
        "ome-tiff/qupath_OS-1-detail.ome.tif": (Layout.FILE, 1),
        "synthetic-aperio/code128_S24-001003-A1-1.svs": (Layout.FILE, 1),
        "dicom/google_test_wsi2/google_test_wsi2.dcm": (Layout.FOLDER, 1),
        **{f"{VENDOR.name}/{scan.main}": (Layout.FOLDER, 5) for scan in finder.find(VENDOR) if DICOM.name in scan.main},
        "synthetic-vendor/generic_pyramid.tif": (Layout.FILE, 1),
        "synthetic-vendor/hamamatsu_nanozoomer.ndpi": (Layout.FILE, 1),
        "synthetic-vendor/leica_scn400.scn": (Layout.FILE, 1),
        "synthetic-vendor/micromanager/Exp_1/Exp_1_MMStack_Pos0.ome.tif": (Layout.FOLDER, 6),
        "synthetic-vendor/mirax_slide.mrxs": (Layout.FILE_AND_FOLDER, 4),
        "synthetic-vendor/philips_ufs.tiff": (Layout.FILE, 1),
        "synthetic-vendor/ventana_dp200.bif": (Layout.FILE, 1),
    }


def test_main_member_comes_first_and_members_belong_to_one_scan_only(finder: FolderFinder) -> None:
    scans = finder.find(SLIDES)
    paths = [member.path for scan in scans for member in scan.members]
    assert len(paths) == len(set(paths))
    assert all(scan.members[0].path == scan.main for scan in scans)


def test_dicom_groups_by_series_not_by_folder(finder: FolderFinder, tmp_path: Path) -> None:
    """Two series in one folder are two scans; the second is made by changing the UID in copies."""
    files = sorted(DICOM.iterdir())
    uid = b"1.2.826.0.1.3680043.8.498.36447174438330821184834203105416684244"
    folder = tmp_path / "export"
    folder.mkdir()
    for number, file in enumerate(files):
        data = file.read_bytes()
        assert uid in data
        (folder / f"{number}.dcm").write_bytes(data if number < 3 else data.replace(uid, uid[:-1] + b"9"))
    scans = finder.find(tmp_path)
    assert sorted(len(scan.members) for scan in scans) == [2, 3]
    assert {scan.layout for scan in scans} == {Layout.FILE}


def test_a_dicom_file_that_does_not_yet_say_its_series_joins_the_only_one(finder: FolderFinder, tmp_path: Path) -> None:
    folder = copy_tree(DICOM, tmp_path)
    (folder / "new.dcm").touch()
    (scan,) = finder.find(tmp_path)
    assert (len(scan.members), scan.layout) == (6, Layout.FOLDER)
    assert not scan.main.endswith("new.dcm")


def test_loose_pictures_texts_and_partial_files_are_no_scans(finder: FolderFinder, tmp_path: Path) -> None:
    for name in ("label.png", "notes.txt", "list.csv", "a.svs.part", "b.svs.tmp", "c.crdownload", ".d.svs", "._e.svs"):
        (tmp_path / name).write_bytes(CODE128.read_bytes()[:4096])
    (tmp_path / "archive").write_bytes(b"PK\x03\x04")
    assert finder.find(tmp_path) == ()


def test_a_slide_without_extension_is_known_by_its_first_bytes(finder: FolderFinder, tmp_path: Path) -> None:
    copy_tree(DAMAGE / "28_no_extension_slide", tmp_path)
    (tmp_path / "odd.abc").write_bytes(CODE128.read_bytes())
    assert [scan.main for scan in finder.find(tmp_path)] == ["28_no_extension_slide", "odd.abc"]


def test_damaged_files_with_a_slide_extension_stay_scans(finder: FolderFinder) -> None:
    names = {Path(scan.main).name for scan in finder.find(MALFORMED)}
    assert {"06_all_zero.svs", "27_zip_named_svs.svs", "02_header_only_8.svs", "28_no_extension_slide"} <= names
    assert not any(name.startswith("._") or name.endswith((".part", ".png", ".jpg")) for name in names)


def test_companion_folders_of_olympus_and_split_zeiss_files(finder: FolderFinder, tmp_path: Path) -> None:
    (tmp_path / "_x_" / "stack1").mkdir(parents=True)
    for name in ("x.vsi", "_x_/stack1/frame_t.ets", "y.czi", "y(1).czi", "y (2).czi", "z.czi"):
        (tmp_path / name).write_bytes(b"data")
    assert found(finder.find(tmp_path)) == {
        "x.vsi": (Layout.FILE_AND_FOLDER, 2),
        "y.czi": (Layout.FILE, 3),
        "z.czi": (Layout.FILE, 1),
    }


def test_ndpis_and_its_channels_are_one_scan(finder: FolderFinder, tmp_path: Path) -> None:
    (tmp_path / "x.ndpis").write_text(
        "[NanoZoomer Digital Pathology Image Set]\nNoImages=2\nImage0=x-1.ndpi\nImage1=x-2.ndpi\n"
    )
    for name in ("x-1.ndpi", "x-2.ndpi", "other.ndpi"):
        (tmp_path / name).write_bytes(b"data")
    assert found(finder.find(tmp_path)) == {"x.ndpis": (Layout.FOLDER, 3), "other.ndpi": (Layout.FILE, 1)}


def test_two_stacks_in_one_folder_are_two_scans(finder: FolderFinder, tmp_path: Path) -> None:
    for prefix in ("A", "B"):
        for name in ("_MMStack_Pos0.ome.tif", "_MMStack_Pos0_metadata.txt"):
            (tmp_path / f"{prefix}{name}").write_bytes(b"data")
    assert sorted(len(scan.members) for scan in finder.find(tmp_path)) == [2, 2]


def test_files_that_name_one_another_keep_their_names_beside_other_slides(finder: FolderFinder, tmp_path: Path) -> None:
    """Under new names they would speak of files that are not there: the set gets a folder named after the slide."""
    for source in sorted(MULTIFILE.iterdir()):
        (tmp_path / source.name).write_bytes(source.read_bytes())
    (tmp_path / "other.svs").write_bytes(CODE128.read_bytes())
    (scan,) = (each for each in finder.find(tmp_path) if len(each.members) > 1)
    finals = member_finals(scan.layout, scan.main, [member.path for member in scan.members], "S", "620995_P1")
    assert finals == {member.path: f"S/620995_P1/{member.path}" for member in scan.members}


def test_renamed_copies_of_one_ome_tiff_stay_apart(finder: FolderFinder, tmp_path: Path) -> None:
    for name in ("multifile-Z1.ome.tiff", "copy of Z1.ome.tiff"):
        data = (SLIDES / "ome-tiff" / "qupath_OS-1-detail.ome.tif").read_bytes()
        (tmp_path / name).write_bytes(data)
    assert [len(scan.members) for scan in finder.find(tmp_path)] == [1, 1]


def test_ome_set_is_one_scan_before_its_companion_comes(finder: FolderFinder, tmp_path: Path) -> None:
    folder = copy_tree(MULTIFILE, tmp_path)
    (folder / "multifile.companion.ome").unlink()
    assert found(finder.find(tmp_path)) == {"multifile/multifile-Z1.ome.tiff": (Layout.FOLDER, 5)}


@pytest.mark.skipif(sys.platform == "win32", reason="links need a privilege on Windows")
def test_links_are_never_followed(finder: FolderFinder, tmp_path: Path) -> None:
    root = tmp_path / "watch"
    root.mkdir()
    (root / "folder").symlink_to(SLIDES)
    (root / "file.svs").symlink_to(CODE128)
    assert finder.find(root) == ()


def test_a_folder_that_is_not_there_is_an_error_of_the_surroundings(finder: FolderFinder, tmp_path: Path) -> None:
    with pytest.raises(SurroundingsError) as caught:
        finder.find(tmp_path / "gone")
    assert "gone" in caught.value.message


def test_a_disk_that_does_not_answer_about_one_file_is_said_and_the_scan_is_not_left_out(
    finder: FolderFinder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A set whose folder cannot be read must not be taken for a smaller one either."""
    copy_tree(CODE128, tmp_path)
    (tmp_path / "broken").mkdir()
    (scan,) = finder.find(tmp_path)
    real_scandir, real_lstat = os.scandir, os.lstat

    def scandir(path: Path) -> object:
        if Path(path).name == "broken":
            raise OSError(errno.EIO, "Input/output error")
        return real_scandir(path)

    def lstat(path: Path, **named: object) -> os.stat_result:
        if Path(path).name == CODE128.name:
            raise OSError(errno.EIO, "Input/output error")
        return real_lstat(path, **named)

    with monkeypatch.context() as patch:
        patch.setattr(os, "scandir", scandir)
        with pytest.raises(SurroundingsError, match=r"broken: Input/output error"):
            finder.find(tmp_path)
    monkeypatch.setattr(os, "lstat", lstat)
    with pytest.raises(RetryableError, match="Input/output error"):
        finder.look(scan)


def test_a_folder_that_is_not_ours_to_see_does_not_keep_the_others_from_being_found(
    finder: FolderFinder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On Windows every disk has one."""
    copy_tree(CODE128, tmp_path)
    (tmp_path / "System Volume Information").mkdir()
    real = os.scandir

    def scandir(path: Path) -> object:
        if Path(path).name.startswith("System"):
            raise PermissionError(errno.EACCES, "Permission denied")
        return real(path)

    monkeypatch.setattr(os, "scandir", scandir)
    assert len(finder.find(tmp_path)) == 1


def test_find_is_stable_while_files_come_and_go(finder: FolderFinder, tmp_path: Path) -> None:
    copy_tree(CODE128, tmp_path)
    stop = threading.Event()

    def churn() -> None:
        number = 0
        while not stop.is_set():
            folder = tmp_path / f"f{number % 7}"
            folder.mkdir(exist_ok=True)
            (folder / "a.svs").write_bytes(b"II*\0")
            (folder / "b").write_bytes(b"II*\0")
            (folder / "a.svs").unlink()
            (folder / "b").unlink()
            folder.rmdir()
            number += 1

    thread = threading.Thread(target=churn)
    thread.start()
    try:
        for _ in range(150):
            assert CODE128.name in {scan.main for scan in finder.find(tmp_path)}
    finally:
        stop.set()
        thread.join()


def test_look_sees_growth_new_members_and_disappearance(finder: FolderFinder, tmp_path: Path) -> None:
    copy_tree(MIRAX, tmp_path)
    folder = copy_tree(MIRAX.with_suffix(""), tmp_path)
    (scan,) = finder.find(tmp_path)
    assert finder.look(scan) == scan
    (folder / "Data0001.dat").write_bytes(b"more")
    grown = finder.look(scan)
    assert grown is not None
    assert len(grown.members) == len(scan.members) + 1
    assert grown.fingerprint() != scan.fingerprint()
    (tmp_path / MIRAX.name).unlink()
    assert finder.look(scan) is None


@pytest.mark.parametrize("source", [STACKS, DICOM, NDTIFF, MULTIFILE])
def test_look_agrees_with_find(finder: FolderFinder, tmp_path: Path, source: Path) -> None:
    copy_tree(source, tmp_path)
    (scan,) = finder.find(tmp_path)
    assert finder.look(scan) == scan


def test_contents_are_read_again_when_a_file_changes(finder: FolderFinder, tmp_path: Path) -> None:
    path = tmp_path / "slide"
    path.write_bytes(b"nothing yet")
    assert finder.find(tmp_path) == ()
    path.write_bytes(CODE128.read_bytes())
    assert [scan.main for scan in finder.find(tmp_path)] == ["slide"]


@pytest.mark.parametrize(
    ("path", "main", "members"),
    [
        (MIRAX, "mirax_slide.mrxs", 4),
        (MIRAX.with_suffix("") / "Data0000.dat", "mirax_slide.mrxs", 4),
        (MULTIFILE / "multifile-Z3.ome.tiff", "multifile/multifile-Z1.ome.tiff", 6),
        (NDTIFF / "Full resolution", f"{NDTIFF.name}/Full resolution/explore_no_channels_NDTiffStack.tif", 17),
        (STACKS, "Exp_1/Exp_1_MMStack_Pos0.ome.tif", 6),
        (CODE128, CODE128.name, 1),
        (MALFORMED / "afl" / "msie-dht-leak.jpg", "msie-dht-leak.jpg", 1),
        (SLIDES / "SOURCES.tsv", "SOURCES.tsv", 1),
    ],
)
def test_a_named_path_gives_the_scan_it_belongs_to(finder: FolderFinder, path: Path, main: str, members: int) -> None:
    (scan,) = finder.find_named(path)
    assert (scan.main, len(scan.members)) == (main, members)
    assert scan.main_path.exists()


def test_a_named_folder_gives_all_its_scans(finder: FolderFinder) -> None:
    assert len(finder.find_named(VENDOR)) == len(finder.find(VENDOR))


def test_a_name_without_a_file_is_wrong_use(finder: FolderFinder, tmp_path: Path) -> None:
    with pytest.raises(UseError):
        finder.find_named(tmp_path / "no.svs")


def test_exclusive_open_follows_the_systems_rules(finder: FolderFinder, monkeypatch: pytest.MonkeyPatch) -> None:
    (scan,) = finder.find_named(MIRAX)
    if sys.platform != "win32":
        assert finder.can_open_exclusively(scan)
    errors = {scan.members[1].path: exclusive.SHARING_VIOLATION}
    monkeypatch.setattr(exclusive, "open_error", lambda path: errors.get(path.relative_to(scan.root).as_posix(), 0))
    assert not finder.can_open_exclusively(scan)
    errors[scan.members[1].path] = 2
    assert finder.can_open_exclusively(scan)


def test_the_parent_stays_lean() -> None:
    code = (
        "import sys, app.adapters.imaging.finder, app.adapters.imaging.images\n"
        "heavy = {'cv2', 'numpy', 'tifffile', 'openslide', 'PIL', 'lxml', 'zxingcpp'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)})
