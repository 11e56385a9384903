"""A request that nobody waits for any more is withdrawn, at whatever moment its asker gave up."""

import asyncio
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest

from app.adapters.storage.store import SqliteStore
from app.bootstrap import Place
from app.cli.people import ask

PATIENCE_SECONDS = 10.0


def requests(place: Place, which: str) -> int:
    with closing(sqlite3.connect(place.journal)) as journal:
        return int(journal.execute(f"SELECT COUNT(*) FROM request WHERE {which}").fetchone()[0])


async def test_a_request_is_withdrawn_also_when_its_asker_gives_up_before_it_knows_that_it_is_written(
    tmp_path: Path,
) -> None:
    place = Place(tmp_path / "settings.toml", tmp_path)
    await SqliteStore(place.journal).close()
    asking = asyncio.create_task(ask(place, "cancel", {"scan": "a"}))
    for _ in range(3):  # it begins, and gives its request to the journal's thread
        await asyncio.sleep(0)
    until = time.monotonic() + PATIENCE_SECONDS
    while not requests(place, "answered_at IS NULL"):
        # The loop stands still here: the request is written, but its asker cannot learn it.
        assert time.monotonic() < until
        time.sleep(0.01)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    assert requests(place, "answered_at IS NULL") == 0
    assert requests(place, "answer LIKE '%withdrawn%'") == 1
