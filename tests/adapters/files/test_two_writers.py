"""Two programs on one destination: one that sleeps where it must not, and two that want one name at once."""

import errno
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from app.adapters.files import names, platform_posix, share_lock
from app.adapters.files.claim import claimed
from app.adapters.files.folder_destination import FolderDestination
from app.adapters.files.share_lock import FolderLock, Patience
from app.domain.errors import NameTakenError, RetryableError
from app.domain.transfer import Relocation, TransferPlan
from tests.adapters.files.scene import (
    CHANGING_CALLS,
    QUIET,
    Countdown,
    Watching,
    counted,
    open_destination,
    plan_of,
    require_manifests_hold,
    sha256,
    write,
)
from tests.adapters.files.test_bundle import set_of

SILENT_SECONDS = 0.2


def fall_asleep() -> None:
    os.kill(os.getpid(), signal.SIGSTOP)


def after_the_look(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the lock's holder fall asleep once, just after it looked whether the lock is still its own."""
    real, looks = FolderLock.require_held, iter([fall_asleep])

    def look(lock: FolderLock) -> None:
        real(lock)
        next(looks, lambda: None)()

    monkeypatch.setattr(FolderLock, "require_held", look)


def until_done(act: Callable[[], object]) -> None:
    """Repeat what is refused for now, as the engine does."""
    for _ in range(20):
        try:
            act()
        except RetryableError:
            continue
        return
    raise AssertionError("never done")


class Sleeper:
    """A child process that does `act`, repeating what is refused for now, and falls asleep somewhere inside it."""

    def __init__(self, act: Callable[[], object], prepare: Callable[[], None] = lambda: None) -> None:
        self.pid = os.fork()
        if self.pid == 0:
            try:
                prepare()
                until_done(act)
                os._exit(0)
            finally:
                os._exit(70)

    def sleeps(self) -> bool:
        """Wait until it sleeps; False when it came to its end before."""
        _, status = os.waitpid(self.pid, os.WUNTRACED)
        if os.WIFSTOPPED(status):
            return True
        assert os.waitstatus_to_exitcode(status) == 0
        return False

    def wake(self) -> None:
        os.kill(self.pid, signal.SIGCONT)
        _, status = os.waitpid(self.pid, 0)
        assert os.waitstatus_to_exitcode(status) == 0


def within(countdown: Countdown, act: Callable[[], object]) -> None:
    with counted(countdown, CHANGING_CALLS):
        act()


def scan(tmp_path: Path, name: str, folder: str = "2026") -> TransferPlan:
    path = write(tmp_path / "scanner" / name, 5000)
    return plan_of((path, f"{folder}/{name}"), fingerprint=name.replace(".", "").replace("-", "").ljust(16, "0"))


def carry(root: Path, plan: TransferPlan) -> None:
    destination = open_destination(root)
    files = destination.copy(plan, QUIET)
    until_done(lambda: destination.publish(plan, files))


def require_whole(root: Path, finals: set[str]) -> None:
    """Every line is there and right, every file is listed, and nothing of ours is left over."""
    assert require_manifests_hold(root) == finals
    there = open_destination(root)
    assert there.scrub(QUIET).findings == ()
    assert there.leftovers() == ()


def test_a_holder_that_wakes_before_its_swap_loses_nobodys_lines(
    destination: FolderDestination, root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine, others, third = (scan(tmp_path, name) for name in ("A-1.svs", "B-1.svs", "C-1.svs"))
    carry(root, third)
    sleeper = Sleeper(lambda: carry(root, mine), lambda: after_the_look(monkeypatch))
    assert sleeper.sleeps()
    carry(root, others)
    sleeper.wake()
    require_whole(root, {"2026/A-1.svs", "2026/B-1.svs", "2026/C-1.svs"})


def test_a_holder_that_wakes_before_it_removes_an_emptied_manifest_removes_nobodys_lines(
    destination: FolderDestination, root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    older, others = scan(tmp_path, "A-1.svs"), scan(tmp_path, "B-1.svs")
    files = destination.copy(older, QUIET)
    destination.publish(older, files)

    def move() -> None:
        open_destination(root).relocate(Relocation(files, ("Rescans/A-1.svs",)))

    def look(lock: FolderLock) -> None:
        # Adding the line at the new place comes first: it sleeps at its second look, before the old manifest goes.
        real(lock)
        next(looks, lambda: None)()

    real, looks = FolderLock.require_held, iter([lambda: None, fall_asleep])
    sleeper = Sleeper(move, lambda: monkeypatch.setattr(FolderLock, "require_held", look))
    assert sleeper.sleeps()
    carry(root, others)
    sleeper.wake()
    require_whole(root, {"2026/B-1.svs", "Rescans/A-1.svs"})


def test_whichever_call_a_holder_sleeps_before_the_manifest_is_whole(
    destination: FolderDestination, root: Path, tmp_path: Path
) -> None:
    finals: set[str] = set()
    for number in range(1, 1000):
        mine, others = scan(tmp_path, f"A-{number}.svs"), scan(tmp_path, f"B-{number}.svs")
        mine_here = open_destination(root)
        files = mine_here.copy(mine, QUIET)
        countdown = Countdown(number, fall_asleep)

        publish = partial(mine_here.publish, mine, files)
        sleeper = Sleeper(partial(within, countdown, publish))
        sleeps = sleeper.sleeps()
        carry(root, others)
        if sleeps:
            sleeper.wake()
        finals |= {f"2026/A-{number}.svs", f"2026/B-{number}.svs"}
        require_whole(root, finals)
        if not sleeps:
            break
    assert number > 12


def test_a_holder_that_wakes_when_it_gives_the_lock_back_leaves_the_next_ones_alone(tmp_path: Path) -> None:
    patience = Patience(wait_seconds=5, silent_seconds=SILENT_SECONDS)

    def hold() -> None:
        with FolderLock(tmp_path, "2026", "sleepy-pc", patience):
            fall_asleep()

    sleeper = Sleeper(hold)
    assert sleeper.sleeps()
    with FolderLock(tmp_path, "2026", "raven-pc", patience) as lock:
        sleeper.wake()
        lock.require_held()
    assert list(tmp_path.iterdir()) == []


def test_a_pc_that_slept_itself_does_not_take_a_living_holder_for_dead(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its clock jumps by an hour between two looks, during which it watched nobody."""
    clock, jumps = [0.0], iter([0.0, 0.0, 0.0, 3600.0])

    def monotonic() -> float:
        clock[0] += next(jumps, 0.1)
        return clock[0]

    with FolderLock(tmp_path, "2026", "raven-pc", Patience()) as held:
        monkeypatch.setattr(share_lock.time, "monotonic", monotonic)
        with pytest.raises(RetryableError, match="raven-pc"):
            FolderLock(tmp_path, "2026", "cardinal-pc", Patience(wait_seconds=10.0, silent_seconds=45)).__enter__()
        held.require_held()


def test_two_spellings_that_a_share_takes_for_one_folder_have_one_lock(tmp_path: Path) -> None:
    patience = Patience(wait_seconds=0.1, silent_seconds=30)
    with FolderLock(tmp_path, "Batch é", "raven-pc", patience), pytest.raises(RetryableError):
        FolderLock(tmp_path, "batch e\u0301", "cardinal-pc", patience).__enter__()


def folder_set(source: Path, main: str) -> TransferPlan:
    """A DICOM series: a folder whose files are named by the scanner, differently each time."""
    pairs = [(write(source / f"{name}.dcm", 400), f"2026/S-9/{name}.dcm") for name in (main, f"{main}2", f"{main}3")]
    return replace(plan_of(*pairs, fingerprint=main.ljust(16, "0")), own_folder="2026/S-9")


def test_two_sets_that_are_folders_do_not_mix_where_no_two_files_share_a_name(
    destination: FolderDestination, root: Path, tmp_path: Path
) -> None:
    mine, others = folder_set(tmp_path / "raven", "aa"), folder_set(tmp_path / "cardinal", "bb")
    mine_files, others_files = destination.copy(mine, QUIET), destination.copy(others, QUIET)
    destination.publish(mine, mine_files)
    with pytest.raises(NameTakenError, match="2026/S-9/aa"):
        destination.publish(others, others_files)
    destination.discard(others)
    destination.publish(mine, mine_files)
    require_whole(root, {member.final for member in mine.members})


def test_a_set_whose_folder_holds_another_sets_files_does_not_mix_with_them(
    destination: FolderDestination, root: Path, tmp_path: Path
) -> None:
    others = plan_of((write(tmp_path / "other.dat", 10), "2026/S-2/Other.dat"), fingerprint="e" * 16)
    destination.publish(others, destination.copy(others, QUIET))
    mine = slide_set(tmp_path / "raven", 2)
    files = destination.copy(mine, QUIET)
    with pytest.raises(NameTakenError, match=r"Other\.dat"):
        destination.publish(mine, files)


PUBLISH = """
import sys
from pathlib import Path
from app.adapters.files.folder_destination import FolderDestination
from app.domain.errors import NameTakenError
from app.domain.transfer import TransferWatch
from tests.adapters.files.test_two_writers import slide_set

root, source, number = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
there = FolderDestination(root, "Rescans", source.name)
watch = TransferWatch(lambda _: None, lambda: False)
ready = [(plan, there.copy(plan, watch)) for plan in (slide_set(source, each) for each in range(number))]
print("ready", flush=True)
sys.stdin.readline()
for plan, files in ready:
    try:
        there.publish(plan, files)
        print("won", flush=True)
    except NameTakenError:
        there.discard(plan)
        print("taken", flush=True)
"""


def slide_set(source: Path, number: int) -> TransferPlan:
    """An MRXS set: a main file and its folder; the folder's files are named as each scanner likes."""
    name, seed = f"S-{number}", f"{source.name}{number}"
    members = (
        (write(source / f"{name}.mrxs", 300, hash_of(seed)), f"2026/{name}.mrxs"),
        (write(source / name / "Slidedat.ini", 500, hash_of(seed)), f"2026/{name}/Slidedat.ini"),
        (write(source / name / f"{source.name}.dat", 700, hash_of(seed)), f"2026/{name}/{source.name}.dat"),
    )
    return plan_of(*members, fingerprint=f"{source.name}{number:016d}"[-32:].replace("-", ""))


def hash_of(text: str) -> int:
    return sum(position * ord(letter) for position, letter in enumerate(text, 1))


def test_of_two_pcs_that_publish_sets_under_the_same_names_one_wins_each_and_no_set_is_mixed(
    destination: FolderDestination, root: Path, tmp_path: Path
) -> None:
    sources, number = (tmp_path / "raven", tmp_path / "cardinal"), 12
    programs = [
        subprocess.Popen(
            [sys.executable, "-c", PUBLISH, str(root), str(source), str(number)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[3],
        )
        for source in sources
    ]
    for program in programs:
        assert program.stdout is not None
        assert program.stdout.readline() == "ready\n"
    outcomes = [program.communicate("go\n")[0].split() for program in programs]
    assert [program.returncode for program in programs] == [0, 0]
    for each in range(number):
        assert sorted(outcome[each] for outcome in outcomes) == ["taken", "won"], each
        winner = next(source for source, outcome in zip(sources, outcomes, strict=True) if outcome[each] == "won")
        plan = slide_set(winner, each)
        lying = {path.relative_to(root).as_posix() for path in (root / f"2026/S-{each}").iterdir()}
        finals = {member.final for member in plan.members}
        assert lying - {f"2026/S-{each}/manifest-sha256.txt"} == finals - {f"2026/S-{each}.mrxs"}
        assert all(sha256(root / member.final) == sha256(member.source) for member in plan.members)
    assert len(require_manifests_hold(root)) == 3 * number
    assert open_destination(root).scrub(QUIET).findings == ()
    assert open_destination(root).leftovers() == ()


def same_scan_elsewhere(plan: TransferPlan, folder: Path, seed: int = 0) -> TransferPlan:
    """The plan of another program that takes this scan: the same names and fingerprint; with a seed, other bytes."""
    pairs = [
        (write(folder / member.source.name, member.size_bytes, seed), member.final)
        if seed
        else (member.source, member.final)
        for member in plan.members
    ]
    return plan_of(*pairs, fingerprint=plan.fingerprint)


@pytest.mark.parametrize("many", [False, True])
def test_a_scan_that_another_program_carries_is_left_to_it(
    destination: FolderDestination, root: Path, tmp_path: Path, plan: TransferPlan, many: bool
) -> None:
    """The other would publish what this one still writes into, or lose the small parts that this one has removed."""
    mine = set_of(tmp_path, 12) if many else plan
    others = same_scan_elsewhere(mine, tmp_path / "elsewhere", seed=1)
    there, refused = open_destination(root), []

    def other_program() -> None:
        try:
            there.publish(mine, there.copy(mine, QUIET))
        except RetryableError as error:
            refused.append(error)

    destination.copy(others, Watching(other_program, when=3).watch)
    (error,) = refused
    assert error.title == "Another program carries this scan"
    assert Path(mine.members[0].final).name in error.message
    assert not (root / mine.members[0].final).exists()


@pytest.mark.parametrize("many", [False, True])
def test_parts_that_another_program_takes_up_again_are_not_named_meanwhile(
    destination: FolderDestination, root: Path, tmp_path: Path, plan: TransferPlan, many: bool
) -> None:
    mine = set_of(tmp_path, 12) if many else plan
    there = open_destination(root)
    files, refused = there.copy(mine, QUIET), []

    def name_them() -> None:
        try:
            there.publish(mine, files)
        except RetryableError as error:
            refused.append(error)

    carried = destination.copy(mine, Watching(name_them, when=3).watch)
    assert [error.title for error in refused] == ["Another program carries this scan"]
    destination.publish(mine, carried)
    there.publish(mine, files)
    require_whole(root, {member.final for member in mine.members})


def test_a_program_that_is_killed_while_it_carries_keeps_nobody_from_it(
    destination: FolderDestination, root: Path, plan: TransferPlan
) -> None:
    asleep = Sleeper(lambda: open_destination(root).copy(plan, Watching(fall_asleep, when=3).watch))
    assert asleep.sleeps()
    try:
        with pytest.raises(RetryableError, match="another program"):
            destination.copy(plan, QUIET)
    finally:
        os.kill(asleep.pid, signal.SIGKILL)
        os.waitpid(asleep.pid, 0)
    destination.publish(plan, destination.copy(plan, QUIET))
    require_whole(root, {"2026/S-1.svs"})


def test_where_a_share_has_no_locks_scans_are_carried_all_the_same(
    destination: FolderDestination, root: Path, plan: TransferPlan, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lacking(fd: int) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(platform_posix, "lock", lacking)
    destination.publish(plan, destination.copy(plan, QUIET))
    require_whole(root, {"2026/S-1.svs"})


def test_a_claim_that_was_given_up_between_opening_and_locking_is_not_taken_for_held(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its file has gone then: a third program would make it anew and hold it as well."""
    part, real, given_up = "2026/.a.svs.0123456789abcdef.part", platform_posix.lock, iter([True])
    claim = tmp_path / names.claim_name(part)

    def lock(fd: int) -> None:
        if next(given_up, False):
            claim.unlink()
        real(fd)

    monkeypatch.setattr(platform_posix, "lock", lock)
    with claimed(tmp_path, part), pytest.raises(RetryableError), claimed(tmp_path, part):
        pass
    assert list(tmp_path.iterdir()) == []


def test_what_was_cut_before_its_bytes_were_there_is_carried_again(
    destination: FolderDestination, root: Path, plan: TransferPlan
) -> None:
    """As another program leaves a small part when it is killed; no alarm, for the disks are not to blame."""
    files = destination.copy(plan, QUIET)
    os.truncate(next(root.rglob("*.part")), 0)
    with pytest.raises(RetryableError, match=r"S-1\.svs"):
        destination.publish(plan, files)
    destination.publish(plan, destination.copy(plan, QUIET))
    require_whole(root, {"2026/S-1.svs"})
