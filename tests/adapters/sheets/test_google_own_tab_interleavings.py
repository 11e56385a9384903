"""Any acts of other people in our tab, and any lost answers, between any two calls: no value goes astray."""

import random
from collections.abc import Callable, Iterator

import pytest
from google.oauth2.service_account import Credentials
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.domain.errors import AwayError
from tests.adapters.sheets.google_lab import HEADER, RULES, GoogleLab, complete, google_lab, row, signed_in
from tests.adapters.sheets.google_own_lab import OWN_TAB, person_at, require_harmless, rows_of, shown
from tests.fakes.sheets_server import SheetsServer
from tests.fakes.sheets_server.collaborator import Collaborator
from tests.fakes.sheets_server.script import cut, internal, unavailable
from tests.proof import write_proof

SLIDES = tuple(f"6200{number}" for number in range(10, 16))
DONE_BEFORE = (SLIDES[1], SLIDES[4], SLIDES[5])
WRITTEN_NOW = (SLIDES[0], SLIDES[1], SLIDES[2], SLIDES[3])
SEQUENCES = 2_000

Google = tuple[SheetsServer, Credentials]
Act = Callable[[Collaborator, random.Random], None]


def any_row(person: Collaborator, chance: random.Random) -> int:
    return chance.randint(2, max(2, len(person.sees()) + 1))


def any_column(person: Collaborator, chance: random.Random) -> int:
    return chance.randint(1, len(person.sees()[0]))


def deletes_a_row(person: Collaborator, chance: random.Random) -> None:
    if len(person.sees()) > 2:
        person.deletes_rows(any_row(person, chance))


def appends_again(person: Collaborator, chance: random.Random) -> None:
    """Do what another station does that appends a slide in the same moment."""
    rows = person.sees()
    person.types(len(rows) + 1, rows[0].index("Barcode") + 1, f"'{chance.choice(WRITTEN_NOW)}")


ACTS: dict[str, Act] = {
    "inserts a row": lambda who, chance: who.inserts_rows(any_row(who, chance), chance.randint(1, 2)),
    "deletes a row": deletes_a_row,
    "sorts": lambda who, chance: who.sorts(any_column(who, chance), first_row=2, descending=chance.random() < 0.5),
    "inserts a column": lambda who, chance: who.inserts_columns(any_column(who, chance)),
    "moves a column": lambda who, chance: who.moves_column(any_column(who, chance), any_column(who, chance)),
    "appends again": appends_again,
    "duplicates a row": lambda who, chance: who.duplicates_row(any_row(who, chance)),
}
FAULTS = {
    "write done, answer lost": lambda: unavailable(after=True),
    "write not done": lambda: unavailable(),
    "connection cut": lambda: cut(after=True),
    "out of order": lambda: internal(),
}
STEP = st.tuples(st.sampled_from([*ACTS, *FAULTS]), st.integers(0, 4))
SEQUENCE = st.tuples(st.integers(0, 2**32), st.lists(STEP, min_size=1, max_size=6))


@pytest.fixture(scope="module")
def google() -> Iterator[Google]:
    with SheetsServer() as server:
        server.quota.per_user = server.quota.per_project = 100_000_000
        yield server, signed_in(server)


def play(google: Google, seed: int, steps: list[tuple[str, int]]) -> None:
    """Write four slides while all that happens; a program that is told of a failure starts anew."""
    server, credentials = google
    with google_lab(server, [row(each) for each in SLIDES], credentials=credentials) as lab:
        with lab.gateway(OWN_TAB) as gateway:
            gateway.write([cell for each in DONE_BEFORE for cell in complete(each)])
        person, chance = person_at(lab), random.Random(seed)
        for name, skip in steps:
            if name in FAULTS:
                server.script.fail(FAULTS[name](), on="write" if skip % 2 else "read", skip=skip // 2)
            else:
                server.script.meanwhile(lambda name=name: ACTS[name](person, chance), skip=skip)
        write_until_quiet(lab, len(steps) + 3)
        require_harmless(lab, frozenset(SLIDES))
        for barcode in WRITTEN_NOW:
            rows = [each for each in rows_of(lab) if each["Barcode"] == barcode]
            assert rows, barcode
            assert all(each == shown(barcode) for each in rows), barcode
        assert lab.scientist.sees() == [RULES, HEADER, *(row(each) for each in SLIDES)]
        assert lab.memory.kept is None


def write_until_quiet(lab: GoogleLab, times: int) -> None:
    writes = [cell for each in WRITTEN_NOW for cell in complete(each)]
    for _ in range(times):
        with lab.gateway(OWN_TAB) as gateway:
            try:
                gateway.write(writes)
            except AwayError:
                continue
        if not lab.server.script.steps:
            break
    lab.server.script.steps.clear()
    with lab.gateway(OWN_TAB) as gateway:
        assert len(gateway.write(writes).written) == len(writes)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(SEQUENCE)
def test_a_quick_share_of_interleavings(google: Google, sequence: tuple[int, list[tuple[str, int]]]) -> None:
    play(google, *sequence)


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_thousands_of_interleavings(google: Google) -> None:
    chance = random.Random(20261126)
    for _ in range(SEQUENCES):
        steps = [(chance.choice([*ACTS, *FAULTS]), chance.randint(0, 4)) for _ in range(chance.randint(1, 6))]
        play(google, chance.randint(0, 2**32), steps)
    write_proof(
        "own-tab-interleavings", {"sequences": SEQUENCES, "acts": sorted(ACTS), "faults": sorted(FAULTS), "wrong": 0}
    )
