"""SIGKILL at every system call, and every system call failing: a restart always finishes to one result."""

import errno
from collections.abc import Callable
from pathlib import Path

import pytest

from app.adapters.files.folder_destination import FolderDestination
from app.domain.errors import DestinationError, ErrorKind, SlideferryError
from app.domain.transfer import Relocation, TransferPlan
from tests.adapters.files.scene import (
    ALL_CODES,
    QUIET,
    carry,
    counted,
    failing,
    killed_at,
    make_destination,
    open_destination,
    require_manifests_hold,
    require_published,
    sha256,
)

MOST_CALLS = 2000


def until_clean(run: Callable[[int], bool]) -> int:
    """Run with N = 1, 2, 3 … until a run is not hit; return how many were."""
    number = next(number for number in range(1, MOST_CALLS) if not run(number))
    assert number > 10
    return number


def test_killed_while_copying_or_publishing(tmp_path: Path, small: TransferPlan) -> None:
    def run(number: int) -> bool:
        root = tmp_path / f"share{number}"
        make_destination(root)
        hit = killed_at(number, lambda: carry(open_destination(root), small))
        for final in (root / member.final for member in small.members):
            if final.exists():
                assert sha256(final) in {sha256(member.source) for member in small.members}
        carry(open_destination(root), small)
        require_published(root, small)
        return hit

    until_clean(run)


def test_killed_while_publishing_and_only_published_again(tmp_path: Path, small: TransferPlan) -> None:
    """The journal knows the files as verified: recovery publishes without copying."""

    def run(number: int) -> bool:
        root = tmp_path / f"share{number}"
        destination = make_destination(root)
        files = destination.copy(small, QUIET)
        hit = killed_at(number, lambda: destination.publish(small, files))
        open_destination(root).publish(small, files)
        require_published(root, small)
        return hit

    until_clean(run)


def test_killed_while_relocating(tmp_path: Path, small: TransferPlan) -> None:
    def run(number: int) -> bool:
        root = tmp_path / f"share{number}"
        destination = make_destination(root)
        files = destination.copy(small, QUIET)
        destination.publish(small, files)
        move = Relocation(files, ("Rescans/2026/S__1.mrxs", "Rescans/2026/S__1/d.dat"))
        hit = killed_at(number, lambda: destination.relocate(move))
        again = open_destination(root)
        again.relocate(move)
        assert require_manifests_hold(root) == set(move.new)
        assert again.scrub(QUIET).findings == ()
        assert not (root / "2026/S").exists()
        return hit

    until_clean(run)


@pytest.mark.parametrize("first_code", [0, pytest.param(3, marks=pytest.mark.long)])
def test_every_call_failing_once(tmp_path: Path, small: TransferPlan, first_code: int) -> None:
    """Whatever call fails: an error of ours or success, no final with other bytes, and the next try ends well.

    The codes take turns, so that a run stays short and every call meets different ones.
    """

    kinds: set[ErrorKind] = set()

    def run(number: int) -> bool:
        root = tmp_path / f"share{number}"
        make_destination(root)
        fault = failing(number, ALL_CODES[(number + first_code) % len(ALL_CODES)])
        try:
            with counted(fault):
                carry(open_destination(root), small)
        except SlideferryError as error:
            kinds.add(error.kind)
        for member in small.members:
            final = root / member.final
            assert not final.exists() or sha256(final) == sha256(member.source)
        carry(open_destination(root), small)
        require_published(root, small)
        return fault.reached

    until_clean(run)
    assert {ErrorKind.RETRYABLE, ErrorKind.DESTINATION, ErrorKind.THIS_SLIDE} <= kinds
    assert ErrorKind.CORRUPTION not in kinds


@pytest.mark.parametrize("call", ["fsync", "ftruncate", "pwritev", "close"])
def test_an_io_error_is_never_swallowed(destination: FolderDestination, small: TransferPlan, call: str) -> None:
    """EIO of the first write, fsync or close of a part comes out of `copy`."""
    with counted(failing(1, errno.EIO), (call,)), pytest.raises(SlideferryError):
        destination.copy(small, QUIET)


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT, errno.EROFS])
def test_a_full_or_read_only_destination_stops_its_queue(
    destination: FolderDestination, small: TransferPlan, code: int
) -> None:
    with counted(failing(1, code), ("pwritev",)), pytest.raises(DestinationError):
        destination.copy(small, QUIET)
