"""The bandwidth that all copies share, exactly, and the rests of a braked copy."""

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event, Lock, Thread

import pytest

from app.adapters.files import bundle, platform
from app.adapters.files.folder_destination import FolderDestination
from app.domain.transfer import MemberPlan, TransferPlan, TransferWatch
from app.pipeline.pacing import SLICE_SECONDS, Bandwidth, Brake, Pacing

MB = 1_000_000
CHUNK = 8 * 1024 * 1024


class HandClock:
    """Time that moves only when somebody sleeps."""

    def __init__(self) -> None:
        self.now = 100.0
        self.longest = 0.0

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.longest = max(self.longest, seconds)
        self.now += seconds


def never() -> bool:
    return False


def most_in(window: float, moments: list[tuple[float, int]]) -> int:
    """Return the most bytes whose moments lie within so many seconds."""
    first, inside, most = 0, 0, 0
    for at, count in moments:
        inside += count
        while moments[first][0] <= at - window:
            inside -= moments[first][1]
            first += 1
        most = max(most, inside)
    return most


@pytest.mark.parametrize("limit_mb", [1.0, 5.0, 20.0, 333.0])
@pytest.mark.parametrize("chunk", [200_000, 3 * MB, CHUNK])
def test_over_any_ten_seconds_no_more_than_the_limit_moves(limit_mb: float, chunk: int) -> None:
    clock = HandClock()
    bandwidth = Bandwidth(limit_mb * MB, clock.monotonic, clock.sleep)
    moments = []
    while clock.now < 140:
        bandwidth.take(chunk, never)
        moments.append((clock.now, chunk))
    assert most_in(10 - 1e-6, moments) <= limit_mb * MB * 10
    reached = sum(count for _, count in moments) / (clock.now - 100) / MB
    assert reached <= limit_mb
    whole_chunks = max(1, limit_mb * MB * 10 // chunk) * chunk / MB / 10
    assert reached >= 0.98 * min(limit_mb, whole_chunks), "and not much less, as far as whole chunks allow"
    assert clock.longest <= SLICE_SECONDS


def test_time_in_which_nobody_copied_is_not_saved_up() -> None:
    clock = HandClock()
    bandwidth = Bandwidth(5 * MB, clock.monotonic, clock.sleep)
    clock.now += 3600
    start = clock.now
    for _ in range(4):
        bandwidth.take(MB, never)
    assert clock.now - start == pytest.approx(0.8)


def test_no_limit_waits_for_nothing() -> None:
    clock = HandClock()
    Bandwidth(0, clock.monotonic, clock.sleep).take(10**12, never)
    assert clock.now == 100.0


def test_a_transfer_that_is_to_stop_waits_no_longer_than_a_slice() -> None:
    clock = HandClock()
    bandwidth = Bandwidth(MB, clock.monotonic, clock.sleep)
    bandwidth.take(CHUNK, lambda: clock.now >= 101)
    assert 101 <= clock.now <= 101 + SLICE_SECONDS + 1e-9


def test_all_threads_together_keep_the_limit() -> None:
    bandwidth, lock, taken = Bandwidth(20 * MB, time.monotonic), Lock(), []

    def copy() -> None:
        for _ in range(20):
            bandwidth.take(100_000, never)
            with lock:
                taken.append(time.monotonic())

    start = time.monotonic()
    threads = [Thread(target=copy) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(taken) == 100
    assert max(taken) - start >= 100 * 100_000 / (20 * MB) - 1e-3, (
        "never faster; how much slower is the machine's affair"
    )


def test_a_real_copy_takes_as_long_as_its_bandwidth_allows(tmp_path: Path) -> None:
    source, size = tmp_path / "slide.svs", 30 * MB
    source.write_bytes(b"slide" * (size // 5))
    (tmp_path / "share").mkdir()
    destination = FolderDestination(tmp_path / "share", "Rescans", "test")
    destination.initialise()
    status = source.stat()
    plan = TransferPlan("0" * 16, (MemberPlan(source, "slide.svs", size, status.st_mtime_ns),))
    pacing = Pacing(Bandwidth(20 * MB, time.monotonic), Brake(time.monotonic))
    told: list[int] = []
    watch = TransferWatch(lambda now: told.append(now.verified_bytes), never, pacing.of(never), pacing.is_braked)
    start = time.monotonic()
    (file,) = destination.copy(plan, watch)
    assert time.monotonic() - start >= size / (20 * MB) - 0.01
    assert file.size_bytes == size
    assert told == sorted(told)
    assert len(told) >= 3, "and it is seen to go on meanwhile"


def test_a_braked_copy_rests_as_long_as_it_works_until_the_brake_comes_off() -> None:
    clock = HandClock()
    brake = Brake(clock.monotonic, clock.sleep)
    pace = Pacing(Bandwidth(0, clock.monotonic, clock.sleep), brake).of(never)
    pace(CHUNK)
    clock.now += 0.1
    pace(CHUNK)
    assert clock.now == pytest.approx(100.1), "not braked: no rest"
    brake.on = True
    clock.now += 0.1
    before = clock.now
    pace(CHUNK)
    assert clock.now - before == pytest.approx(0.1)
    clock.now += 3600
    before = clock.now
    pace(CHUNK)
    assert clock.now - before <= 5, "a disk that hung is not left alone for as long as that"


def test_each_thread_of_a_braked_copy_rests_for_its_own_work() -> None:
    clock = HandClock()
    brake = Brake(clock.monotonic, clock.sleep)
    brake.on = True
    pace = Pacing(Bandwidth(0, clock.monotonic, clock.sleep), brake).of(never)
    with ThreadPoolExecutor(1) as one, ThreadPoolExecutor(1) as other:
        for thread in (one, other):
            thread.submit(pace, CHUNK).result()
        assert clock.now == 100.0, "nobody has worked yet"
        clock.now += 0.5
        one.submit(pace, CHUNK).result()
        assert clock.now == pytest.approx(101.0)
        clock.now += 0.5
        other.submit(pace, CHUNK).result()
        assert clock.now == pytest.approx(103.0), "it has worked since the start, whatever the first one did"


def test_a_braked_set_of_many_members_rests_as_long_as_its_batches_take(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "share").mkdir()
    destination = FolderDestination(tmp_path / "share", "Rescans", "test")
    destination.initialise()
    members = []
    for number in range(100):
        source = tmp_path / f"{number:03}.dcm"
        source.write_bytes(b"x" * number)
        members.append(MemberPlan(source, f"set/{source.name}", number, source.stat().st_mtime_ns))
    clock, flush = HandClock(), platform.flush_at_once

    def slow_flush(fd: int) -> None:
        clock.now += 0.5
        flush(fd)

    monkeypatch.setattr(platform, "flush_at_once", slow_flush)
    monkeypatch.setattr(bundle, "_BRAKED_MEMBERS", 20)
    brake = Brake(clock.monotonic, clock.sleep)
    brake.on = True
    pacing = Pacing(Bandwidth(0, clock.monotonic, clock.sleep), brake)
    watch = TransferWatch(lambda _: None, never, pacing.of(never), pacing.is_braked)
    destination.copy(TransferPlan("0" * 16, tuple(members)), watch)
    assert clock.now - 100 == pytest.approx(5 * 0.5 + 4 * 0.5), "five batches, a rest after each but the last"


def test_a_copy_that_rests_goes_on_at_once_when_the_scanner_has_finished() -> None:
    clock, resting = HandClock(), Event()
    brake = Brake(clock.monotonic)

    def sleep(seconds: float) -> None:
        clock.sleep(seconds)
        brake.on = False
        resting.set()

    brake = Brake(clock.monotonic, sleep)
    brake.on = True
    brake.rest(1.0, never)
    assert resting.is_set()
    assert clock.now == pytest.approx(100 + SLICE_SECONDS)
