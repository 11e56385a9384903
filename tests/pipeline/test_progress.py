"""Rates and times left by numbers: bytes count once they were verified."""

from datetime import UTC, datetime, timedelta

import pytest

from app.domain.scan import ScanId
from app.domain.transfer import TransferProgress
from app.pipeline.progress import ProgressBoard

MB = 1_000_000
A, B = ScanId("a"), ScanId("b")


class HandClock:
    """Time that a test sets."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def now(self) -> datetime:
        return datetime(2026, 5, 4, 12, tzinfo=UTC) + timedelta(seconds=self.seconds)

    def monotonic(self) -> float:
        return self.seconds


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def board(clock: HandClock) -> ProgressBoard:
    return ProgressBoard(clock)


def carry(board: ProgressBoard, clock: HandClock, scan: ScanId, size: int, rate: int, step_seconds: float = 1) -> None:
    """Carry a whole scan at so many bytes a second, read back right behind."""
    board.begin(scan, size)
    for done in range(int(rate * step_seconds), size + 1, int(rate * step_seconds)):
        clock.seconds += step_seconds
        board.put(scan, TransferProgress(done, done, size))
    board.end(scan)


def test_only_what_was_read_back_counts(board: ProgressBoard, clock: HandClock) -> None:
    board.begin(A, 1000 * MB)
    for second in range(1, 5):
        clock.seconds += 1
        board.put(A, TransferProgress(100 * MB * second, 100 * MB * second - 40 * MB, 1000 * MB))
    speed = board.speed(A)
    assert speed is not None
    assert speed.rate == pytest.approx(90 * MB), "360 MB verified in 4 s, although 400 were sent"
    assert speed.seconds_left == pytest.approx(4 * (2000 - 760) / 760)
    assert board.total_rate() == speed.rate


def test_while_all_is_copied_before_any_is_read_back_there_is_no_rate_but_a_time_left(
    board: ProgressBoard, clock: HandClock
) -> None:
    board.begin(A, 1000 * MB)
    clock.seconds += 2
    board.put(A, TransferProgress(500 * MB, 0, 1000 * MB))
    speed = board.speed(A)
    assert speed is not None
    assert speed.rate == 0
    assert speed.seconds_left == pytest.approx(6), "the other half, and as long again to read it back"


def test_a_paced_copy_does_not_look_dead_and_a_hanging_one_does(board: ProgressBoard, clock: HandClock) -> None:
    board.begin(A, 100 * MB)
    for chunk in (8, 16, 24):
        clock.seconds += 8
        board.put(A, TransferProgress(chunk * MB, chunk * MB, 100 * MB))
    clock.seconds += 7
    speed = board.speed(A)
    assert speed is not None
    assert speed.rate == pytest.approx(MB)
    assert speed.seconds_left == pytest.approx(76)
    clock.seconds += 30
    speed = board.speed(A)
    assert speed is not None
    assert (speed.rate, speed.seconds_left) == (0, None)


def test_the_station_s_rate_outlives_the_gap_between_two_slides_and_idle_time_does_not_lower_it(
    board: ProgressBoard, clock: HandClock
) -> None:
    assert board.sustained_rate() is None
    carry(board, clock, A, 1000 * MB, 100 * MB)
    assert board.total_rate() is None
    assert board.sustained_rate() == pytest.approx(100 * MB)
    clock.seconds += 300
    assert board.sustained_rate() == pytest.approx(100 * MB)
    carry(board, clock, B, 1000 * MB, 50 * MB)
    assert board.sustained_rate() == pytest.approx(2000 * MB / 30)
    assert board.verified_bytes() == 2000 * MB
    clock.seconds += 3600
    assert board.sustained_rate() is None, "an hour ago is too long ago"


def test_slides_of_a_tenth_of_a_second_are_measured_together(board: ProgressBoard, clock: HandClock) -> None:
    for number in range(30):
        carry(board, clock, ScanId(str(number)), 5 * MB, 50 * MB, 0.1)
        clock.seconds += 1
    assert board.sustained_rate() == pytest.approx(50 * MB)


def test_a_share_that_hangs_makes_the_station_s_rate_fall(board: ProgressBoard, clock: HandClock) -> None:
    carry(board, clock, A, 1000 * MB, 100 * MB)
    board.begin(B, 1000 * MB)
    clock.seconds += 30
    assert board.sustained_rate() == pytest.approx(25 * MB)


def test_a_step_that_ends_beside_a_transfer_does_not_disturb_it(board: ProgressBoard, clock: HandClock) -> None:
    board.begin(A, 1000 * MB)
    clock.seconds += 1
    board.put(A, TransferProgress(300 * MB, 300 * MB, 1000 * MB))
    board.note(A, "measures blur")
    board.forget(A)
    clock.seconds += 1
    board.put(A, TransferProgress(400 * MB, 400 * MB, 1000 * MB))
    assert board.note_of(A) == ""
    assert board.verified_bytes() == 400 * MB
    assert board.moving() == 1


def test_re_reading_a_scan_s_bytes_is_no_transfer(board: ProgressBoard, clock: HandClock) -> None:
    board.put(A, TransferProgress(5, 5, 10))
    clock.seconds += 1
    board.put(A, TransferProgress(9, 9, 10))
    assert (board.of(A), board.moving(), board.verified_bytes(), board.total_rate()) == (None, 0, 0, None)
