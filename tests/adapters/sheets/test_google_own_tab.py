"""Our columns on a tab of the program's own in Google Sheets: made once, a row a slide, whatever people do there."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import pytest

from app.adapters.sheets.google_link import GoogleLink
from app.domain.errors import AwayError, SurroundingsError, UseError
from app.domain.own_tab import OWN_TAB_HEADER
from app.domain.sheet import CellWrite
from tests.adapters.sheets.google_lab import HEADER, RULES, GoogleLab, Memory, complete, google_lab, row
from tests.adapters.sheets.google_own_lab import OWN_TAB, person_at, require_right, rows_of, shown, tabs_of
from tests.fakes.sheets_server import SheetsServer
from tests.fakes.sheets_server.collaborator import Collaborator
from tests.fakes.sheets_server.script import cut, unavailable

SLIDES = [row("620995"), row("000123"), row("620997"), row("620998")]


@pytest.fixture
def new_lab(server: SheetsServer) -> Iterator[GoogleLab]:
    """A lab whose spreadsheet does not have our tab yet."""
    with google_lab(server, SLIDES) as lab:
        yield lab


@pytest.fixture
def lab(new_lab: GoogleLab) -> GoogleLab:
    """A lab with two slides on our tab."""
    with new_lab.gateway(OWN_TAB) as gateway:
        gateway.write([*complete("620997"), *complete("620998")])
    new_lab.server.log.clear()
    return new_lab


def test_a_slide_stands_on_our_tab_and_the_scientists_is_as_it_was(new_lab: GoogleLab) -> None:
    with new_lab.gateway(OWN_TAB) as gateway:
        result = gateway.write(complete("000123"))
    assert set(result.written) == set(complete("000123"))
    assert result.sheet is not None
    assert result.sheet.title == "Summary of Slides, tab Sheet1"
    assert new_lab.scientist.sees() == [RULES, HEADER, *SLIDES]
    assert tabs_of(new_lab) == ["Sheet1", "Slideferry"]
    assert tuple(person_at(new_lab).sees()[0]) == OWN_TAB_HEADER
    require_right(new_lab, "000123")
    assert new_lab.memory.kept is None


def test_the_scientists_tab_can_look_a_slide_up(lab: GoogleLab) -> None:
    lab.scientist.types(3, 5, '=VLOOKUP("620997",Slideferry!A:M,3,FALSE)')
    assert lab.scientist.sees()[2][4] == "620997_P1.svs"


def test_a_batch_of_known_slides_costs_three_readings_and_one_writing(lab: GoogleLab) -> None:
    with lab.gateway(OWN_TAB) as gateway:
        gateway.write(complete("620995"))
        lab.server.log.clear()
        gateway.write([CellWrite(each, "Status", "Rescanned", 2) for each in ("620995", "620997", "620998")])
    assert (lab.calls("read"), lab.calls("write")) == (3, 1)


def test_what_is_there_already_is_not_written_again(lab: GoogleLab) -> None:
    with lab.gateway(OWN_TAB) as gateway:
        assert len(gateway.write(complete("620997", generation=2)).written) == len(complete("620997"))
    assert lab.calls("write") == 0


def test_a_slide_without_its_one_row_in_the_scientists_tab_is_refused(lab: GoogleLab) -> None:
    lab.scientist.types(4, 1, "620995")
    with lab.gateway(OWN_TAB) as gateway:
        result = gateway.write([*complete("999"), *complete("620995"), *complete("620997")])
    assert {each.reason for each in result.refused} == {
        "no row of Summary of Slides, tab Sheet1 has the barcode 999",
        "rows 3, 4 of Summary of Slides, tab Sheet1 have the barcode 620995: it must be one",
    }
    assert {each.barcode for each in result.written} == {"620997"}
    require_right(lab, "620997", "620998")


def test_our_tab_is_never_taken_for_the_scientists(lab: GoogleLab) -> None:
    lab.book.tabs.reverse()
    with lab.gateway(OWN_TAB) as gateway:
        assert gateway.read().title == "Summary of Slides, tab Sheet1"


def test_a_tab_of_the_labs_that_has_our_name_is_not_touched(new_lab: GoogleLab) -> None:
    new_lab.scientist.adds_tab("slideferry")
    theirs = person_at(new_lab, "slideferry")
    theirs.puts([["Barcode", "Status"], ["620995", "sent by ship"]])
    with (
        new_lab.gateway(OWN_TAB) as gateway,
        pytest.raises(UseError, match="tab slideferry has no column “Scan File”"),
    ):
        gateway.write(complete("620995"))
    assert theirs.sees() == [["Barcode", "Status"], ["620995", "sent by ship"]]


def test_an_empty_tab_of_our_name_is_taken(new_lab: GoogleLab) -> None:
    new_lab.scientist.adds_tab("Slideferry")
    with new_lab.gateway(OWN_TAB) as gateway:
        assert gateway.write(complete("620995")).written
    require_right(new_lab, "620995")


def test_a_tab_that_is_deleted_is_made_again_and_one_that_is_renamed_stays_ours(lab: GoogleLab) -> None:
    with lab.gateway(OWN_TAB) as gateway:
        gateway.write(complete("620997"))
        person_at(lab).renames_tab("What Slideferry says")
        gateway.write(complete("620995"))
        require_right(lab, "620995", "620997", "620998", title="What Slideferry says")
        person_at(lab, "What Slideferry says").deletes_tab()
        gateway.write(complete("000123"))
    require_right(lab, "000123")


def test_the_tab_needs_a_name_of_its_own(lab: GoogleLab) -> None:
    settings = replace(OWN_TAB, worksheet="Slides", own_tab="slides")
    with pytest.raises(UseError, match="both name “slides”"), lab.gateway(settings):
        pass


def test_a_tab_that_may_not_be_made_is_said(new_lab: GoogleLab) -> None:
    new_lab.scientist.shares(new_lab.key["client_email"], "reader")
    with new_lab.gateway(OWN_TAB) as gateway, pytest.raises(SurroundingsError, match="not shared with us"):
        gateway.write(complete("620995"))
    assert tabs_of(new_lab) == ["Sheet1"]


# --- while other people are at work in our tab

ACTS: dict[str, Callable[[Collaborator], None]] = {
    "a row is inserted above": lambda who: who.inserts_rows(2),
    "rows are sorted": lambda who: who.sorts(1, first_row=2, descending=True),
    "a row of ours is deleted": lambda who: who.deletes_rows(3),
    "a column is inserted at the left": lambda who: who.inserts_columns(1),
    "a column is inserted among ours": lambda who: who.inserts_columns(5),
    "a column of ours is moved to the left": lambda who: who.moves_column(4, 1),
    "the barcodes are moved to the right": lambda who: who.moves_column(1, 9),
    "the tab is renamed": lambda who: who.renames_tab("Ours"),
}


@pytest.mark.parametrize("act", ACTS.values(), ids=ACTS)
@pytest.mark.parametrize("moment", range(6))
def test_it_happens_before_a_call(lab: GoogleLab, act: Callable[[Collaborator], None], moment: int) -> None:
    person = person_at(lab)
    with lab.gateway(OWN_TAB) as gateway:
        gateway.write([])
        lab.server.script.meanwhile(lambda: act(person), skip=moment)
        wanted = [*complete("620995"), *complete("620997"), *complete("620998")]
        assert set(gateway.write(wanted).written) == set(wanted)
        lab.server.script.steps.clear()
    rows = rows_of(lab, lab.book.tab_by_id(person.tab_id).title)
    there = {each["Barcode"] for each in rows}
    # The row that somebody deleted after it was read back stays deleted.
    assert there | {"620998"} == {"620995", "620997", "620998"}
    assert "620998" in there or act is ACTS["a row of ours is deleted"]
    assert sorted(rows, key=lambda each: each["Barcode"]) == [shown(barcode) for barcode in sorted(there)]
    assert lab.scientist.sees() == [RULES, HEADER, *SLIDES]


LOST: dict[str, Callable[[], Any]] = {"503": lambda: unavailable(after=True), "cut": lambda: cut(after=True)}


@pytest.mark.parametrize("fault", LOST.values(), ids=LOST)
@pytest.mark.parametrize("write", range(3))
def test_the_write_is_done_and_its_answer_lost(new_lab: GoogleLab, fault: Callable[[], Any], write: int) -> None:
    """The first write makes the tab, the second the row, the third shows the values."""
    new_lab.server.script.fail(fault(), on="write", skip=write)
    with new_lab.gateway(OWN_TAB) as gateway, pytest.raises(AwayError):
        gateway.write(complete("620995"))
    with new_lab.gateway(OWN_TAB) as started_anew:
        assert started_anew.write(complete("620995")).written
    assert tabs_of(new_lab) == ["Sheet1", "Slideferry"]
    require_right(new_lab, "620995")
    assert new_lab.memory.kept is None


def test_rows_are_sorted_under_a_write_whose_answer_is_lost(lab: GoogleLab) -> None:
    person = person_at(lab)
    with lab.gateway(OWN_TAB) as gateway:
        gateway.write(complete("620995"))
        lab.server.script.meanwhile(lambda: person.sorts(1, first_row=2), before="values:batchUpdateByDataFilter")
        lab.server.script.fail(cut(after=True), on="values:batchUpdateByDataFilter")
        changed = [CellWrite("620995", "Scan File", "620995_P1_2.svs", 2)]
        with pytest.raises(AwayError):
            gateway.write(changed)
    with lab.gateway(OWN_TAB) as started_anew:
        assert started_anew.write(complete("620995", generation=3)).written
    require_right(lab, "620995", "620997", "620998")


def test_the_mode_is_changed_while_a_write_is_under_way(lab: GoogleLab) -> None:
    """What was begun in place is put right in place."""
    with lab.gateway() as gateway:
        gateway.write(complete("620997"))
        lab.server.script.meanwhile(lambda: lab.scientist.sorts(1), before="write")
        lab.server.script.fail(cut(after=True), on="write")
        with pytest.raises(AwayError):
            gateway.write(complete("620995"))
    with lab.gateway(OWN_TAB) as gateway:
        gateway.write(complete("620995"))
    assert lab.column("Scan File") == {
        each[0]: f"{each[0]}_P1.svs" if each[0] in ("620995", "620997") else "" for each in SLIDES
    }
    require_right(lab, "620995", "620997", "620998")


# --- two stations

Write = Callable[[GoogleLink, str, Mapping[str, Any]], dict[str, Any]]


def before_the_first(monkeypatch: pytest.MonkeyPatch, request: str, others_turn: Callable[[], None]) -> None:
    """Let another station have its turn just before ours asks for something for the first time."""
    write: Write = GoogleLink.write
    turns = [others_turn]

    def after_the_other(link: GoogleLink, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        if turns and request in str(body):
            turns.pop()()
        return write(link, path, body)

    monkeypatch.setattr(GoogleLink, "write", after_the_other)


@pytest.mark.parametrize("theirs", ["620995", "620998"])
@pytest.mark.parametrize("request_", ["addSheet", "appendCells", "valueInputOption"])
def test_two_stations_write_side_by_side(
    new_lab: GoogleLab, monkeypatch: pytest.MonkeyPatch, request_: str, theirs: str
) -> None:
    with new_lab.gateway(OWN_TAB, memory=Memory()) as one, new_lab.gateway(OWN_TAB, memory=Memory()) as other:
        before_the_first(monkeypatch, request_, lambda: require_written(other.write(complete(theirs)).written))
        one.write(complete("620995"))
    assert tabs_of(new_lab) == ["Sheet1", "Slideferry"]
    require_right(new_lab, *{"620995", theirs})


def require_written(written: tuple[CellWrite, ...]) -> None:
    assert written


def test_two_rows_of_a_slide_become_one_and_nobody_elses_goes(lab: GoogleLab) -> None:
    """An append that was answered twice; people sort just before one of the rows is taken out."""
    person = person_at(lab)
    person.puts([["620997"], ["620998"]], top=4)
    lab.server.script.meanwhile(lambda: person.sorts(2, first_row=2), before=":batchUpdate")
    with lab.gateway(OWN_TAB) as gateway:
        gateway.write([*complete("620997"), *complete("620998"), *complete("620995")])
    require_right(lab, "620995", "620997", "620998")


def test_a_row_with_a_note_is_not_taken_out(lab: GoogleLab) -> None:
    """It shows the same as the other one: a lookup is right whichever it finds."""
    person = person_at(lab)
    person.puts([["620997"]], top=4)
    person.types(4, 15, "see me")
    with lab.gateway(OWN_TAB) as gateway:
        assert len(gateway.write(complete("620997")).written) == len(complete("620997"))
    assert rows_of(lab) == [shown("620997"), shown("620998"), shown("620997")]
    assert person.sees()[3][14] == "see me"
