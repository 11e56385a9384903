"""Keeps the calls of one account below what Google allows a minute."""

import time
from collections import deque
from collections.abc import Callable

MINUTE = 60.0


class AccountQuota:
    """So many readings and so many writings a minute and no more; the next one waits.

    It outlives a line to the sheet, for Google counts by account. Used by the one thread that talks to the sheet.
    """

    def __init__(
        self,
        per_minute: int,
        *,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._per_minute = per_minute
        self._monotonic = monotonic
        self._sleep = sleep
        self._calls: dict[str, deque[float]] = {"read": deque(), "write": deque()}

    def take(self, kind: str) -> None:
        """Wait until one more call of a kind, `read` or `write`, may be made; never more than a minute."""
        calls = self._calls[kind]
        now = self._forget_old(calls)
        if len(calls) >= self._per_minute:
            self._sleep(calls[0] + MINUTE - now)
            now = self._forget_old(calls)
        calls.append(now)

    def _forget_old(self, calls: deque[float]) -> float:
        now = self._monotonic()
        while calls and now - calls[0] >= MINUTE:
            calls.popleft()
        return now
