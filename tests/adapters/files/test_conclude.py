"""A publication that was cut, and must be known: it is finished, or it leaves nothing under a final name."""

import errno
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from app.adapters.files.folder_destination import FolderDestination
from app.domain.errors import SlideferryError
from app.domain.transfer import TransferPlan
from tests.adapters.files.scene import (
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

MAIN, COMPANION = "2026/S.mrxs", "2026/S/d.dat"


def part_of(root: Path, plan: TransferPlan, final: str) -> Path:
    path = root / final
    return path.with_name(f".{path.name}.{plan.fingerprint}.part")


def require_one_or_the_other(root: Path, plan: TransferPlan, *, there: bool) -> None:
    """All of it under its final names and listed; or none of it, and all of its bytes in parts."""
    if there:
        require_published(root, plan)
        return
    assert require_manifests_hold(root) == set()
    for member in plan.members:
        assert not (root / member.final).exists()
        assert sha256(part_of(root, plan, member.final)) == sha256(member.source)


def test_killed_anywhere_in_a_publication(tmp_path: Path, small: TransferPlan) -> None:
    ends = []
    for number in range(1, 500):
        root = tmp_path / f"share{number}"
        destination = make_destination(root)
        files = destination.copy(small, QUIET)
        hit = killed_at(number, lambda to=destination, files=files: to.publish(small, files))
        there = open_destination(root).conclude(small, files)
        require_one_or_the_other(root, small, there=there)
        assert open_destination(root).conclude(small, files) == there, "asking again changes nothing"
        require_one_or_the_other(root, small, there=there)
        ends.append(there)
        if not hit:
            break
    assert ends == sorted(ends), "once the main member has its name the scan is published"
    assert ends.count(False) > 3
    assert ends.count(True) > 3


@pytest.mark.parametrize("way", ["killed", "failing"])
@pytest.mark.parametrize("cut", [0.4, 1.0])
def test_cut_once_more_while_it_is_found_out(tmp_path: Path, small: TransferPlan, way: str, cut: float) -> None:
    for number in range(1, 500):
        root = tmp_path / f"share{number}"
        destination = make_destination(root)
        files = destination.copy(small, QUIET)
        destination.publish(small, files)
        for manifest in [*root.rglob("manifest-sha256.txt")][: 1 if cut == 1.0 else 2]:
            manifest.unlink()
        if cut < 1.0:
            (root / MAIN).rename(part_of(root, small, MAIN))
        if way == "killed":
            hit = killed_at(number, lambda at=root, files=files: open_destination(at).conclude(small, files))
        else:
            fault = failing(number, errno.EIO)
            with counted(fault), suppress(SlideferryError):
                open_destination(root).conclude(small, files)
            hit = fault.reached
        there = open_destination(root).conclude(small, files)
        assert there == (cut == 1.0)
        require_one_or_the_other(root, small, there=there)
        if not hit:
            return
    pytest.fail("it never ran through")


def test_killed_between_link_and_unlink(destination: FolderDestination, root: Path, small: TransferPlan) -> None:
    files = destination.copy(small, QUIET)
    os.link(part_of(root, small, COMPANION), root / COMPANION)
    assert destination.conclude(small, files) is False
    require_one_or_the_other(root, small, there=False)
    for final in (COMPANION, MAIN):
        os.link(part_of(root, small, final), root / final)
    assert destination.conclude(small, files) is True
    require_published(root, small)


@pytest.mark.parametrize("what", ["other bytes", "nothing"])
def test_a_main_member_that_somebody_took_away_is_not_published(
    destination: FolderDestination, root: Path, small: TransferPlan, what: str
) -> None:
    files = destination.copy(small, QUIET)
    destination.publish(small, files)
    (root / MAIN).unlink()
    if what == "other bytes":
        (root / MAIN).write_bytes(b"somebody's")
    assert destination.conclude(small, files) is False
    assert sha256(part_of(root, small, COMPANION)) == files[1].sha256
    assert (root / MAIN).exists() == (what == "other bytes"), "what is not ours is left alone"
    assert not (root / COMPANION).exists()


def test_a_file_of_the_same_bytes_beside_a_part_is_not_ours_to_take(
    destination: FolderDestination, root: Path, small: TransferPlan
) -> None:
    files = destination.copy(small, QUIET)
    (root / COMPANION).write_bytes(small.members[1].source.read_bytes())
    assert destination.conclude(small, files) is False
    assert (root / COMPANION).exists()
    destination.publish(small, files)
    require_published(root, small)


@pytest.mark.parametrize("act", [lambda to, plan, files: to.publish(plan, files), lambda to, plan, _: carry(to, plan)])
def test_what_was_taken_back_can_be_published(
    destination: FolderDestination, root: Path, small: TransferPlan, act: Callable[..., None]
) -> None:
    files = destination.copy(small, QUIET)
    part_of(root, small, COMPANION).rename(root / COMPANION)
    assert destination.conclude(small, files) is False
    act(open_destination(root), small, files)
    require_published(root, small)
