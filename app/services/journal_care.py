"""What keeps the journal well: a copy a day, old details dropped, and its audit log's head told to the share."""

from datetime import timedelta

from app.domain.audit import AuditHead, AuditTip
from app.domain.errors import DestinationError
from app.domain.journal import Backups, Journal
from app.pipeline.case import Kit
from app.services.chores import Chore

_BACKUP_LOOK_SECONDS = 1800.0
_TIDY_LOOK_SECONDS = 6 * 3600.0
_HEAD_LOOK_SECONDS = 15.0
_HEAD_AT_MOST_EVERY_SECONDS = 300.0
_SCANS_AT_ONCE = 100


def journal_chores(kit: Kit, backups: Backups, station: str) -> tuple[Chore, ...]:
    """Return the chores of a station of this name."""
    heads = HeadKeeper(kit, station)
    return (
        Chore("journal's backup", _BACKUP_LOOK_SECONDS, BackupCare(kit, backups).look),
        Chore("journal's old details", _TIDY_LOOK_SECONDS, Tidying(kit).look),
        Chore("audit head", _HEAD_LOOK_SECONDS, heads.look, at_end=heads.tell),
    )


class BackupCare:
    """Makes one copy a day, as early as the program runs on it, and keeps `[journal] backups` of them."""

    def __init__(self, kit: Kit, backups: Backups) -> None:
        self._kit = kit
        self._backups = backups

    async def look(self) -> None:
        """Make today's copy unless it is there."""
        disk, today = self._kit.threads.disk, self._kit.clock.now().astimezone().date()
        newest = await disk(self._backups.newest)
        if newest is not None and newest >= today:
            return
        await disk(self._backups.make, today)
        await disk(self._backups.prune, self._kit.settings.journal.backups)


class Tidying:
    """Drops the details of long ended runs, if `[journal] keep_days` says so."""

    def __init__(self, kit: Kit) -> None:
        self._kit = kit

    async def look(self) -> None:
        """Drop what is old enough, in many small transactions: the scans' own come between them."""
        days = self._kit.settings.journal.keep_days
        if not days:
            return
        before = self._kit.clock.now() - timedelta(days=days)

        def forget(journal: Journal) -> int:
            return journal.forget_details(before, _SCANS_AT_ONCE)

        while await self._kit.store.work(forget):
            pass


class HeadKeeper:
    """Tells the share how far the audit log goes: at the end of a run, and at most every five minutes."""

    def __init__(self, kit: Kit, station: str) -> None:
        self._kit = kit
        self._station = station
        self._told: AuditTip | None = None
        self._tried_at = float("-inf")
        self._ended_runs = -1

    async def look(self) -> None:
        """Tell the share when enough time has passed, or a run ended."""
        runs = await self._kit.store.work(lambda journal: journal.runs())
        ended = sum(run.ended_at is not None for run in runs)
        due = self._kit.clock.monotonic() - self._tried_at >= _HEAD_AT_MOST_EVERY_SECONDS
        if due or ended != self._ended_runs:
            self._ended_runs = ended
            await self.tell()

    async def tell(self) -> None:
        """Tell the share now, unless it knows already; what it remembers is never exchanged for what does not follow.

        Raises DestinationError when the share is away, or remembers another log than this one.
        """
        kit = self._kit
        journal_id, tip = await kit.store.work(lambda journal: (journal.id(), journal.audit_tip()))
        if not tip.number or tip == self._told or not kit.gate.is_open:
            return
        self._tried_at = kit.clock.monotonic()
        known = await kit.threads.disk(kit.destination.audit_head, journal_id)
        if known is not None and known.tip != tip:
            await self._require_continuation(known.tip)
        if known is None or known.tip != tip:
            head = AuditHead(self._station, journal_id, tip, kit.clock.now())
            await kit.threads.disk(kit.destination.put_audit_head, head)
        self._told = tip

    async def _require_continuation(self, known: AuditTip) -> None:
        number = known.number
        found = await self._kit.store.work(lambda journal: journal.audit_hash(number))
        if number and found != known.hash:
            raise DestinationError(
                "The audit log is not the one that the share remembers",
                f"The share knows entry {number}; here it is {'another one' if found else 'missing'}",
                "Was an older journal put back? `audit verify` tells more. What the share remembers is left as it is.",
            )
