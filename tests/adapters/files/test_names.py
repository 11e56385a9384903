"""Names below the root: nothing leads out of it, on any system, whatever the text."""

from pathlib import Path, PurePosixPath, PureWindowsPath

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from app.adapters.files import names
from app.adapters.files.folder_destination import FolderDestination
from app.adapters.files.manifest import format_line, parse_line
from app.domain.errors import SlideError
from app.domain.transfer import MemberPlan, TransferPlan
from tests.adapters.files.scene import FINGERPRINT, QUIET, write

PIECES = st.sampled_from(
    ["..", ".", "", "a", "CON", "nul.tar.gz", "COM¹.svs", "x.", "x ", "C:x", "a:b", "C:", "\\", "\\\\host\\share", "\0",
     "~", "$HOME", "%2e%2e", ".slideferry", ".SLIDEFERRY", "manifest-sha256.txt", "Manifest-SHA256.TXT", "\u202e", "=1",
     "e\u0301", "\ud800", "x" * 300, "\n", "*", "?"]
)  # fmt: skip
RELATIVE = st.lists(PIECES | st.text(max_size=12), min_size=1, max_size=5).map("/".join)


@settings(max_examples=400)
@given(RELATIVE)
@example("..\\x")
@example("a/C:x")
@example(".. /x")
def test_what_a_manifest_may_name_lies_below_its_folder(listed: str) -> None:
    linux, windows = (names.below_folder(listed, system=system) for system in ("linux", "win32"))
    if linux is not None:
        parts = PurePosixPath("/share/case", linux).parts
        assert parts[:3] == ("/", "share", "case")
        assert len(parts) > 3
        assert ".." not in parts
    if windows is not None:
        parts = PureWindowsPath("//host/share/case", windows).parts
        assert parts[:2] == ("\\\\host\\share\\", "case")
        assert len(parts) > 2
        assert not any(part.rstrip(" ") == ".." for part in parts)


@settings(max_examples=400)
@given(RELATIVE)
@example("/etc/passwd")
@example("a/../../b")
@example("C:/x")
@example("C:x")
def test_allowed_names_stay_below_the_root(relative: str) -> None:
    for system, pure in (("linux", Path), ("win32", PureWindowsPath)):
        try:
            parts = names.components(relative, system=system)
        except SlideError:
            continue
        root = pure("/mnt/share") if system == "linux" else pure("D:\\share")
        inside = root.joinpath(*parts)
        assert inside.parts[: len(root.parts)] == root.parts
        assert inside.parts[len(root.parts) :] == parts
        assert ".." not in parts
        assert names.twin_key(parts[0]) != ".slideferry"


@pytest.mark.parametrize(
    "relative",
    ["", "/a", "a/", "../a", "a/../b", "C:x", "c:/x", ".slideferry/destination.json", "x/manifest-sha256.txt",
     "x/.a.0123456789abcdef.part", "a\0b", "\udc80\ud800"],
)  # fmt: skip
def test_refused_everywhere(relative: str) -> None:
    for system in ("linux", "darwin", "win32"):
        with pytest.raises(SlideError):
            names.components(relative, system=system)


@pytest.mark.parametrize(
    "relative",
    [
        "CON.svs",
        "con",
        "NUL.tar.gz",
        "aux .svs",
        "COM1",
        "lpt³.svs",
        "CONIN$",
        "slide:b",
        "x.",
        "x ",
        "d./x",
        "a\\b",
        "a*",
        "\x1f",
    ],
)
def test_refused_on_windows_only(relative: str) -> None:
    assert names.components(relative, system="linux")
    with pytest.raises(SlideError):
        names.components(relative, system="win32")


@pytest.mark.parametrize("relative", ["CONSOLE.svs", "com10.svs", "nulls", "x.y.z", "日本.svs", "a b/c d.svs"])
def test_allowed_on_windows(relative: str) -> None:
    assert names.components(relative, system="win32")


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(relative=RELATIVE)
def test_copying_under_any_name_writes_below_the_root_only(
    destination: FolderDestination, root: Path, tmp_path: Path, relative: str
) -> None:
    source = tmp_path / "scanner" / "a.svs"
    if not source.exists():
        write(source, 10)
    status = source.stat()
    plan = TransferPlan(FINGERPRINT, (MemberPlan(source, relative, status.st_size, status.st_mtime_ns),))
    try:
        destination.publish(plan, destination.copy(plan, QUIET))
    except SlideError:
        destination.scrub(QUIET)
    assert {path.name for path in tmp_path.iterdir()} == {"scanner", "share"}
    assert [path.name for path in source.parent.iterdir()] == ["a.svs"]


@pytest.mark.parametrize("pair", [("A.svs", "a.SVS"), ("é", "e\u0301"), ("Straße", "STRASSE"), ("Å", "\u212b")])
def test_twins(pair: tuple[str, str]) -> None:
    assert names.twin_key(pair[0]) == names.twin_key(pair[1])


@given(st.text(min_size=1).filter(lambda text: "\0" not in text and "/" not in text))
def test_a_manifest_line_gives_back_its_name(name: str) -> None:
    line = format_line(name, "a" * 64)
    assert line.count("\n") == 1
    assert parse_line(line.removesuffix("\n")) == (name, "a" * 64)
