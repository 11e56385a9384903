"""Counts the calls that a busy minute costs: `python -m tests.benchmarks.sheet --json`.

Three stations share one Google account and one sheet; a thousand slides finish at each within a minute. Real time, real
HTTP to a server on the loopback that counts Google's quotas (60 readings and 60 writings a minute for the account).
"""

import argparse
import asyncio
import json
import tempfile
import time
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from app.adapters.sheets.google_quota import AccountQuota
from app.adapters.sheets.google_sheet import GoogleSheet
from app.adapters.storage.store import SqliteStore
from app.bootstrap.station import SystemClock
from app.domain.scan import ScanId
from app.domain.settings import SheetSettings
from app.domain.sheet import WRITTEN_COLUMNS
from app.pipeline.sheet_desk import SheetDesk
from app.pipeline.sheet_memory import JournalSheetMemory
from app.pipeline.threads import Threads
from tests.adapters.sheets.google_lab import GoogleLab, complete, google_lab, link_to, row
from tests.fakes.sheets_server import SheetsServer

STATIONS = 3
MOST_CALLS = 12
"""Of each kind, for a station's thousand slides."""
MOST_SECONDS_AFTER = 90.0


@dataclass
class Station:
    """One PC's desk with its slides."""

    number: int
    slides: list[str]
    gateway: GoogleSheet
    store: SqliteStore
    desk: SheetDesk
    last_at: float = 0.0
    complete_at: float = 0.0
    batches: list[int] = field(default_factory=list)

    async def settled(self, waiting: Any, result: Any) -> None:
        """Note a batch."""
        self.batches.append(len({each.barcode for each in result.written}))

    async def work(self, seconds: float) -> None:
        """Finish all slides within the time, then wait until the sheet holds them."""
        serving = asyncio.create_task(self.desk.serve(self.settled))
        begun = time.monotonic()
        for index, barcode in enumerate(self.slides):
            await asyncio.sleep(max(0.0, begun + seconds * index / len(self.slides) - time.monotonic()))
            await self.desk.fresh()  # as Mark Slide Complete looks at the sheet once more
            await self.store.work(lambda journal, each=barcode: journal.put_writes(ScanId(each), complete(each)))
            self.desk.wake()
        self.last_at = time.monotonic()
        while await self.store.work(lambda journal: journal.count_writes()):
            await asyncio.sleep(0.2)
        self.complete_at = time.monotonic()
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)


def _holds(lab: GoogleLab, named: list[list[str]], header: str) -> bool:
    """Whether each slide's row shows its own value of a column."""
    column = lab.column(header)
    return all(
        column[each] == next(write.value for write in complete(each) if write.column == header)
        for group in named
        for each in group
    )


async def measure(slides: int, seconds: float) -> dict[str, Any]:
    """Run the minute; return what it cost."""
    named = [[f"{number}{index:05}" for index in range(slides)] for number in range(1, STATIONS + 1)]
    with SheetsServer() as server, google_lab(server, [row(each) for group in named for each in group]) as lab:
        async with AsyncExitStack() as stack:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            settings = SheetSettings(kind="google")
            stations = []
            for number, group in enumerate(named):
                store = SqliteStore(folder / f"{number}.sqlite")
                stack.push_async_callback(store.close)
                threads = Threads(1)
                stack.push_async_callback(threads.close)
                memory = JournalSheetMemory(store, asyncio.get_running_loop())
                quota = AccountQuota(settings.calls_per_minute)
                gateway = GoogleSheet(partial(link_to, lab, quota=quota), memory, settings)
                stack.callback(gateway.close)
                desk = SheetDesk(gateway, store, threads, SystemClock(), settings)
                stations.append(Station(number, group, gateway, store, desk))
            await asyncio.gather(*(each.work(seconds) for each in stations))
        right = all(_holds(lab, named, header) for header in WRITTEN_COLUMNS)
        calls = {kind: lab.calls(kind) for kind in ("read", "write")}
        refused = sum(each.status == 429 for each in server.log)
    per_station = {kind: count / STATIONS for kind, count in calls.items()}
    after = max(each.complete_at - each.last_at for each in stations)
    return {
        "benchmark": "sheet",
        "stations": STATIONS,
        "slides_each": slides,
        "calls": calls,
        "calls_per_station": per_station,
        "refused_for_quota": refused,
        "seconds_after_the_last": round(after, 1),
        "batches": [each.batches for each in stations],
        "all_right": right,
        "ratio": {
            "reads to allowed": round(per_station["read"] / MOST_CALLS, 3),
            "writes to allowed": round(per_station["write"] / MOST_CALLS, 3),
            "wait to allowed": round(after / MOST_SECONDS_AFTER, 3),
        },
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON document and nothing else")
    parser.add_argument("--slides", type=int, default=1000)
    parser.add_argument("--seconds", type=float, default=60.0)
    chosen = parser.parse_args()
    print(json.dumps(asyncio.run(measure(chosen.slides, chosen.seconds)), indent=2))


if __name__ == "__main__":
    main()
