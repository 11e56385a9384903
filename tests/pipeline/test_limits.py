"""Places, the gate before the destination, and threads that nobody leaves behind."""

import asyncio
from threading import Event

import pytest

from app.domain.errors import CorruptionError, DestinationError
from app.domain.scan import ScanId
from app.pipeline.limits import DestinationGate, Places, after_copies
from app.pipeline.threads import Threads
from tests.fakes.lab import Lab, until


async def test_a_free_place_goes_to_the_waiter_that_is_first_at_that_moment() -> None:
    places, taken = Places(1), []
    priority = {"a": 0, "b": 0, "c": 0}

    async def take(name: str, order: int) -> None:
        async with places.place(lambda: (-priority[name], order)):
            taken.append(name)

    async with places.place(lambda: (0,)):
        tasks = [asyncio.create_task(take(name, number)) for number, name in enumerate(priority)]
        await asyncio.sleep(0)
        priority["c"] = 1
    await asyncio.gather(*tasks)
    assert taken == ["c", "a", "b"]


async def test_no_more_than_the_number_work_at_once() -> None:
    places, now, most = Places(3), 0, 0

    async def work() -> None:
        nonlocal now, most
        async with places.place(lambda: (0,)):
            now += 1
            most = max(most, now)
            await asyncio.sleep(0)
            now -= 1

    await asyncio.gather(*(work() for _ in range(20)))
    assert (now, most) == (0, 3)


async def test_more_places_are_handed_out_at_once_and_fewer_as_they_become_free() -> None:
    places, working = Places(2), set()
    may_end = {name: asyncio.Event() for name in "abcdef"}

    async def work(name: str) -> None:
        async with places.place(lambda: (name,)):
            working.add(name)
            await may_end[name].wait()
            working.discard(name)

    async def end(name: str) -> None:
        may_end[name].set()
        await until(lambda: name not in working)
        await asyncio.sleep(0)

    tasks = [asyncio.create_task(work(name)) for name in may_end]
    await until(lambda: working == {"a", "b"})
    assert places.waiting == 4
    places.resize(4)
    await until(lambda: working == {"a", "b", "c", "d"})
    places.resize(1)
    await asyncio.sleep(0)
    assert working == {"a", "b", "c", "d"}, "nobody is thrown out"
    for name in "abc":
        await end(name)
    assert working == {"d"}
    await end("d")
    await until(lambda: working == {"e"})
    places.resize(2)
    await until(lambda: working == {"e", "f"})
    for name in "ef":
        await end(name)
    await asyncio.gather(*tasks)
    assert (places.number, places.waiting) == (2, 0)


async def test_who_only_reads_again_comes_after_all_copies_but_not_for_ever(lab: Lab) -> None:
    places, taken = Places(1), []

    async def take(name: str, order) -> None:
        async with places.place(order):
            taken.append(name)

    holder = places.place(lambda: (0,))
    await holder.__aenter__()
    reading = after_copies(lab.clock)
    tasks = [
        asyncio.create_task(take("reading", reading)),
        asyncio.create_task(take("copy", lambda: (0, lab.clock.now(), "a"))),
    ]
    await asyncio.sleep(0)
    await holder.__aexit__(None, None, None)
    await asyncio.gather(*tasks)
    assert taken == ["copy", "reading"]
    lab.clock.skip(601)
    assert reading() < (0, lab.clock.now(), "a"), "a disk that is never freed fills up"
    assert reading() > (-1, lab.clock.now(), "a"), "what a person put first stays first"


@pytest.mark.parametrize("after_its_turn_came", [False, True])
async def test_a_waiter_that_is_cancelled_loses_no_place(after_its_turn_came: bool) -> None:
    places = Places(1)
    holder = places.place(lambda: (0,))
    await holder.__aenter__()
    waiter = asyncio.create_task(places.place(lambda: (0,)).__aenter__())
    await asyncio.sleep(0)
    if after_its_turn_came:
        await holder.__aexit__(None, None, None)
        waiter.cancel()
    else:
        waiter.cancel()
        await asyncio.sleep(0)
        await holder.__aexit__(None, None, None)
    with pytest.raises(asyncio.CancelledError):
        await waiter
    async with asyncio.timeout(5), places.place(lambda: (0,)):
        pass


async def call(work) -> None:
    work()


async def test_the_gate_opens_when_the_destination_is_well_but_never_on_an_alarm(lab: Lab) -> None:
    gate = DestinationGate()
    gate.close(DestinationError("The destination is full", "0 bytes"))
    assert not gate.is_open
    lab.share.script["check"].append(DestinationError("Not mounted", "no marker"))
    await gate.look(lab.share, call)
    assert str(gate.trouble) == "Not mounted: no marker"
    await gate.look(lab.share, call)
    assert gate.is_open
    assert gate.trouble is None
    gate.raise_alarm(ScanId("a"), CorruptionError("The copy differs", "twice"))
    await gate.look(lab.share, call)
    assert not gate.is_open
    gate.end_alarm(ScanId("b"))
    assert not gate.is_open
    gate.end_alarm(ScanId("a"))
    assert gate.is_open


async def test_each_scan_that_raised_an_alarm_has_to_be_restarted(lab: Lab) -> None:
    gate = DestinationGate()
    gate.close(DestinationError("The destination is full", "0 bytes"))
    for scan in ("a", "b"):
        gate.raise_alarm(ScanId(scan), CorruptionError("The copy differs", scan))
    gate.end_alarm(ScanId("a"))
    assert (gate.is_open, str(gate.trouble)) == (False, "The copy differs: b")
    gate.end_alarm(ScanId("b"))
    assert (gate.is_open, str(gate.trouble)) == (False, "The destination is full: 0 bytes")
    await gate.look(lab.share, call)
    assert (gate.is_open, gate.trouble) == (True, None)


async def test_an_alarm_that_comes_while_the_destination_is_looked_at_stays(lab: Lab) -> None:
    gate = DestinationGate()
    gate.close(DestinationError("The destination is full", "0 bytes"))
    differs = CorruptionError("The copy differs", "twice")
    lab.share.script["check"].append(lambda: gate.raise_alarm(ScanId("a"), differs))
    await gate.look(lab.share, call)
    assert gate.alarm
    assert not gate.is_open


async def test_who_is_cancelled_waits_for_the_thread_that_was_begun() -> None:
    threads, going_on, ended = Threads(1), Event(), Event()

    def work() -> None:
        assert going_on.wait(10)
        ended.set()

    task = asyncio.create_task(threads.copy(work))
    await asyncio.sleep(0.05)
    task.cancel()
    await asyncio.sleep(0.05)
    assert not task.done()
    going_on.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert ended.is_set()
    await threads.close()
    await until(lambda: True)
