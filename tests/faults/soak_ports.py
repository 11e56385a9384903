"""The ports of a station on a bad day: any call may fail, before or after it did its work, and life may end at any."""

import errno
import os
import random
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from app.adapters.storage.store import SqliteStore
from app.domain.errors import (
    CorruptionError,
    DestinationError,
    RetryableError,
    SlideferryError,
    StoppedError,
    SurroundingsError,
)
from app.domain.quality import QualityNumbers
from app.domain.transfer import TransferPlan, TransferWatch
from tests.fakes.images import FakeImages

OS_CODES = (errno.EIO, errno.ENOSPC, errno.ESTALE, errno.ENOTCONN, errno.EDQUOT, errno.EROFS, errno.EACCES)


@dataclass
class Life:
    """One life of the program: once dead, nothing reaches journal, share or sheet any more."""

    dead: bool = False


@dataclass
class Weather:
    """Decides, from one seed, which call fails and how. Counts what it did."""

    chance: random.Random
    calm: bool = False
    rate: float = 0.05
    full: bool = False
    struck: Counter[tuple[str, str]] = field(default_factory=Counter)

    def strikes(self, call: str, error: str, rate: float | None = None) -> bool:
        """Whether this call gets this error now."""
        hit = not self.calm and self.chance.random() < (self.rate if rate is None else rate)
        if hit:
            self.struck[call, error] += 1
        return hit


class FaultyCalls:
    """Anything behind a port whose calls fail by the weather."""

    def __init__(self, inner: Any, calls: dict[str, type[SlideferryError]], weather: Weather, life: Life) -> None:
        self._inner = inner
        self._calls = calls
        self._weather = weather
        self._life = life

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._inner, name)
        if name not in self._calls:
            return found

        def call(*arguments: Any) -> Any:
            self._may_fail(name, "before")
            result = found(*arguments)
            self._may_fail(name, "after")
            return result

        return call

    def _may_fail(self, name: str, when: str) -> None:
        if self._life.dead:
            raise StoppedError("Stopped", "this program was killed")
        error = self._calls[name]
        if self._weather.strikes(name, f"{error.__name__} {when} its work", self._weather.rate / 2):
            raise error("Trouble", f"{name} did not answer")


class FaultyShare(FaultyCalls):
    """A share that is also full at times, lies once or twice, and is read from while the scanner writes on."""

    def __init__(
        self, inner: Any, weather: Weather, life: Life, write_on: Callable[[Path], None], checked: set[Path]
    ) -> None:
        trouble = dict.fromkeys(("check", "occupant", "relocate", "discard", "publish", "conclude"), RetryableError)
        trouble["check"] = DestinationError
        super().__init__(inner, trouble, weather, life)
        self._write_on = write_on
        self._checked = checked

    def check_file(self, file: Any) -> Any:
        """Read a file again, and remember whose it was."""
        self._may_fail("check", "before")
        grade = self._inner.check_file(file)
        if grade is not None:
            self._checked.add(Path(file.source))
        return grade

    def copy(self, plan: TransferPlan, watch: TransferWatch) -> Any:
        """Copy, with everything that may go wrong in a pass."""
        weather = self._weather
        if self._life.dead:
            raise StoppedError("Stopped", "this program was killed")
        if weather.full:
            weather.struck["copy", "DestinationError: full"] += 1
            raise DestinationError("The destination is full", "no room")
        if weather.strikes("copy", "RetryableError"):
            raise RetryableError("Trouble", "copy did not answer")
        if weather.strikes("copy", "CorruptionError: twice different", weather.rate / 5):
            raise CorruptionError("The copy differs from the scan", "twice")
        files = self._inner.copy(plan, self._while_written(plan, watch))
        if weather.strikes("copy", "flipped bit in a verified part", weather.rate / 5):
            self._flip(plan)
        if weather.strikes("copy", "RetryableError after its work", weather.rate / 2):
            raise RetryableError("Trouble", "the answer got lost")
        if self._life.dead:
            raise StoppedError("Stopped", "this program was killed")
        return files

    def _while_written(self, plan: TransferPlan, watch: TransferWatch) -> TransferWatch:
        """Have the scanner write once more in the middle of the pass."""
        # Not where an answer got lost and the old bytes have the name already: the new ones are then a question.
        named = Path(self._inner.absolute(plan.members[0].final)).exists()
        if named or not self._weather.strikes("copy", "source changed"):
            return watch
        left = [1]

        def stopped() -> bool:
            if left:
                left.pop()
                self._write_on(plan.members[0].source)
            return watch.stopped()

        return TransferWatch(watch.progress, stopped)

    def _flip(self, plan: TransferPlan) -> None:
        final = Path(self._inner.absolute(plan.members[-1].final))
        for part in final.parent.glob(f".{final.name}.{plan.fingerprint}.part"):
            content = bytearray(part.read_bytes())
            content[len(content) // 2] ^= 2
            part.write_bytes(content)


class CheckedDisk(FaultyCalls):
    """The scanner's disk: nothing is removed from it unless both ends of every member were just read again."""

    def __init__(self, inner: Any, weather: Weather, life: Life, checked: set[Path]) -> None:
        super().__init__(inner, {"sha256": RetryableError, "remove": RetryableError}, weather, life)
        self._read: set[Path] = set()
        self._checked = checked

    def sha256(self, path: Path, watch: TransferWatch) -> str:
        """Hash, and remember that it was done."""
        self._may_fail("sha256", "before")
        found = self._inner.sha256(path, watch)
        self._read.add(path)
        return found

    def remove(self, scan: Any) -> None:
        """Remove; an assertion here is an error nobody foresaw, and shows as such."""
        self._may_fail("remove", "before")
        members = {scan.root / member.path for member in scan.members}
        there = {path for path in members if path.exists()}
        assert there <= self._read, "the scanner's end was not read again"
        assert members <= self._checked, "the share's end was not read again"
        self._inner.remove(scan)
        self._may_fail("remove", "after")


class FaultyStore(SqliteStore):
    """The real journal on a disk that refuses at times, and that a dead program cannot write."""

    def __init__(self, path: Path, weather: Weather, life: Life) -> None:
        self._weather = weather
        self._life = life
        super().__init__(path)

    def _transaction(self, act):
        if self._life.dead or self._weather.strikes("journal", "SurroundingsError", self._weather.rate / 25):
            raise SurroundingsError("The journal cannot be written", "the disk refused")
        return super()._transaction(act)


class WeatheredImages(FakeImages):
    """Images whose sharpness stands in their bytes, and whose decoder dies at times."""

    def __init__(self, weather: Weather) -> None:
        super().__init__()
        self._weather = weather

    async def inspect(self, scan):
        if self._weather.strikes("inspect", "RuntimeError", self._weather.rate / 5):
            raise RuntimeError("the decoder died")
        return await super().inspect(scan)

    async def quality(self, scan, *, with_map):
        blurred = b"blurred" in scan.main_path.read_bytes()[:100]
        return QualityNumbers(12.4 if blurred else 0.5, 0.16, 30.0), None


@contextmanager
def failing_calls(weather: Weather, root: Path) -> Iterator[None]:
    """Have system calls below a folder fail by the weather, whatever code they get."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("pwritev", "preadv", "fsync"):
            patch.setattr(os, name, _failing(name, getattr(os, name), weather, str(root)))
        for name in ("mkdir", "rename", "replace", "unlink"):
            patch.setattr(os, name, _failing(name, getattr(os, name), weather, str(root)))
        yield


def _failing(name: str, real: Callable[..., Any], weather: Weather, root: str) -> Callable[..., Any]:
    def call(first: Any, *rest: Any, **named: Any) -> Any:
        if not weather.calm and weather.chance.random() < weather.rate / 10:
            path = str(Path(f"/proc/self/fd/{first}").readlink()) if isinstance(first, int) else os.fspath(first)
            if path.startswith(root):
                code = weather.chance.choice(OS_CODES)
                weather.struck[name, errno.errorcode[code]] += 1
                raise OSError(code, os.strerror(code), path)
        return real(first, *rest, **named)

    return call
