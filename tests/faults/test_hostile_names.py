"""Names that mean something else to some system: refused in words, or exactly that name below the root."""

import os
import subprocess
from pathlib import Path, PureWindowsPath

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from app.adapters.files import names
from app.adapters.files.folder_destination import FolderDestination
from app.domain.errors import SlideError
from app.domain.transfer import MemberPlan, TransferPlan
from tests.adapters.files.scene import (
    FINGERPRINT,
    QUIET,
    make_destination,
    open_destination,
    plan_of,
    sha256,
    write,
)
from tests.faults.collector import Faults
from tests.faults.conftest import is_proving
from tests.faults.operations import snapshot

BAD_EVERYWHERE = (
    "", "/", "/etc/passwd", "..", "../a", "a/../../b", "a/..", "./a", "a/./b", "a//b", "a/", "C:x", "c:/x", "a\0b",
    ".slideferry/destination.json", ".SLIDEFERRY/x", "x/manifest-sha256.txt", "x/Manifest-SHA256.TXT",
    "x/.a.0123456789abcdef.part", "\ud800", "x/\udfff",
)  # fmt: skip
BAD_ON_WINDOWS = (
    "CON.svs", "con", "NUL.tar.gz", "aux .svs", "COM1", "COM¹.svs", "lpt9", "LPT³.tif", "CONIN$", "conout$.x", "PRN",
    "slide:b", "a:b/c", "x.", "x ", "d./x", "d /x", "a\\b", "..\\..\\x", "\\\\host\\share", "a*", "a?", 'a"b', "a<b",
    "a>b", "a|b", "\x1f", "a\tb", "a\nb",
)  # fmt: skip
ODD = (
    "=1+1.svs", "-rf", "--help", "~", "$HOME", "%2e%2e", "%PATH%", "`x`", "'; x", "a b", " a", ".a", "...",
    "\u202egpj.svs", "\u200b.svs", "e\u0301.svs", "É.svs", "日本.svs", "😀.svs", "ﬁ.svs", "İ.svs",
    "ß", "\ufeffx", "x" * 200, "é" * 90,
    "CONSOLE.svs", "nulls", "com10", "\\", "a\\", "\n", "\r\n", "\x7f", "a\u2028b", "name  two",
    "manifest-sha256.txt.x", ".part",
)  # fmt: skip


def planned(folder: Path, final: str) -> TransferPlan:
    source = folder / "scanner" / "a.svs"
    if not source.exists():
        write(source, 1000)
    status = source.stat()
    return TransferPlan(FINGERPRINT, (MemberPlan(source, final, status.st_size, status.st_mtime_ns),))


@pytest.mark.parametrize("system", ["linux", "win32", "darwin"])
def test_names_that_lead_or_mean_elsewhere(tmp_path: Path, faults: Faults, system: str) -> None:
    bad = BAD_EVERYWHERE + (BAD_ON_WINDOWS if system == "win32" else ())
    for name in bad:
        with pytest.raises(SlideError) as caught:
            names.components(name, system=system)
        assert caught.value.hint
        faults.note("a final name", ascii(name), f"means something else ({system})", "refused in words")
    for name in ODD:
        if system == "win32" and (set(name) & set("\\\n\r~") - {"~"} or name.endswith((".", " "))):
            continue
        parts = names.components(name, system=system)
        inside = PureWindowsPath("D:\\share").joinpath(*parts)
        assert "/".join(parts) == name
        assert system != "win32" or inside.parts[:2] == ("D:\\", "share")
        faults.note("a final name", ascii(name), f"odd ({system})", "kept as it is")


def test_on_this_disk(tmp_path: Path, faults: Faults) -> None:
    """Nothing of a refused name is written; an odd one is the file's very name, and `sha256sum -c` reads its line."""
    root = tmp_path / "share"
    destination = make_destination(root)
    empty = snapshot(root)
    for name in BAD_EVERYWHERE:
        with pytest.raises(SlideError):
            destination.copy(planned(tmp_path, name), QUIET)
        assert snapshot(root) == empty
        faults.note("copy of a file", ascii(name), "a name that leads elsewhere", "refused in words")
    wanted = {f"{index}/{name}" for index, name in enumerate((*ODD, *BAD_ON_WINDOWS)) if "/" not in name}
    for name in sorted(wanted):
        plan = planned(tmp_path, name)
        destination.publish(plan, destination.copy(plan, QUIET))
        faults.note("copy and publish of a file", ascii(name), "an odd name", "published under it")
    published = {
        f"{folder.name}/{each.name}"
        for folder in root.iterdir()
        if folder.name.isdigit()
        for each in folder.iterdir()
        if each.name != names.MANIFEST_NAME
    }
    assert published == wanted
    for folder in (each for each in root.iterdir() if each.name.isdigit()):
        words = ["sha256sum", "--strict", "--status", "-c", names.MANIFEST_NAME]
        assert subprocess.run(words, cwd=folder, check=False).returncode == 0, list(folder.iterdir())
    assert open_destination(root).scrub(QUIET).findings == ()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["scanner", "share"]


@pytest.mark.parametrize("length", [200, 214, 215, 230, 255, 256, 300, 1000, 5000])
def test_long_names_and_paths(tmp_path: Path, faults: Faults, length: int) -> None:
    """What does not fit is this slide's trouble, told as such; a path beyond 260 characters is none here."""
    destination = make_destination(tmp_path / "share")
    for final in ("x" * length, "/".join(["d" * 100] * (length // 100) + ["x.svs"])):
        plan = planned(tmp_path, final)
        refusal = refused(destination, plan)
        assert refusal is None or refusal.hint
        fits = max(len(names.part_name(part, FINGERPRINT)) for part in final.split("/")) <= 255 and length < 4000
        assert (refusal is None) == fits
        if refusal is None:
            assert sha256(tmp_path / "share" / final) == sha256(plan.members[0].source)
        outcome = "refused in words" if refusal else "published"
        step = f"{length} characters, {final.count('/')} folders"
        faults.note("copy and publish of a file", step, "a long name", outcome)


def refused(destination: FolderDestination, plan: TransferPlan) -> SlideError | None:
    try:
        destination.publish(plan, destination.copy(plan, QUIET))
    except SlideError as error:
        return error
    return None


def test_source_names_that_are_no_unicode(tmp_path: Path, faults: Faults) -> None:
    """What a scanner's file is called in another encoding reads as surrogates, and is carried byte for byte."""
    folder = tmp_path / "scanner"
    folder.mkdir()
    destination = make_destination(tmp_path / "share")
    for raw in (b"\xff.svs", b"caf\xe9.svs", b"\x80\x81", b"a\xc3", b"\xed\xa0\x80.svs"):
        source = folder / os.fsdecode(raw)
        source.write_bytes(raw * 100)
        final = f"2026/{os.fsdecode(raw)}"
        plan = plan_of((source, final))
        destination.publish(plan, destination.copy(plan, QUIET))
        assert sha256(tmp_path / "share" / final) == sha256(source)
        destination_again = open_destination(tmp_path / "share")
        assert destination_again.occupant(final) is not None
        faults.note(
            "copy and publish of a file", ascii(raw), "a source name that is no Unicode", "carried byte for byte"
        )
    assert len(require_manifests_hold_bytes(tmp_path / "share")) == 5
    assert open_destination(tmp_path / "share").scrub(QUIET).findings == ()


def require_manifests_hold_bytes(root: Path) -> list[bytes]:
    words = ["sha256sum", "--strict", "-c", names.MANIFEST_NAME]
    done = subprocess.run(words, cwd=root / "2026", capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


WEIRD = st.text(max_size=12) | st.sampled_from([*ODD, *BAD_EVERYWHERE, *BAD_ON_WINDOWS])


@settings(max_examples=300 if is_proving() else 40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(relative=st.lists(WEIRD, min_size=1, max_size=4).map("/".join))
@example(relative="2026/..")
def test_any_text_as_a_name(tmp_path: Path, faults: Faults, relative: str) -> None:
    """Whatever text: what Windows' rules allow stays below the root there; what is written is below the root here."""
    try:
        parts = names.components(relative, system="win32")
    except SlideError:
        pass
    else:
        inside = PureWindowsPath("D:\\share").joinpath(*parts)
        assert inside.parts == ("D:\\", "share", *parts)
        assert not set(relative) & set('<>:"|?*\\')
    root = tmp_path / "share"
    destination = open_destination(root) if root.exists() else make_destination(root)
    plan = planned(tmp_path, relative)
    try:
        destination.publish(plan, destination.copy(plan, QUIET))
        assert sha256(root / relative) == sha256(plan.members[0].source)
    except SlideError:
        destination.scrub(QUIET)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["scanner", "share"]
    assert [path.name for path in plan.members[0].source.parent.iterdir()] == ["a.svs"]
    faults.note(
        "copy and publish of a file", f"text {ascii(relative)[:60]}", "any text as a name", "below the root or refused"
    )


def test_twins_of_one_scan_are_refused(tmp_path: Path, faults: Faults) -> None:
    for first, second in (("A.svs", "a.SVS"), ("é", "e\u0301"), ("Straße", "STRASSE"), ("Å", "\u212b"), ("ﬁ", "FI")):
        pairs = [(write(tmp_path / "scanner" / str(each), 10), final) for each, final in enumerate((first, second))]
        destination = (
            open_destination(tmp_path / "share")
            if (tmp_path / "share").exists()
            else make_destination(tmp_path / "share")
        )
        with pytest.raises(SlideError):
            destination.copy(plan_of(*pairs), QUIET)
        faults.note("copy of a set", ascii(first), f"its twin {second!a}", "refused in words")
