"""A row that Google refuses, or that others keep changing, does not keep the other slides from being confirmed."""

from collections.abc import Iterator

import pytest

from app.domain.errors import AwayError
from app.domain.sheet import CellWrite, WriteResult
from tests.adapters.sheets.google_lab import GoogleLab, complete, google_lab, row
from tests.adapters.sheets.google_own_lab import OWN_TAB, person_at
from tests.fakes.sheets_server import SheetsServer, validation
from tests.fakes.sheets_server.collaborator import Collaborator

BARCODES = tuple(str(620000 + each) for each in range(24))
WORDS = {
    "the cell is named": validation.REFUSED,
    "no cell is named": "The data you entered violates the data validation rules set on this cell.",
}


@pytest.fixture(params=WORDS.values(), ids=WORDS)
def lab(request: pytest.FixtureRequest, server: SheetsServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[GoogleLab]:
    monkeypatch.setattr(validation, "REFUSED", request.param)
    with google_lab(server, [row(each) for each in BARCODES]) as lab, lab.gateway() as gateway:
        gateway.write(complete(BARCODES[0]))
        server.log.clear()
        yield lab


def of(barcodes: tuple[str, ...], generation: int = 1) -> list[CellWrite]:
    return [write for each in barcodes for write in complete(each, generation)]


def written(result: WriteResult) -> set[str]:
    return {each.barcode for each in result.written}


def refused(result: WriteResult) -> dict[str, str]:
    return {each.write.barcode: each.reason for each in result.refused}


def forbid(lab: GoogleLab, *barcodes: str) -> None:
    """Let the status of some slides be one of the lab's own words only."""
    column = lab.scientist.column_of("Status")
    for each in barcodes:
        lab.scientist.allows_only(3 + BARCODES.index(each), column, "Scanned", "Missing")


@pytest.mark.parametrize("bad", [BARCODES[5:6], (BARCODES[1], BARCODES[11], BARCODES[23])], ids=["one", "three"])
def test_only_the_row_that_google_refuses_is_refused(lab: GoogleLab, bad: tuple[str, ...]) -> None:
    forbid(lab, *bad)
    with lab.gateway() as gateway:
        result = gateway.write(of(BARCODES))
        assert lab.calls("write") <= 25
        assert len(written(result)) >= 20, "most are confirmed at once"
        result = gateway.write(of(BARCODES))
    assert written(result) == set(BARCODES) - set(bad)
    assert set(refused(result)) == set(bad)
    assert all("violates the data validation rules" in each for each in refused(result).values())
    assert {each for each, text in lab.column("Scan File").items() if not text} == set(bad)
    assert lab.memory.kept is None


def test_a_row_alone_is_refused_with_the_words(lab: GoogleLab) -> None:
    forbid(lab, BARCODES[5])
    with lab.gateway() as gateway:
        assert set(refused(gateway.write(complete(BARCODES[5])))) == {BARCODES[5]}
        assert written(gateway.write(complete(BARCODES[6]))) == {BARCODES[6]}


def test_where_all_are_refused_calls_are_bounded_and_all_are_told_in_the_end(lab: GoogleLab) -> None:
    forbid(lab, *BARCODES[1:])
    left, told = BARCODES, set[str]()
    with lab.gateway() as gateway:
        while left:
            lab.server.log.clear()
            result = gateway.write(of(left))
            settled = written(result) | set(refused(result))
            assert settled, "each call gets on"
            assert lab.calls("write") <= 25
            told |= set(refused(result))
            left = tuple(each for each in left if each not in settled)
    assert told == set(BARCODES[1:])
    assert lab.memory.kept is None


def test_a_row_that_moves_meanwhile_does_not_have_another_refused_in_its_place(lab: GoogleLab) -> None:
    """By the time of our write the row with the rule is the last, where the value of another slide is meant to go."""
    forbid(lab, BARCODES[1])
    lab.server.script.meanwhile(lambda: lab.scientist.moves_rows(4, 27), before="write")
    with lab.gateway() as gateway:
        result = gateway.write(of(BARCODES))
    assert written(result) == set(BARCODES) - {BARCODES[1]}
    assert set(refused(result)) == {BARCODES[1]}
    assert lab.column("Scan File") == {each: "" if each == BARCODES[1] else f"{each}_P1.svs" for each in BARCODES}


def keep_changing(lab: GoogleLab, who: Collaborator, barcode: str, *, times: int) -> None:
    """Take the status of a slide back before each of the next readings, as a script does."""

    def act() -> None:
        grid = who.sees()
        top = next(number for number, cells in enumerate(grid) if "Barcode" in cells)
        number = next(number for number, cells in enumerate(grid, start=1) if barcode in cells)
        who.types(number, grid[top].index("Status") + 1, "In review")
        if times > 1:
            keep_changing(lab, who, barcode, times=times - 1)

    lab.server.script.meanwhile(act, before="read")


@pytest.mark.parametrize("own_tab", [False, True], ids=["in place", "on our own tab"])
def test_a_cell_that_a_script_keeps_changing_holds_up_its_slide_only(server: SheetsServer, *, own_tab: bool) -> None:
    settings = OWN_TAB if own_tab else None
    with google_lab(server, [row(each) for each in BARCODES]) as lab, lab.gateway(settings) as gateway:
        gateway.write(complete(BARCODES[0]))
        who = person_at(lab) if own_tab else lab.scientist
        gateway.write(complete(BARCODES[5]))
        keep_changing(lab, who, BARCODES[5], times=40)
        result = gateway.write(of(BARCODES, generation=2))
        assert written(result) == set(BARCODES) - {BARCODES[5]}
        assert not result.refused
        assert lab.memory.kept is not None
        assert {each.barcode for each in lab.memory.kept.rows} == {BARCODES[5]}
        with pytest.raises(AwayError, match="does not hold still"):
            gateway.write(complete(BARCODES[5], generation=3))
        server.script.steps.clear()
        assert written(gateway.write(complete(BARCODES[5], generation=3))) == {BARCODES[5]}
        assert lab.memory.kept is None


def test_what_waits_is_looked_after_when_rows_move(server: SheetsServer) -> None:
    with google_lab(server, [row(each) for each in BARCODES]) as lab, lab.gateway() as gateway:
        gateway.write(complete(BARCODES[0]))
        keep_changing(lab, lab.scientist, BARCODES[5], times=8)
        lab.server.script.meanwhile(lambda: lab.scientist.sorts(1, descending=True), before="write", skip=5)
        gateway.write(of(BARCODES))
        server.script.steps.clear()
        assert written(gateway.write(of(BARCODES, generation=2))) == set(BARCODES)
    assert lab.column("Scan File") == {each: f"{each}_P1.svs" for each in BARCODES}
