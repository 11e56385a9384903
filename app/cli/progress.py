"""How far a command is, told to the people who wait for it; scripts are told nothing."""

import sys
from time import monotonic

from app.cli.show import Output

SAY_SECONDS = 1.0
SAY_SELDOM_SECONDS = 15.0
"""Where standard error is a file: a line there stays."""


class Progress:
    """Says at most once a second how many of all are done, after the first second."""

    def __init__(self, output: Output, total: int, what: str) -> None:
        self.done = 0
        self._output = output
        self._total = total
        self._what = what
        self._is_watched = sys.stderr.isatty()
        self._began = self._said = monotonic()

    def step(self) -> None:
        """One more is done."""
        self.done += 1
        now = monotonic()
        pause = SAY_SECONDS if self._is_watched else SAY_SELDOM_SECONDS
        first = self._said == self._began
        if now - self._said < (SAY_SECONDS if first else pause) or self.done == self._total:
            return
        if self._output.as_json and not self._is_watched:
            return
        self._said = now
        left = (now - self._began) / self.done * (self._total - self.done)
        self._output.say(f"{self.done:,} of {self._total:,} {self._what}, about {left:,.0f} s left")
