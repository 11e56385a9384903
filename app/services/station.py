"""One scanner's station while it is held: the run, the runner, people's acts, requests and chores."""

import asyncio
from collections.abc import Collection, Iterable, Mapping
from contextvars import ContextVar
from dataclasses import replace
from pathlib import Path

from app.domain.audit import AuditEntry
from app.domain.dossier import Dossier
from app.domain.errors import UseError
from app.domain.journal import Journal
from app.domain.ports import ReportMaker
from app.domain.run import Expected, ExpectedFrom, Operator, Run
from app.domain.scan import RunId, ScanId
from app.domain.step import StepId, StepState
from app.pipeline.case import Kit
from app.pipeline.intake import Intake
from app.pipeline.journey import RECORD
from app.pipeline.rescans import still_coming
from app.pipeline.runner import Runner
from app.services.chores import Chore
from app.services.leftovers import leftover_removal_of
from app.services.operator_acts import OperatorActs, Person
from app.services.operators import operator_named
from app.services.reconciliation import missing, open_slides, standings, unexpected
from app.services.requests import Requests
from app.services.run_report import ReportFrame, make_report
from app.services.share_desk import ShareDesk
from app.services.sheet_rebuild import rebuild_sheet
from app.services.status_json import RunStatus

_GRACE_SECONDS = 10.0
_asking_account: ContextVar[str] = ContextVar("asking_account", default="")
"""The account that a request is carried out for; the window's acts meanwhile are the operator's own."""


class Station:
    """Holds the journal for as long as it is open. `station_name` is the PC's, for the audit log."""

    def __init__(
        self,
        kit: Kit,
        maker: ReportMaker,
        *,
        station_name: str,
        take_existing: bool,
        chores: tuple[Chore, ...] = (),
    ) -> None:
        self.kit = kit
        self._maker = maker
        self._station_name = station_name
        self.intake = Intake(kit, take_existing=take_existing)
        self.runner = Runner(kit, self.intake, self._ensure_run)
        self.acts = OperatorActs(kit, self.runner, self.person, self._run_of_acts)
        self.share = ShareDesk(kit, self.person)
        self._run: Run | None = None
        self._last_run: Run | None = None
        self._operator = Operator("")
        self._expected: tuple[Expected, ...] = ()
        self._chores = chores
        self._requests = Requests(kit.store, kit.clock, self.act)
        self._tasks: list[asyncio.Task[None]] = []
        self._is_open = False

    @property
    def run(self) -> Run:
        """The open run."""
        if self._run is None:
            raise UseError("No run is open", "None was started since the last one ended", "Start a new run")
        return self._run

    @property
    def open_run(self) -> Run | None:
        """The open run, None between two runs."""
        return self._run

    @property
    def expected(self) -> tuple[Expected, ...]:
        """What the open run expects."""
        return self._expected

    def person(self) -> Person:
        """Return who acts: the operator of the run, or of the last one, under the account that asks."""
        account = _asking_account.get() or self._operator.account
        return Person(replace(self._operator, account=account), self._station_name)

    def _run_of_acts(self) -> RunId:
        """Return the run that a scan taken up again belongs to: the open one, or the last; an act starts none."""
        return self._last_run.id if self._run is None and self._last_run is not None else self.run.id

    async def open(self, operator: Operator, *, watch: bool, go_on: bool = True) -> None:
        """Load the journal, go on with the open run or start one, recover, and begin to work.

        Without `go_on` no run is started, and every scan stays where it is until an act sets it going.
        """
        kit = self.kit
        for scan, alarm in (await kit.store.work(lambda journal: journal.alarms())).items():
            kit.gate.raise_alarm(scan, alarm)
        await kit.gate.look(kit.destination, kit.threads.disk)
        await kit.ledger.load()
        runs = await kit.store.work(lambda journal: journal.runs())
        last = runs[-1] if runs else None
        self._last_run = last
        if last is not None and last.ended_at is None:
            await self._use(last)
        elif go_on:
            await self.start_run(operator)
        else:
            self._operator = last.operator if last is not None else operator
        await self.runner.start(watch=watch, go_on=go_on)
        self._is_open = True
        self._tasks.append(asyncio.create_task(self._requests.serve(), name="requests"))
        if go_on:
            self._tasks += [asyncio.create_task(each.repeat(), name=each.name) for each in self._chores]

    async def _use(self, run: Run) -> None:
        self._run = self._last_run = run
        self._operator = run.operator
        self._expected = await self.kit.store.work(lambda journal: journal.expected(run.id))

    async def _ensure_run(self) -> RunId:
        """Return the open run; a scan that appears between two runs starts the next one."""
        if self._run is None:
            await self.start_run(self._operator)
        return self.run.id

    async def start_run(self, operator: Operator) -> None:
        """Begin a run; raise UseError while one is open."""
        if self._run is not None:
            raise UseError("A run is open", f"{self._run.id} of {self._run.operator.name}", "End it first")
        now = self.kit.clock.now()
        scanner = self.kit.settings.scanner.name

        def act(journal: Journal) -> Run:
            day = f"{now.astimezone():%Y-%m-%d}"
            number = 1 + sum(run.id.startswith(day) for run in journal.runs())
            run = Run(RunId(f"{day}-{number}"), scanner, operator, now)
            journal.add_run(run)
            return run

        await self._use(await self.kit.store.work(act))

    async def expect(self, barcodes: Iterable[str], source: ExpectedFrom) -> int:
        """Add expected slides to the run; return how many were new."""
        run, at = self.run.id, self.kit.clock.now()
        wanted = [Expected(barcode, source, at) for barcode in barcodes]
        added = await self.kit.store.work(lambda journal: sum(journal.expect(run, each) for each in wanted))
        await self._use(self.run)
        return added

    async def status(self, report: Path | None = None) -> RunStatus:
        """Return how the run stands."""
        dossiers = self.dossiers()
        writes = await self.kit.store.work(lambda journal: journal.count_writes())
        return RunStatus(
            self._run,
            dossiers,
            missing(self._expected, dossiers),
            unexpected(self._expected, dossiers),
            report,
            writes,
            self.kit.sheet.last,
        )

    def dossiers(self) -> tuple[Dossier, ...]:
        """Return the scans of the open run, and unfinished ones of earlier runs."""
        run = self._run.id if self._run else None
        taken_in = (d for d in self.kit.ledger.under_way(run) if not d.scan.earlier)
        return tuple(d for d in taken_in if d.scan.run == run or d.state.on_its_way)

    async def end_run(self, reasons: Mapping[str, str]) -> None:
        """End the run; raise UseError naming every open slide without a reason."""
        run = self.run
        slides = standings(self._expected, self.dossiers(), self.kit.sheet.last)
        nameless = [each for each in open_slides(slides) if not reasons.get(each.key, "").strip()]
        if nameless:
            listed = "; ".join(f"{each.key} ({each.words})" for each in nameless[:8])
            raise UseError("The run has open slides", listed, "Name a reason for each; they go into the report")
        at = self.kit.clock.now()
        entries = [self._run_entry("end run", each, reasons[each]) for each in reasons] or [
            self._run_entry("end run", "", "")
        ]

        def act(journal: Journal) -> None:
            journal.end_run(run.id, at, reasons)
            for entry in entries:
                journal.audit(entry)

        await self.kit.store.work(act)
        self._run = None
        self._expected = ()

    def _run_entry(self, action: str, key: str, reason: str) -> AuditEntry:
        who = self.person()
        dossier = next((d for d in self.dossiers() if key in (d.scan.barcode, d.id)), None)
        return AuditEntry(
            at=self.kit.clock.now(),
            who=who.operator.name,
            account=who.operator.account,
            station=who.station,
            version=self.kit.program_version,
            action=action,
            run=self._run_of_acts(),
            scan=dossier.id if dossier else None,
            barcode=dossier.scan.barcode if dossier else key or None,
            old="",
            new="",
            reason=reason,
        )

    async def report(self, out: Path, run: RunId | None = None) -> Path:
        """Write the PDF of a run, the open one by default."""
        frame = ReportFrame(self.kit.settings, self.kit.program_version, self.kit.clock.now())
        wanted = run or self.run.id
        contents = await self.kit.store.work(lambda journal: make_report(journal, wanted, frame))
        await self.kit.threads.disk(self._maker.write_pdf, contents, out, lambda _done, _of: None)
        return out

    async def until_at_rest(self, scan: ScanId | None = None) -> None:
        """Return once nothing (of this scan) goes on by itself; not for ever while something holds it up."""
        held_up_since: float | None = None
        while not self.runner.at_rest(scan):
            now = self.kit.clock.monotonic()
            held_up_since = (held_up_since or now) if self._held_up(scan) else None
            if held_up_since is not None and now - held_up_since > _GRACE_SECONDS:
                return
            await asyncio.sleep(0.05)

    def _held_up(self, scan: ScanId | None) -> bool:
        """Whether all that is left to do waits for the sheet, the share, or an earlier scan that may stand still."""
        if self.runner.works_here(scan):
            return False
        away = self.kit.sheet.trouble is not None or not self.kit.gate.is_open
        return away or (scan is not None and still_coming(self.kit.ledger, self.kit.ledger.get(scan)))

    async def until_written(self, scans: Collection[ScanId] = ()) -> None:
        """Return once the outbox is empty, with the cells of `scans` written too, or the sheet is in trouble."""
        while self.kit.sheet.trouble is None:
            waiting = await self.kit.store.work(lambda journal: journal.count_writes())
            if not waiting and not any(self._is_recording(scan) for scan in scans):
                return
            await asyncio.sleep(0.05)

    def _is_recording(self, scan: ScanId) -> bool:
        dossier = self.kit.ledger.get(scan)
        to_come = (StepState.PENDING, StepState.RUNNING, StepState.WAITING_TO_RETRY)
        return dossier.steps[RECORD].state in to_come and not dossier.scan.paused

    def refused_by_sheet(self, scan: ScanId) -> bool:
        """Whether the sheet has no place for a scan's cells, until a person puts it right."""
        return self.kit.ledger.get(scan).steps[RECORD].state is StepState.NEEDS_ATTENTION

    async def act(self, action: str, body: Mapping[str, str], account: str) -> str:
        """Do what a command of `account` asks for by name; see docs/interface.md for the arguments of each.

        Returns what there is to tell about it, often nothing.
        """
        asking = _asking_account.set(account)
        try:
            return await self._act(action, body, account)
        finally:
            _asking_account.reset(asking)

    async def _act(self, action: str, body: Mapping[str, str], account: str) -> str:
        scan, reason, acts = ScanId(body.get("scan", "")), body.get("reason", ""), self.acts
        if action in ("pause", "resume", "cancel", "first"):
            await getattr(acts, action)(scan)
        elif action == "restart":
            await acts.restart(scan, StepId(body["step"]) if body.get("step") else None)
        elif action == "mark":
            await acts.mark(scan, StepId(body["step"]), StepState(body["state"]), reason)
        elif action == "assign":
            await acts.assign(scan, body["barcode"], reason)
        elif action == "keep":
            await acts.keep(scan, body["which"], reason)
        elif action == "missing":
            await acts.missing(scan, body["how"], reason)
        elif action == "verdict":
            await acts.verdict(scan, body["verdict"], reason)
        elif action == "start_run":
            await self.start_run(operator_named(self.kit.settings.lab, body["operator"], account))
        elif action == "end_run":
            await self.end_run({key: value for key, value in body.items() if key != "run"})
        elif action == "remove_leftovers":
            await self.share.remove(leftover_removal_of(body))
        elif action == "sync":
            rebuild = body.get("rebuild") == "True"
            scans = await self.sync(rebuild=rebuild)
            return f"Slides that are written anew: {len(scans)}" if rebuild else ""
        else:
            raise UseError("No such request", action)
        return ""

    async def sync(self, *, rebuild: bool) -> tuple[ScanId, ...]:
        """Push the outbox now; with `rebuild` put every slide's cells into it before, and return their scans."""
        rebuilt: tuple[ScanId, ...] = ()
        if rebuild:
            rebuilt = await rebuild_sheet(self.kit)
            if rebuilt:
                entry = replace(self._run_entry("rebuild sheet", "", ""), new=f"{len(rebuilt)} slides")
                await self.kit.store.work(lambda journal: journal.audit(entry))
        self.kit.sheet.try_now()
        return rebuilt

    async def close(self) -> None:
        """End everything in order; a second call finds nothing to do."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks.clear()
        await self.runner.close()
        if self._is_open:
            self._is_open = False
            for chore in self._chores:
                await chore.end()
