"""Guards of the transfer that no kill and no error code shows: each fails when its one line is taken away."""

import errno
import fcntl
import mmap
import os
from pathlib import Path
from threading import Event

import pytest

from app.domain.errors import CorruptionError, DestinationError, SlideError, SlideferryError
from app.domain.step import StepState
from app.domain.transfer import Relocation
from app.pipeline.journey import COPY, SUPERSEDE, VERIFY
from tests.adapters.files.scene import (
    QUIET,
    make_destination,
    open_destination,
    plan_of,
    require_published,
    sha256,
    write,
)
from tests.fakes.lab import Lab, until
from tests.faults.collector import Faults


def a_set(tmp_path: Path):
    scanner = tmp_path / "scanner"
    return plan_of(
        (write(scanner / "y.mrxs", 70_000), "2026/S.mrxs"),
        (write(scanner / "y" / "a.dat", 9000), "2026/S/a.dat"),
        (write(scanner / "y" / "b.dat", 5000), "2026/S/b.dat"),
    )


def finals_of(root: Path) -> list[str]:
    return sorted(p.name for p in root.rglob("*") if p.is_file() and ".slideferry" not in p.parts and p.name[0] != ".")


@pytest.mark.parametrize("member", [0, 1, 2])
@pytest.mark.parametrize("restarted", [False, True])
def test_a_set_with_one_damaged_part_shows_nothing(
    tmp_path: Path, faults: Faults, member: int, restarted: bool
) -> None:
    root = tmp_path / "share"
    destination = make_destination(root)
    plan = a_set(tmp_path)
    files = destination.copy(plan, QUIET)
    final = root / plan.members[member].final
    (part,) = final.parent.glob(f".{final.name}.*.part")
    content = bytearray(part.read_bytes())
    content[-7] ^= 1
    part.write_bytes(content)
    with pytest.raises(CorruptionError):
        (open_destination(root) if restarted else destination).publish(plan, files)
    assert finals_of(root) == []
    again = open_destination(root)
    again.publish(plan, again.copy(plan, QUIET))
    require_published(root, plan)
    when = "after a restart" if restarted else "between copy and publish"
    faults.note("publish a set", f"member {member}, {when}", "flipped bit in a part", "refused, then carried anew")


@pytest.mark.parametrize("at", [0, 100_000, 199_999])
def test_what_a_part_holds_is_compared_before_it_is_kept(
    tmp_path: Path, faults: Faults, monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    """A damaged part is put right in the first pass; a part that were trusted would be found by the read-back only."""
    root = tmp_path / "share"
    destination = make_destination(root)
    source = write(tmp_path / "a.svs", 200_000)
    plan = plan_of((source, "a.svs"))
    destination.copy(plan, QUIET)
    (part,) = root.glob(".a.svs.*.part")
    content = bytearray(part.read_bytes())
    content[at] ^= 16
    part.write_bytes(content)
    opened: list[str] = []
    real = os.open
    monkeypatch.setattr(os, "open", lambda path, *rest: opened.append(os.fspath(path)) or real(path, *rest))
    again = open_destination(root)
    files = again.copy(plan, QUIET)
    assert opened.count(str(source)) == 1, "the damage was found by the read-back, not by comparing"
    again.publish(plan, files)
    assert sha256(root / "a.svs") == sha256(source)
    faults.note("resume", f"byte {at} of the part", "flipped bit", "put right in the first pass")


@pytest.mark.parametrize("members", [1, 12])
def test_a_bit_flipped_on_its_way_to_the_disk_never_gets_a_name(
    tmp_path: Path, faults: Faults, monkeypatch: pytest.MonkeyPatch, members: int
) -> None:
    """The first bytes written for one member are not those that were hashed."""
    root = tmp_path / "share"
    destination = make_destination(root)
    plan = plan_of(*((write(tmp_path / f"{n}.dat", 20_000, seed=n), f"S/{n}.dat") for n in range(members)))
    struck = plan.members[members // 2].final.rpartition("/")[2]
    left = [1]
    real = os.pwritev

    def flipping(fd: int, views, offset: int) -> int:
        if left and Path(f"/proc/self/fd/{fd}").readlink().name.startswith(f".{struck}."):
            left.pop()
            for view in views:
                other = mmap.mmap(-1, -(-len(view) // 4096) * 4096)
                other[: len(view)] = bytes(view)
                other[11] ^= 32
                return real(fd, [memoryview(other)[: len(view)]], offset)
        return real(fd, views, offset)

    monkeypatch.setattr(os, "pwritev", flipping)
    files = destination.copy(plan, QUIET)
    destination.publish(plan, files)
    assert not left, "nothing was flipped"
    require_published(root, plan)
    faults.note("copy", f"member of {members}", "flipped bit on its way to the disk", "found, carried once more")


@pytest.mark.parametrize("members", [1, 12])
def test_an_error_that_only_close_tells_is_told(
    tmp_path: Path, faults: Faults, monkeypatch: pytest.MonkeyPatch, members: int
) -> None:
    """Network file systems report a failed write when the file is closed."""
    root = tmp_path / "share"
    destination = make_destination(root)
    plan = plan_of(*((write(tmp_path / f"{n}.dat", 20_000, seed=n), f"S/{n}.dat") for n in range(members)))
    left = [1]
    real = os.close

    def failing(fd: int) -> None:
        written = fcntl.fcntl(fd, fcntl.F_GETFL) & os.O_ACCMODE == os.O_RDWR
        is_part = Path(f"/proc/self/fd/{fd}").readlink().suffix == ".part"
        real(fd)
        if left and written and is_part:
            left.pop()
            raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(os, "close", failing)
    with pytest.raises(SlideferryError, match="Input/output error"):
        destination.copy(plan, QUIET)
    assert finals_of(root) == []
    destination.publish(plan, destination.copy(plan, QUIET))
    require_published(root, plan)
    faults.note("copy", f"close of a part of {members}", "EIO", "said, then carried anew")


@pytest.mark.parametrize("act", ["check", "copy", "publish", "relocate", "discard"])
def test_a_program_that_starts_on_an_empty_mount_point_writes_nothing(tmp_path: Path, faults: Faults, act: str) -> None:
    root = tmp_path / "share"
    plan = a_set(tmp_path)
    files = make_destination(root).copy(plan, QUIET)
    root.rename(tmp_path / "not mounted")
    root.mkdir()
    calls = {
        "check": lambda share: share.check(),
        "copy": lambda share: share.copy(plan, QUIET),
        "publish": lambda share: share.publish(plan, files),
        "relocate": lambda share: share.relocate(Relocation(files, tuple(f"R/{f.destination}" for f in files))),
        "discard": lambda share: share.discard(plan),
    }
    with pytest.raises(DestinationError):
        calls[act](open_destination(root))
    assert list(root.iterdir()) == []
    faults.note(act, "the first call of a program", "share not mounted", "refused, nothing written")


async def test_an_older_scan_that_waits_while_a_newer_one_is_named_sees_it(tmp_path: Path, faults: Faults) -> None:
    """Between a scan's name on the share and its line in the journal nobody else decides about names."""
    lab = Lab(tmp_path)
    old = lab.scan("old.svs", "620995", mark="old")
    lab.share.script["copy"].append(SlideError("Trouble", "the older one fails first"))
    naming, go_on = Event(), Event()

    def hold(*_: object) -> None:
        naming.set()
        assert go_on.wait(10)

    async with lab.open() as station:
        await until(lambda: lab.state("old.svs", COPY) is StepState.FAILED)
        lab.share.script["publish"].append(hold)
        new = lab.scan("new.svs", "620995", mark="new")
        await station.runner.look()
        await until(naming.is_set)
        await station.acts.restart(lab.id("old.svs"))
        await until(lambda: lab.state("old.svs", VERIFY) is StepState.RUNNING)
        go_on.set()
        await lab.rest()
        final = "Prec01/Run 2/620995_Prec01_P1"
        rescan = f"Rescans/{final}__{lab.id('old.svs')}.svs"
        assert lab.get("old.svs").state is StepState.SUCCEEDED, lab.get("old.svs").steps[VERIFY]
        assert lab.published() == {f"{final}.svs": new.read_bytes(), rescan: old.read_bytes()}
    faults.note("publish", "between name and journal", "a second scan of the slide", "it gives way")


async def test_a_name_that_was_cleared_once_is_not_asked_for_again(tmp_path: Path, faults: Faults) -> None:
    """An older scan made way, then the pass was cut and the source changed: the newer one goes on to take the name."""
    lab = Lab(tmp_path)
    old = lab.scan("old.svs", "620995", mark="old")
    async with lab.open() as station:
        await lab.rest()
        lab.images.blurry["new.svs"] = 12.4
        new = lab.scan("new.svs", "620995", mark="new")
        await station.runner.look()
        await lab.rest()
        lab.share.script["publish"].append(SlideError("Trouble", "after the older one made way"))
        await station.acts.keep(lab.id("new.svs"), "new")
        await until(lambda: lab.state("new.svs", VERIFY) is StepState.FAILED)
        lab.scan("new.svs", "620995", mark="written on")
        await station.acts.restart(lab.id("new.svs"), COPY)
        await lab.rest()
        final = "Prec01/Run 2/620995_Prec01_P1"
        rescan = f"Rescans/{final}__{lab.id('old.svs')}.svs"
        assert lab.state("new.svs", VERIFY) is StepState.SUCCEEDED, lab.get("new.svs").steps[VERIFY]
        assert lab.published() == {f"{final}.svs": new.read_bytes(), rescan: old.read_bytes()}
    faults.note("publish", "after an older scan made way", "source changed", "the name is taken, nothing asked twice")


async def test_a_scan_that_a_person_keeps_beside_a_newer_one_stays_there(tmp_path: Path, faults: Faults) -> None:
    """Both are kept, a person said; the newer one's own tidying, done again, does not overrule that."""
    lab = Lab(tmp_path)
    lab.scan("oldest.svs", "620995", mark="oldest")
    nameless = lab.scan("nameless.svs", "", mark="nameless")
    async with lab.open() as station:
        await lab.rest()
        await station.acts.assign(lab.id("nameless.svs"), "620995", "read from the glass")
        await lab.rest()
        newest = lab.scan("newest.svs", "620995", mark="newest")
        await station.runner.look()
        await lab.rest()
        await station.acts.keep(lab.id("nameless.svs"), "both")
        await lab.rest()
        await station.acts.restart(lab.id("newest.svs"), SUPERSEDE)
        await lab.rest()
        final = "Prec01/Run 2/620995_Prec01_P1"
        published = lab.published()
        assert published[f"{final}.svs"] == newest.read_bytes()
        assert published.get(f"{final}__{lab.id('nameless.svs')}.svs") == nameless.read_bytes(), sorted(published)
    faults.note("supersede", "done again", "a person kept both", "both stay")
