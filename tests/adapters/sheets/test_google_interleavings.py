"""Any acts of other people between any two calls: no value ends on another slide's row, no cell of theirs changes."""

import random
from collections.abc import Callable, Iterator

import pytest
from google.oauth2.service_account import Credentials
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from app.domain.errors import AwayError
from app.domain.sheet import WRITTEN_COLUMNS
from tests.adapters.sheets.google_lab import GoogleLab, complete, google_lab, row, signed_in
from tests.fakes.sheets_server import SheetsServer
from tests.fakes.sheets_server.script import cut, internal, unavailable
from tests.proof import write_proof

OURS = frozenset(WRITTEN_COLUMNS)
SLIDES = tuple(f"6200{number}" for number in range(10, 16))
DONE_BEFORE = (SLIDES[1], SLIDES[4])
WRITTEN_NOW = (SLIDES[0], SLIDES[2], SLIDES[3])
SEQUENCES = 10_000

Act = Callable[["Others"], None]
Google = tuple[SheetsServer, Credentials]


@pytest.fixture(scope="module")
def google() -> Iterator[Google]:
    with SheetsServer() as server:
        server.quota.per_user = server.quota.per_project = 100_000_000
        yield server, signed_in(server)


class Others:
    """People at work in the sheet. `theirs` is what their cells show after their own last act."""

    def __init__(self, lab: GoogleLab, chance: random.Random) -> None:
        self.lab = lab
        self.chance = chance
        self.theirs = self.look()
        self.acts: list[str] = []
        self.fresh = 0

    def look(self) -> list[tuple[str, ...]]:
        """Return the cells of all columns that are not ours, as far as anything is written there."""
        grid = self.lab.scientist.sees()
        top = next(at for at, each in enumerate(grid) if "Barcode" in each)
        theirs = [at for at, header in enumerate(grid[top]) if header not in OURS]
        rows = [tuple(each[at] for at in theirs) for each in grid]
        while rows and not any(rows[-1]):
            rows.pop()
        return [_without_end(each) for each in rows]

    def does(self, name: str) -> None:
        """Look whether their cells are as they left them, then act."""
        assert self.look() == self.theirs, f"changed before “{name}”, after {self.acts}"
        self.acts.append(name)
        ACTS[name](self)
        self.theirs = self.look()

    def rows(self) -> int:
        return len(self.lab.scientist.sees()) - 2

    def any_row(self) -> int:
        return self.chance.randint(3, max(3, self.rows() + 2))

    def types_anywhere(self) -> None:
        """Change a note, which is a cell of the lab's."""
        self.fresh += 1
        column = self.lab.scientist.column_of("Notes")
        self.lab.scientist.types(self.any_row(), column, f"a new note, number {self.fresh} of them")

    def adds_a_slide(self) -> None:
        self.fresh += 1
        last = self.rows() + 3
        self.lab.scientist.types(last, self.lab.scientist.column_of("Barcode"), f"9900{self.fresh}")
        self.lab.scientist.types(last, self.lab.scientist.column_of("Notes"), f"late, number {self.fresh}")

    def deletes_a_row(self) -> None:
        if self.rows() > 2:
            self.lab.scientist.deletes_rows(self.any_row())

    def moves_a_column(self) -> None:
        header = self.chance.choice(["Notes", "Panel", "Study", *self.our_headers()])
        width = len(self.lab.scientist.sees()[1])
        self.lab.scientist.moves_column(self.lab.scientist.column_of(header), self.chance.randint(1, width))

    def our_headers(self) -> list[str]:
        return [each for each in self.lab.scientist.sees()[1] if each in OURS]

    def deletes_a_column_of_ours(self) -> None:
        for header in self.our_headers()[:1]:
            self.lab.scientist.deletes_columns(self.lab.scientist.column_of(header))


ACTS: dict[str, Act] = {
    "inserts a row": lambda who: who.lab.scientist.inserts_rows(who.any_row(), who.chance.randint(1, 3)),
    "deletes a row": Others.deletes_a_row,
    "sorts by barcode": lambda who: who.lab.scientist.sorts(
        who.lab.scientist.column_of("Barcode"), descending=who.chance.random() < 0.5
    ),
    "sorts by note": lambda who: who.lab.scientist.sorts(who.lab.scientist.column_of("Notes")),
    "types": Others.types_anywhere,
    "adds a slide": Others.adds_a_slide,
    "inserts a column": lambda who: who.lab.scientist.inserts_columns(who.chance.randint(1, 6)),
    "moves a column": Others.moves_a_column,
    "deletes a column of ours": Others.deletes_a_column_of_ours,
    "renames the tab": lambda who: who.lab.scientist.renames_tab(f"Slides {who.chance.random()}"),
}
FAULTS = {
    "write done, answer lost": lambda: unavailable(after=True),
    "write not done": lambda: unavailable(),
    "connection cut": lambda: cut(after=True),
    "out of order": lambda: internal(),
}
STEP = st.tuples(st.sampled_from([*ACTS, *FAULTS]), st.integers(0, 2))
SEQUENCE = st.tuples(st.integers(0, 2**32), st.lists(STEP, min_size=1, max_size=6))


def _without_end(cells: tuple[str, ...]) -> tuple[str, ...]:
    end = len(cells)
    while end and not cells[end - 1]:
        end -= 1
    return cells[:end]


def play(google: Google, seed: int, steps: list[tuple[str, int]]) -> None:
    """Write three slides while all that happens; a program that is told of a failure starts anew."""
    server, credentials = google
    with google_lab(server, [row(each) for each in SLIDES], credentials=credentials) as lab:
        with lab.gateway() as gateway:
            gateway.write([cell for each in DONE_BEFORE for cell in complete(each)])
        others = Others(lab, random.Random(seed))
        for name, skip in steps:
            if name in FAULTS:
                server.script.fail(FAULTS[name](), on="write" if skip == 0 else "read", skip=skip // 2)
            else:
                server.script.meanwhile(lambda name=name: others.does(name), skip=skip)
        writes = [cell for each in WRITTEN_NOW for cell in complete(each)]
        for _ in range(len(steps) + 3):
            with lab.gateway() as gateway:
                try:
                    result = gateway.write(writes)
                except AwayError:
                    continue
            if not server.script.steps:
                break
        server.script.steps.clear()
        with lab.gateway() as gateway:
            result = gateway.write(writes)
        assert others.look() == others.theirs, f"changed at the end, after {others.acts}"
        require_right(lab, {each.write.barcode for each in result.refused}, others)


def require_right(lab: GoogleLab, refused: set[str], others: Others) -> None:
    grid = lab.scientist.sees()
    header = grid[1]
    barcode = header.index("Barcode")
    expected = {each: {cell.column: cell.value for cell in complete(each)} for each in SLIDES}
    for line in grid[2:]:
        shown = {each: line[header.index(each)] for each in WRITTEN_COLUMNS if each in header}
        slide = line[barcode]
        if slide in WRITTEN_NOW:
            assert shown == expected[slide], f"{slide} after {others.acts}"
        elif slide in DONE_BEFORE:
            # What stood in a column that somebody removed has gone with it.
            assert all(text in ("", expected[slide][each]) for each, text in shown.items()), f"{slide}: {others.acts}"
        else:
            assert not any(shown.values()), f"{slide or 'a row without a barcode'} after {others.acts}"
    there = {line[barcode] for line in grid[2:]}
    assert refused == {each for each in WRITTEN_NOW if each not in there}
    assert lab.memory.kept is None


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(SEQUENCE)
@example((2, [("inserts a row", 2), ("inserts a row", 2)]))
@example((0, [("deletes a column of ours", 2), ("inserts a row", 0), *[("deletes a column of ours", 0)] * 3]))
def test_a_quick_share_of_interleavings(google: Google, sequence: tuple[int, list[tuple[str, int]]]) -> None:
    play(google, *sequence)


@pytest.mark.long
def test_ten_thousand_interleavings(google: Google) -> None:
    played = set()

    @settings(max_examples=SEQUENCES, database=None, suppress_health_check=[HealthCheck.too_slow])
    @given(SEQUENCE)
    def search(sequence: tuple[int, list[tuple[str, int]]]) -> None:
        played.add(repr(sequence))
        play(google, *sequence)

    search()
    # Hypothesis may stop a little early where it finds nothing new; the rest is drawn plainly.
    chance = random.Random(20261126)
    while len(played) < SEQUENCES:
        steps = [(chance.choice([*ACTS, *FAULTS]), chance.randint(0, 2)) for _ in range(chance.randint(1, 6))]
        sequence = (chance.randint(0, 2**32), steps)
        played.add(repr(sequence))
        play(google, *sequence)
    write_proof(
        "sheet-interleavings", {"sequences": len(played), "acts": sorted(ACTS), "faults": sorted(FAULTS), "wrong": 0}
    )
