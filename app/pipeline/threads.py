"""Threads for what blocks: one pool for copies, one for quick looks at disks, one thread for the sheet."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


async def ended(work: asyncio.Future[Any]) -> None:
    """Return when the work has ended, well or not.

    A thread cannot be cancelled: who is cancelled meanwhile waits all the same, so that nobody begins the same work
    beside it, and passes the cancelling on afterwards.
    """
    cancelled: asyncio.CancelledError | None = None
    while not work.done():
        try:
            await asyncio.wait({work})
        except asyncio.CancelledError as error:
            cancelled = error
    if not work.cancelled():
        # Looked at here, so that asyncio does not report it once more where nobody asks for the result any longer.
        work.exception()
    if cancelled is not None:
        raise cancelled


class Threads:
    """Pools of our own: the default executor of a Qt loop runs ten calls at once, which copies would fill."""

    def __init__(self, copies: int) -> None:
        self._copies = ThreadPoolExecutor(copies + 1, thread_name_prefix="copy")
        self._disk = ThreadPoolExecutor(4, thread_name_prefix="disk")
        self._sheet = ThreadPoolExecutor(1, thread_name_prefix="sheet")

    async def copy(self, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a long transfer."""
        return await self._run(self._copies, partial(call, *args, **kwargs))

    async def disk(self, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a short call on a disk or a share."""
        return await self._run(self._disk, partial(call, *args, **kwargs))

    async def sheet(self, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Talk to the sheet; one call at a time."""
        return await self._run(self._sheet, partial(call, *args, **kwargs))

    async def _run(self, pool: ThreadPoolExecutor, call: Callable[[], T]) -> T:
        work = asyncio.get_running_loop().run_in_executor(pool, call)
        await ended(work)
        return work.result()

    async def close(self) -> None:
        """Wait for what was begun, then end the threads."""
        loop = asyncio.get_running_loop()
        for pool in (self._copies, self._disk, self._sheet):
            await loop.run_in_executor(None, partial(pool.shutdown, wait=True, cancel_futures=True))
