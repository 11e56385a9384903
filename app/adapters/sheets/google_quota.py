"""Keeps the calls of one account below what Google allows a minute."""

import time
from collections import deque
from collections.abc import Callable

MINUTE = 60.0


class CallQuota:
    """So many calls a minute and no more; the next one waits. Used by the one thread that talks to the sheet."""

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
        self._calls: deque[float] = deque()

    def take(self) -> None:
        """Wait until one more call may be made; never more than a minute."""
        now = self._forget_old()
        if len(self._calls) >= self._per_minute:
            self._sleep(self._calls[0] + MINUTE - now)
            now = self._forget_old()
        self._calls.append(now)

    def _forget_old(self) -> float:
        now = self._monotonic()
        while self._calls and now - self._calls[0] >= MINUTE:
            self._calls.popleft()
        return now


class AccountQuota:
    """So many readings and so many writings a minute. It outlives a line to the sheet: Google counts by account."""

    def __init__(
        self,
        per_minute: int,
        *,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._kinds = {kind: CallQuota(per_minute, monotonic=monotonic, sleep=sleep) for kind in ("read", "write")}

    def take(self, kind: str) -> None:
        """Wait until one more call of a kind, `read` or `write`, may be made; never more than a minute."""
        self._kinds[kind].take()
