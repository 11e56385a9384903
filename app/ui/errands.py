"""Owns every task the window starts: says what failed, and ends them all when the window closes."""

import asyncio
from collections.abc import Coroutine
from typing import Any

from PySide6.QtCore import QObject, Signal

from app.domain.errors import SlideferryError
from app.ui.wording import say


class Errands(QObject):
    """Starts coroutines from slots. `failed` carries the SlideferryError of one that did not succeed."""

    failed = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._loop = asyncio.get_running_loop()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._closing = False

    def start(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any] | None:
        """Run this in the loop; after `close` nothing is begun any more. The task may be cancelled, nothing else."""
        if self._closing:
            work.close()
            return None
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)
        return task

    @property
    def under_way(self) -> int:
        """How many have not ended yet."""
        return len(self._tasks)

    async def settled(self) -> None:
        """Wait until everything that was started has ended."""
        while self._tasks:
            await asyncio.wait(set(self._tasks))

    async def close(self) -> None:
        """Cancel what still runs and wait for it."""
        self._closing = True
        for task in self._tasks:
            task.cancel()
        await self.settled()

    def _done(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if task.cancelled():
            return
        error = task.exception()
        if error is None:
            return
        if isinstance(error, SlideferryError):
            self.failed.emit(error)
            return
        self._loop.call_exception_handler({"message": "A task of the window failed", "exception": error, "task": task})
        text = say("This was not foreseen: {0}").format(type(error).__name__)
        self.failed.emit(SlideferryError(say("That did not work"), text, say("The log file holds the details")))
