"""What a person can see and do about the share itself: checks, findings, leftovers, stations."""

import asyncio
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path

from app.domain.audit import AuditEntry
from app.domain.dossier import Dossier
from app.domain.journal import Journal
from app.domain.share import Leftover, Scrubbed
from app.domain.transfer import TransferWatch
from app.pipeline.case import Kit
from app.pipeline.threads import ended
from app.services.leftovers import JudgedLeftover, LeftoverRemoval, judge_leftovers, left_over, leftovers_to_remove
from app.services.operator_acts import Person
from app.services.rereading import reading_hours
from app.services.share_checks import ShareChecks, Survey
from app.services.share_state import ShareFinding, ShareState
from app.services.share_words import finding_hint


class ShareDesk:
    """Looks at the share for the window, and removes leftovers for whoever asks; nothing there is locked for it."""

    def __init__(self, kit: Kit, person: Callable[[], Person]) -> None:
        self._kit = kit
        self._person = person

    async def look(self) -> ShareState:
        """Go through all manifests and everything of ours; raises as the destination does."""
        kit, settings = self._kit, self._kit.settings.verify
        now = kit.clock.now()
        survey = await ShareChecks.at_station(kit).survey(
            kit.destination,
            kit.threads.disk,
            now=now,
            since=reading_hours(settings, now)[0],
            stopped=lambda: False,
        )
        survey = survey or Survey(now)
        return ShareState(
            place=kit.settings.destination.url,
            files=survey.files,
            size_bytes=survey.size_bytes,
            recent_bytes=survey.recent_bytes,
            never_bytes=survey.never_bytes,
            oldest_check=survey.oldest,
            percent_per_day=settings.percent_per_day,
            hours=(settings.from_hour, settings.until_hour),
            findings=await self.findings(),
            leftovers=left_over(await self._leftovers()),
            stations=await kit.threads.disk(kit.destination.stations),
        )

    async def findings(self) -> tuple[ShareFinding, ...]:
        """Return what was not as it should be when it was last read."""
        found = await self._kit.store.work(lambda journal: journal.scrub_findings())
        owners = {file.destination: dossier for dossier in self._kit.ledger.all() for file in dossier.files}
        return tuple([await self._finding(each, owners.get(each.path)) for each in found])

    async def _finding(self, checked: Scrubbed, owner: Dossier | None) -> ShareFinding:
        source = next((file.source for file in owner.files if file.destination == checked.path), "") if owner else ""
        is_there = bool(source) and await self._kit.threads.disk(_is_there, Path(source))
        hint = finding_hint(checked.finding.problem if checked.finding else "", source if is_there else "")
        return ShareFinding(checked, owner.scan.barcode or "" if owner else "", hint)

    async def read_findings_again(self) -> None:
        """Read every file with a finding once more: somebody may have put it right."""
        kit = self._kit
        findings = await kit.store.work(lambda journal: journal.scrub_findings())
        paths = [each.path for each in findings]
        stop = threading.Event()
        watch = TransferWatch(lambda _progress: None, stop.is_set)
        reading = asyncio.ensure_future(kit.threads.copy(kit.destination.scrub_files, paths, watch))
        try:
            result = await asyncio.shield(reading)
        finally:
            stop.set()
            await ended(reading)
        await ShareChecks.at_station(kit).note(paths, result, kit.clock.now())

    async def _leftovers(self) -> tuple[JudgedLeftover, ...]:
        found = await self._kit.threads.disk(self._kit.destination.leftovers)
        return judge_leftovers(found, self._kit.ledger.all())

    async def remove(self, wanted: LeftoverRemoval) -> tuple[Leftover, ...]:
        """Remove leftovers that a person named, each with an audit entry before it.

        Raises UseError, and removes none, when one of them may not be.
        """
        kit = self._kit
        chosen = leftovers_to_remove(await self._leftovers(), wanted, kit.clock.now())
        for each in chosen:
            entry = self._entry(each, wanted.reason)
            await kit.store.work(partial(_audit, entry=entry))
            await kit.threads.disk(kit.destination.remove_leftover, each)
        return chosen

    def _entry(self, leftover: Leftover, reason: str) -> AuditEntry:
        person, old = self._person(), f"{leftover.path} ({leftover.size_bytes} bytes)"
        return AuditEntry(
            at=self._kit.clock.now(),
            who=person.operator.name,
            account=person.operator.account,
            station=person.station,
            version=self._kit.program_version,
            action="remove leftover",
            run=None,
            scan=None,
            barcode=None,
            old=old,
            new="",
            reason=reason,
        )


def _audit(journal: Journal, *, entry: AuditEntry) -> None:
    journal.audit(entry)


def _is_there(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:
        return False  # not to be reached just now: then nobody can copy it from there
