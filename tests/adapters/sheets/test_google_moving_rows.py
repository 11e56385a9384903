"""Rows and columns that move between two calls: each value ends on its slide's row, nobody else's cell changes."""

from collections.abc import Callable, Iterator, Mapping

import pytest

from app.adapters.sheets.google_tab import ColumnWork, GoogleTab, TabReading
from app.domain.sheet import WRITTEN_COLUMNS
from tests.adapters.sheets.google_lab import HEADER, GoogleLab, Memory, complete, google_lab, row
from tests.fakes.sheets_server import SheetsServer
from tests.fakes.sheets_server.collaborator import Collaborator
from tests.fakes.sheets_server.script import cut, unavailable

SLIDES = [row("620995"), row("620996"), row("620997"), row("620998")]


@pytest.fixture
def lab(server: SheetsServer) -> Iterator[GoogleLab]:
    with google_lab(server, SLIDES) as lab, lab.gateway() as gateway:
        gateway.write(complete("620997"))
        server.log.clear()
        yield lab


ACTS: dict[str, Callable[[Collaborator], None]] = {
    "a row is inserted above": lambda who: who.inserts_rows(3),
    "rows are sorted": lambda who: who.sorts(1, descending=True),
    "the row above is deleted": lambda who: who.deletes_rows(3),
    "a column is inserted at the left": lambda who: who.inserts_columns(1),
    "a column is inserted among ours": lambda who: who.inserts_columns(who.column_of("SHA-256")),
    "a column of ours is moved to the left": lambda who: who.moves_column(who.column_of("Scan File"), 2),
    "a column of the lab is moved among ours": lambda who: who.moves_column(4, who.column_of("Size")),
    "a column of ours is deleted": lambda who: who.deletes_columns(who.column_of("Image Path")),
    "the tab is renamed": lambda who: who.renames_tab("Slides"),
}


def lab_cells(lab: GoogleLab) -> dict[str, tuple[str, ...]]:
    """Return what stands in the lab's own columns, by barcode."""
    grid = lab.scientist.sees()
    header = next(each for each in grid if "Barcode" in each)
    columns = [header.index(each) for each in HEADER]
    return {each[columns[0]]: tuple(each[at] for at in columns) for each in grid[grid.index(header) + 1 :]}


@pytest.mark.parametrize("act", ACTS.values(), ids=ACTS)
@pytest.mark.parametrize("moment", [0, 1, 2])
def test_it_happens_before_a_call(lab: GoogleLab, act: Callable[[Collaborator], None], moment: int) -> None:
    lab.server.script.meanwhile(lambda: act(lab.scientist), skip=moment)
    with lab.gateway() as gateway:
        wanted = complete("620996")
        assert set(gateway.write(wanted).written) == set(wanted)
    require_right(lab, "620996")


@pytest.mark.parametrize("act", ACTS.values(), ids=ACTS)
def test_the_write_is_done_and_its_answer_lost(lab: GoogleLab, act: Callable[[Collaborator], None]) -> None:
    lab.server.script.meanwhile(lambda: act(lab.scientist), before="write")
    lab.server.script.fail(unavailable(after=True), on="write")
    with lab.gateway() as gateway, pytest.raises(Exception, match="out of order"):
        gateway.write(complete("620996"))
    assert lab.memory.kept is not None
    with lab.gateway() as started_anew:
        assert started_anew.write(complete("620996")).written
    require_right(lab, "620996")


def test_a_stray_is_put_back_though_its_own_slide_is_not_written_any_more(lab: GoogleLab) -> None:
    """The program died after the write; by the next start a person had given the slide up."""
    lab.server.script.meanwhile(lambda: lab.scientist.sorts(1, descending=True), before="write")
    lab.server.script.fail(cut(after=True), on="write")
    with lab.gateway() as gateway, pytest.raises(Exception, match="does not answer"):
        gateway.write(complete("620995"))
    with lab.gateway() as started_anew:
        started_anew.write([])
    assert lab.column("Scan File")["620998"] == ""
    assert lab.column("Scan File")["620997"] == "620997_P1.svs"


def test_two_stations_write_side_by_side(lab: GoogleLab, monkeypatch: pytest.MonkeyPatch) -> None:
    ours, theirs = Memory(), Memory()
    put = GoogleTab.put
    others_turn = ["620998"]

    def after_the_other(tab: GoogleTab, columns: Mapping[str, Mapping[int, str]]) -> None:
        while others_turn:
            other.write(complete(others_turn.pop()))
        put(tab, columns)

    monkeypatch.setattr(GoogleTab, "put", after_the_other)
    with lab.gateway(memory=ours) as one, lab.gateway(memory=theirs) as other:
        one.write(complete("620995"))
        one.write(complete("620996"))
    assert lab.column("Scan File") == {each[0]: f"{each[0]}_P1.svs" for each in SLIDES}
    assert lab_cells(lab) == {each[0]: tuple(each) for each in SLIDES}


def test_two_stations_add_their_columns_at_once(server: SheetsServer, monkeypatch: pytest.MonkeyPatch) -> None:
    prepare = GoogleTab.prepare
    others_turn = ["620998"]

    def after_the_other(tab: GoogleTab, work: ColumnWork, reading: TabReading, header_row: int) -> None:
        while others_turn:
            other.write(complete(others_turn.pop()))
        prepare(tab, work, reading, header_row)

    monkeypatch.setattr(GoogleTab, "prepare", after_the_other)
    with google_lab(server, SLIDES) as lab, lab.gateway(memory=Memory()) as one, lab.gateway(memory=Memory()) as other:
        assert one.write(complete("620995")).written
        header = lab.scientist.sees()[1]
        assert sorted(header) == sorted({*HEADER, *WRITTEN_COLUMNS})
        assert lab.column("Status") == {"620995": "Complete", "620996": "", "620997": "", "620998": "Complete"}


def require_right(lab: GoogleLab, barcode: str) -> None:
    """The slide's row shows all of it, 620997 what it did before, others nothing; the lab's cells are as they were."""
    cells = lab_cells(lab)
    there = {each for each in cells if each}
    assert {each: cells[each] for each in there} == {each[0]: tuple(each) for each in SLIDES if each[0] in there}
    grid = lab.scientist.sees()
    header = next(each for each in grid if "Barcode" in each)
    for line in grid[grid.index(header) + 1 :]:
        found = line[header.index("Barcode")]
        files = line[header.index("Scan File")]
        if found in (barcode, "620997"):
            assert files == f"{found}_P1.svs"
            shown = {each.column: line[header.index(each.column)] for each in complete(found)}
            if found == barcode:
                assert shown == {each.column: each.value for each in complete(found)}
        elif not found:
            assert not any(line)
        else:
            assert files in ("", f"{found}_P1.svs")
