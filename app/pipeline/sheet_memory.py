"""What is under way in a shared sheet, kept in the journal; asked by the thread that talks to the sheet."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

from app.domain.errors import SurroundingsError
from app.domain.journal import Journal, Store
from app.domain.sheet import SheetIntent

T = TypeVar("T")
_PATIENCE_SECONDS = 60.0


class JournalSheetMemory:
    """Meets the port SheetMemory for a thread beside the loop that the journal is used from."""

    def __init__(self, store: Store, loop: asyncio.AbstractEventLoop) -> None:
        self._store = store
        self._loop = loop

    def intent(self) -> SheetIntent | None:
        """Return what was begun and not yet seen through."""
        return self._work(lambda journal: journal.sheet_intent())

    def begin(self, intent: SheetIntent) -> None:
        """Keep an intent in the place of an older one."""
        self._work(lambda journal: journal.put_sheet_intent(intent))

    def done(self) -> None:
        """Forget the intent."""
        self._work(lambda journal: journal.drop_sheet_intent())

    def _work(self, act: Callable[[Journal], T]) -> T:
        asked = asyncio.run_coroutine_threadsafe(self._store.work(act), self._loop)
        try:
            return asked.result(_PATIENCE_SECONDS)
        except TimeoutError as error:
            asked.cancel()
            raise SurroundingsError(
                "The journal does not answer", "What is written to the sheet could not be noted", "It is tried again"
            ) from error
