"""How many slides are copied at once: learned from rates alone."""

from collections.abc import Callable

import pytest

from app.pipeline.breadth import FRESH_SECONDS, Breadth, Sample

MB = 1_000_000
Disk = Callable[[int], float]


class Hours:
    """Lets time pass at a station whose disks bring so many MB/s for each number of copies."""

    def __init__(self, breadth: Breadth, disk: Disk) -> None:
        self.breadth = breadth
        self.disk = disk
        self.now = 0.0
        self.verified = 0
        self.levels: list[int] = []

    def pass_by(self, seconds: int, *, slides: int = 100) -> None:
        for _ in range(seconds):
            running = min(slides, self.breadth.level)
            self.now += 1
            self.verified += int(self.disk(running) * MB)
            self.breadth.see(Sample(self.now, self.verified, running, waiting=slides > running))
            self.levels.append(self.breadth.level)


def settled(disk: Disk, most: int) -> int:
    """Return the level at which most time is spent after the first minutes."""
    hours = Hours(Breadth(most), disk)
    hours.pass_by(1800)
    later = hours.levels[300:]
    return max(set(later), key=later.count)


@pytest.mark.parametrize(
    ("disk", "most", "level"),
    [
        (lambda n: 100.0 * n, 8, 8),
        (lambda n: min(250.0, 100.0 * n), 8, 3),
        (lambda _: 300.0, 8, 1),
        (lambda n: {1: 120.0, 2: 70.0}.get(n, 40.0), 4, 1),
        (lambda n: {1: 100.0, 2: 180.0}.get(n, 185.0), 4, 2),
        (lambda n: 100.0 * n, 1, 1),
    ],
)
def test_it_settles_where_one_more_brings_nothing(disk: Disk, most: int, level: int) -> None:
    assert settled(disk, most) == level


def test_it_begins_with_two_and_never_goes_above_the_bound_or_below_one() -> None:
    for most in (1, 2, 3):
        hours = Hours(Breadth(most), lambda n: 100.0 * n)
        assert hours.breadth.level == min(2, most)
        hours.pass_by(2000)
        assert 1 <= min(hours.levels) <= max(hours.levels) <= most


def test_no_more_are_tried_while_nobody_waits() -> None:
    hours = Hours(Breadth(8), lambda n: 100.0 * n)
    hours.pass_by(1000, slides=2)
    assert set(hours.levels) == {2}


def test_a_level_is_judged_by_ten_full_seconds_only() -> None:
    hours = Hours(Breadth(8), lambda n: 100.0 * n)
    hours.pass_by(10)
    assert hours.breadth.level == 2
    hours.pass_by(500, slides=1)
    assert hours.breadth.level == 2, "one slide alone says nothing about two"
    hours.pass_by(2)
    assert hours.breadth.level == 3


def test_what_was_learned_is_tried_again_now_and_then() -> None:
    hours = Hours(Breadth(4), lambda _: 300.0)
    hours.pass_by(60)
    assert hours.breadth.level == 1
    hours.disk = lambda n: 300.0 * n
    hours.pass_by(int(2 * FRESH_SECONDS))
    lately = hours.levels[-200:]
    assert lately.count(4) > 150, "the share has become faster meanwhile"


def test_a_time_of_stepping_back_is_not_taken_for_slowness() -> None:
    hours = Hours(Breadth(2), lambda n: 100.0 * n)
    hours.pass_by(9)
    hours.breadth.pause()
    hours.now += 600
    hours.pass_by(5)
    assert hours.breadth.level == 2
    assert hours.breadth.rate(2, hours.now) is None
