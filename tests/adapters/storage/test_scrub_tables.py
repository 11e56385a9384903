"""When files of the share were last read again, in the journal."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

import pytest

from app.adapters.storage.store import SqliteStore
from app.domain.journal import Journal
from app.domain.share import Scrubbed
from app.domain.transfer import ScrubFinding
from tests.adapters.storage.samples import AT


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    store = SqliteStore(tmp_path / "journal.sqlite")
    yield store
    await store.close()


async def test_when_files_of_the_share_were_read_again(store: SqliteStore) -> None:
    odd = b"2026/\xff.svs".decode("utf-8", "surrogateescape")
    finding = ScrubFinding("2026/a.svs", "differs", "1" * 64, "2" * 64, "why")
    many = [Scrubbed(f"2025/{number}.svs", AT) for number in range(1200)]
    first = [*many, Scrubbed(odd, AT), Scrubbed("2026/a.svs", AT, finding)]
    await store.work(lambda journal: journal.put_scrubbed(first))
    later = AT + timedelta(days=1)
    await store.work(lambda journal: journal.put_scrubbed([Scrubbed("2026/a.svs", later, finding)]))
    paths = [odd, "2026/a.svs", "2026/unknown.svs", *(each.path for each in many)]
    found = await store.work(lambda journal: journal.scrubbed(paths))
    assert len(found) == 1202
    assert found[odd].at == AT
    assert found["2026/a.svs"] == Scrubbed("2026/a.svs", later, finding, AT), "known since it was first seen"
    assert await store.work(lambda journal: journal.scrub_findings()) == (found["2026/a.svs"],)
    await store.work(lambda journal: journal.put_scrubbed([Scrubbed("2026/a.svs", later)]))
    assert await store.work(lambda journal: journal.scrub_findings()) == ()
    await store.work(lambda journal: journal.forget_scrubbed([odd]))
    assert odd not in await store.work(lambda journal: journal.scrubbed([odd]))


async def test_which_destination_scans_go_to_and_since_when(store: SqliteStore) -> None:
    assert await store.work(lambda journal: journal.destination_since("one")) is None
    await store.work(lambda journal: journal.use_destination("one", AT))
    first = await store.work(lambda journal: journal.destination_since("one"))
    assert first is not None
    assert first < AT, "the first one that is noted was so always"
    for later in (AT + timedelta(days=1), AT + timedelta(days=2)):
        await store.work(partial(_use, destination="two", at=later))
    assert await store.work(lambda journal: journal.destination_since("two")) == AT + timedelta(days=1)
    assert await store.work(lambda journal: journal.destination_since("one")) is None


def _use(journal: Journal, *, destination: str, at: datetime) -> None:
    journal.use_destination(destination, at)
