"""Many pieces of work, a few of them at once; what came of each is handed over in order, as soon as it is there."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from itertools import islice
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


async def side_by_side(
    items: Iterable[Item], work: Callable[[Item], Awaitable[Result]], at_once: int
) -> AsyncIterator[Result]:
    """Yield what `work` makes of each item, in the items' order, never more than twice `at_once` begun and not yielded.

    The first error is raised in its place; then, and when the caller goes away, what still runs is cancelled and
    awaited.
    """
    gate = asyncio.Semaphore(at_once)

    async def one(item: Item) -> Result:
        async with gate:
            return await work(item)

    waiting: deque[asyncio.Task[Result]] = deque()
    source = iter(items)
    try:
        while True:
            for item in islice(source, 2 * at_once - len(waiting)):
                waiting.append(asyncio.ensure_future(one(item)))
            if not waiting:
                return
            await asyncio.wait((waiting[0],))
            yield waiting.popleft().result()
    finally:
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
