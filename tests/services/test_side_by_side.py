"""Work side by side: in order, a few at once, and nothing left running when it ends early."""

import asyncio

import pytest

from app.services.side_by_side import side_by_side


class Works:
    """Work that a test lets end, one by one; it counts what is under way and what was cancelled."""

    def __init__(self) -> None:
        self.begun: list[int] = []
        self.cancelled: list[int] = []
        self.most = self._now = 0
        self.free = asyncio.Semaphore(0)

    async def do(self, item: int) -> int:
        self.begun.append(item)
        self._now += 1
        self.most = max(self.most, self._now)
        try:
            await self.free.acquire()
        except asyncio.CancelledError:
            self.cancelled.append(item)
            raise
        finally:
            self._now -= 1
        if item == 13:
            raise ValueError("the thirteenth")
        return item * 10


async def test_results_come_in_order_and_no_more_than_so_many_are_under_way() -> None:
    works = Works()

    async def take_all() -> list[int]:
        return [each async for each in side_by_side(range(12), works.do, 3)]

    taking = asyncio.create_task(take_all())
    while len(works.begun) < 3:
        await asyncio.sleep(0)
    for _ in range(12):
        works.free.release()
    assert await taking == [n * 10 for n in range(12)]
    assert works.most == 3


async def test_what_has_not_begun_waits_until_earlier_results_are_taken() -> None:
    works = Works()
    results = side_by_side(iter(range(1_000_000_000)), works.do, 2)
    works.free.release()
    assert await anext(results) == 0
    assert len(works.begun) <= 4
    await results.aclose()
    assert sorted(works.cancelled) == [1, 2]


async def test_an_error_is_raised_in_its_place_and_ends_the_others() -> None:
    works = Works()
    results = side_by_side((11, 12, 13, 14, 15), works.do, 2)
    for _ in range(3):
        works.free.release()
    assert [await anext(results), await anext(results)] == [110, 120]
    with pytest.raises(ValueError, match="the thirteenth"):
        await anext(results)
    assert works.cancelled == [14] or works.cancelled == [14, 15]


async def test_nothing_to_do_is_done() -> None:
    assert [each async for each in side_by_side((), Works().do, 2)] == []
