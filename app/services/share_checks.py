"""When each file of the share was last read and compared: at its verification, or when it was read again later."""

import heapq
import random
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import islice
from typing import Protocol, Self, TypeVar

from app.domain.dossier import Dossier
from app.domain.journal import Journal, Store
from app.domain.ports import Destination
from app.domain.share import Scrubbed
from app.domain.transfer import MISSING, ListedFile, ScrubFinding, ScrubResult
from app.pipeline.case import Kit
from app.pipeline.journey import VERIFY
from app.services.published_files import published_files
from app.services.roll_call import RollCall, as_written

_AT_ONCE = 1000
_MOST_CHOSEN = 50_000
"""Files of one portion: what keeps the memory flat on a share of millions."""
RECENT = timedelta(days=30)
_NEVER = datetime(1970, 1, 1, tzinfo=UTC)

_LOST = "it was published, but no manifest lists it any more"

T = TypeVar("T")


class InThread(Protocol):
    """Runs a blocking call in a thread."""

    def __call__(self, call: Callable[[], T], /) -> Awaitable[T]:
        """Return what the call returns."""


KnownScans = Callable[[], Awaitable[Sequence[Dossier]]]
"""Returns all scans of the journal as they are now."""


@dataclass(frozen=True, slots=True, order=True)
class CheckedFile:
    """A listed file and when it was last checked; ordered by that, the oldest first."""

    at: datetime
    chance: float
    path: str = field(compare=False)
    size_bytes: int = field(compare=False)


@dataclass(slots=True)
class Survey:
    """How much of the share was checked when. `reread_bytes` were read again since the day's reading began.

    `lost` are published files that no manifest lists any more.
    """

    since: datetime
    files: int = 0
    size_bytes: int = 0
    recent_bytes: int = 0
    never_bytes: int = 0
    reread_bytes: int = 0
    oldest: datetime | None = None
    lost: tuple[ScrubFinding, ...] = ()
    _latest_first: list[tuple[float, float, CheckedFile]] = field(default_factory=list)

    def add(self, file: CheckedFile, reread_at: datetime | None, now: datetime) -> None:
        """Count a file, and keep it if it is among those that were not checked for longest."""
        self.files += 1
        self.size_bytes += file.size_bytes
        if file.at == _NEVER:
            self.never_bytes += file.size_bytes
        else:
            self.oldest = file.at if self.oldest is None else min(self.oldest, file.at)
        if now - file.at <= RECENT:
            self.recent_bytes += file.size_bytes
        if reread_at is not None and reread_at >= self.since:
            self.reread_bytes += file.size_bytes
        else:
            self._keep(file)

    def _keep(self, file: CheckedFile) -> None:
        entry = (-file.at.timestamp(), file.chance, file)
        if len(self._latest_first) < _MOST_CHOSEN:
            heapq.heappush(self._latest_first, entry)
        else:
            heapq.heappushpop(self._latest_first, entry)

    def portion(self, percent: float) -> tuple[CheckedFile, ...]:
        """Return what is left to read of this share of the bytes, those first that were not checked for longest."""
        left = self.size_bytes * percent / 100 - self.reread_bytes
        chosen = []
        for file in sorted(entry[2] for entry in self._latest_first):
            if left <= 0 and file.size_bytes:
                continue  # what is empty or missing costs nothing to look at, and may be a finding
            chosen.append(file)
            left -= file.size_bytes
        return tuple(sorted(chosen, key=lambda each: (each.at, each.path)))


class ShareChecks:
    """Knows the journal's checks; without a journal nothing was ever checked, and a portion is chosen by chance."""

    def __init__(self, store: Store | None, scans: KnownScans) -> None:
        self._store = store
        self._scans = scans

    @classmethod
    def at_station(cls, kit: Kit) -> Self:
        """Return the checks of a station at work."""

        async def scans() -> Sequence[Dossier]:
            return kit.ledger.all()

        return cls(kit.store, scans)

    async def survey(
        self, share: Destination, in_thread: InThread, *, now: datetime, since: datetime, stopped: Callable[[], bool]
    ) -> Survey | None:
        """Go through all manifests; None when it was stopped.

        Folders that do not answer are findings at once, and so are published files that are listed no more; findings
        about others that are listed no more are dropped.
        """
        lines: Iterator[ListedFile] = share.listed()
        survey, verified = Survey(since), dict(_verified(await self._scans()))
        roll = RollCall(await self._finding_paths(), await self._published(share, in_thread))
        while batch := await in_thread(lambda: list(islice(lines, _AT_ONCE))):
            files = _heard(batch, roll)
            known = await self._scrubbed([line.path for line in files])
            for line in files:
                scrubbed = known.get(line.path)
                file = _checked(line, scrubbed, verified.get(line.path, _NEVER), since)
                survey.add(file, scrubbed.at if scrubbed else None, now)
            if stopped():
                return None
        survey.lost = await self._conclude(roll, share, in_thread, now)
        return survey

    async def _published(self, share: Destination, in_thread: InThread) -> Mapping[str, str]:
        """Return path and SHA-256 of what the journal published on this share, as it is known now."""
        if self._store is None:
            return {}
        destination = await in_thread(share.adopt)
        since = await self._store.work(lambda journal: journal.destination_since(destination))
        return published_files(await self._scans(), since)

    async def _conclude(
        self, roll: RollCall, share: Destination, in_thread: InThread, at: datetime
    ) -> tuple[ScrubFinding, ...]:
        """Keep what a roll call brought to light; return what was lost, without files that moved meanwhile."""
        unnamed = roll.unnamed()
        published = await self._published(share, in_thread) if unnamed else {}
        lost = tuple(
            ScrubFinding(path, MISSING, sha256, detail=_LOST)
            for path, sha256 in unnamed.items()
            if published.get(path) == sha256
        )
        told = [Scrubbed(each.path, at, each) for each in (*roll.failed(), *lost)]
        if self._store is not None and told:
            await self._store.work(partial(_put, checked=told))
        await self._forget(tuple(roll.settled() - {as_written(each.path) for each in lost}))
        return lost

    async def note(self, paths: Sequence[str], result: ScrubResult, at: datetime) -> None:
        """Keep what a reading of these files, in this order, came to."""
        findings, unlisted = {each.path: each for each in result.findings}, frozenset(result.unlisted)
        read = {path: findings.get(path) for path in paths[: result.files] if path not in unlisted}
        others = {path: finding for path, finding in findings.items() if path not in read and finding.is_damage}
        checked = [Scrubbed(path, at, finding) for path, finding in (read | others).items()]
        if self._store is not None and checked:
            await self._store.work(partial(_put, checked=checked))

    async def note_all(
        self, share: Destination, in_thread: InThread, result: ScrubResult, at: datetime
    ) -> tuple[ScrubFinding, ...]:
        """Keep what a reading of the whole share came to; return published files that no manifest lists any more."""
        if self._store is None:
            return ()
        findings = {each.path: each for each in result.findings if each.is_damage}
        roll = RollCall(await self._finding_paths() - set(findings), await self._published(share, in_thread))
        lines: Iterator[ListedFile] = share.listed()
        while batch := await in_thread(lambda: list(islice(lines, _AT_ONCE))):
            files = _heard(batch, roll)
            await self._store.work(partial(_put, checked=[Scrubbed(f.path, at, findings.get(f.path)) for f in files]))
        await self._store.work(partial(_put, checked=[Scrubbed(path, at, each) for path, each in findings.items()]))
        return await self._conclude(roll, share, in_thread, at)

    async def _scrubbed(self, paths: Sequence[str]) -> Mapping[str, Scrubbed]:
        return {} if self._store is None else await self._store.work(lambda journal: journal.scrubbed(paths))

    async def _finding_paths(self) -> set[str]:
        if self._store is None:
            return set()
        return {each.path for each in await self._store.work(lambda journal: journal.scrub_findings())}

    async def _forget(self, paths: Sequence[str]) -> None:
        if self._store is not None and paths:
            await self._store.work(lambda journal: journal.forget_scrubbed(paths))


def _heard(lines: Sequence[ListedFile], roll: RollCall) -> list[ListedFile]:
    """Let the roll call hear all lines; return those that can be read."""
    for line in lines:
        roll.hear(line)
    return [line for line in lines if not line.failed]


def _put(journal: Journal, checked: Sequence[Scrubbed]) -> None:
    journal.put_scrubbed(checked)


def _checked(line: ListedFile, scrubbed: Scrubbed | None, verified_at: datetime, since: datetime) -> CheckedFile:
    chance = random.random()  # noqa: S311  (spreads what was never read, guards nothing)
    if scrubbed is not None and scrubbed.finding is not None and scrubbed.at < since:
        return CheckedFile(_NEVER, -1.0, line.path, line.size_bytes)  # has anybody put it right by now?
    read_at = scrubbed.at if scrubbed is not None else _NEVER
    return CheckedFile(max(read_at, verified_at), chance, line.path, line.size_bytes)


def _verified(dossiers: Sequence[Dossier]) -> Iterator[tuple[str, datetime]]:
    for dossier in dossiers:
        at = dossier.steps[VERIFY].ended_at
        if dossier.published and at is not None:
            for file in dossier.files:
                yield file.destination, at
