"""A real folder destination with a script of what goes wrong, call by call."""

import time
from collections import defaultdict, deque
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from threading import Event
from typing import Any

from app.adapters.files.folder_destination import FolderDestination
from app.domain.audit import AuditHead
from app.domain.errors import StoppedError
from app.domain.scan import VerifiedFile
from app.domain.share import Leftover, ShareStation
from app.domain.transfer import (
    CheckGrade,
    ListedFile,
    Occupant,
    Relocation,
    ScrubResult,
    TransferPlan,
    TransferProgress,
    TransferWatch,
)

PATIENCE_SECONDS = 10.0


class ScriptedShare:
    """Meets the port Destination. `script[method]` holds what its next calls do first: an error, or a callable."""

    def __init__(self, root: Path) -> None:
        self._inner = FolderDestination(root, "Rescans", "test-station")
        self.script: dict[str, deque[Exception | Callable[..., None]]] = defaultdict(deque)
        self.calls: list[str] = []
        self.hold: Event | None = None
        """While set and not yet passed, copies wait before their first byte, until they are stopped."""
        self.hold_at_end: Event | None = None
        """The same after their last byte: while the share is read back."""
        self.copying: list[str] = []
        self.held_at_end: list[str] = []

    def _next(self, method: str, *args: Any) -> None:
        self.calls.append(method)
        if self.script[method]:
            act = self.script[method].popleft()
            if isinstance(act, Exception):
                raise act
            act(*args)

    def check(self) -> None:
        self._next("check")
        self._inner.check()

    def initialise(self) -> str:
        return self._inner.initialise()

    def adopt(self) -> str:
        return self._inner.adopt()

    def copy(self, plan: TransferPlan, watch: TransferWatch) -> tuple[VerifiedFile, ...]:
        self.copying.append(plan.members[0].source.name)
        if self.hold is not None:
            wait_for(self.hold, watch)
        self._next("copy", plan, watch)
        files = self._inner.copy(plan, watch)
        if self.hold_at_end is not None:
            watch.progress(TransferProgress(plan.size_bytes, 0, plan.size_bytes))
            self.held_at_end.append(plan.members[0].source.name)
            wait_for(self.hold_at_end, watch)
        self._next("read back", plan, watch)
        return files

    def publish(self, plan: TransferPlan, files: tuple[VerifiedFile, ...]) -> None:
        self._next("publish", plan)
        self._inner.publish(plan, files)
        self._next("published", plan)

    def conclude(self, plan: TransferPlan, files: tuple[VerifiedFile, ...]) -> bool:
        self._next("conclude", plan)
        return self._inner.conclude(plan, files)

    def occupant(self, final: str) -> Occupant | None:
        return self._inner.occupant(final)

    def relocate(self, move: Relocation) -> None:
        self._next("relocate", move)
        self._inner.relocate(move)
        self._next("relocated", move)

    def locate(self, files: tuple[VerifiedFile, ...], watch: TransferWatch) -> tuple[str, ...] | None:
        self._next("locate", files)
        return self._inner.locate(files, watch)

    def discard(self, plan: TransferPlan) -> None:
        self._next("discard", plan)
        self._inner.discard(plan)

    def leftovers(self) -> tuple[Leftover, ...]:
        return self._inner.leftovers()

    def remove_leftover(self, leftover: Leftover) -> None:
        self._inner.remove_leftover(leftover)

    def announce(self, station: ShareStation) -> None:
        self._next("announce", station)
        self._inner.announce(station)

    def stations(self) -> tuple[ShareStation, ...]:
        return self._inner.stations()

    def check_file(self, file: VerifiedFile) -> CheckGrade | None:
        self._next("check_file", file)
        return self._inner.check_file(file)

    def scrub(self, watch: TransferWatch) -> ScrubResult:
        return self._inner.scrub(watch)

    def scrub_files(self, paths: Sequence[str], watch: TransferWatch) -> ScrubResult:
        self._next("scrub_files", paths, watch)
        return self._inner.scrub_files(paths, watch)

    def listed(self) -> Iterator[ListedFile]:
        return self._inner.listed()

    def put_audit_head(self, head: AuditHead) -> None:
        self._next("put_audit_head", head)
        self._inner.put_audit_head(head)

    def audit_head(self, journal: str) -> AuditHead | None:
        self._next("audit_head", journal)
        return self._inner.audit_head(journal)

    def absolute(self, relative: str) -> str:
        return self._inner.absolute(relative)

    def free_bytes(self) -> int | None:
        return self._inner.free_bytes()


def wait_for(event: Event, watch: TransferWatch) -> None:
    """Wait as a transfer does: look whether to stop, and give up after ten seconds."""
    until = time.monotonic() + PATIENCE_SECONDS
    while not event.wait(0.01):
        if watch.stopped():
            raise StoppedError("Stopped", "the test asked for it")
        if time.monotonic() > until:
            raise AssertionError("nobody let the copy go on")
