"""Values that landed in another slide's row are found by comparing two readings, and nothing else is taken for one."""

from datetime import UTC, datetime

import pytest

from app.domain.sheet import RowWrite, SlideSheet
from app.domain.sheet_reading import read_grid
from app.domain.strays import Stray, find_strays

HEADER = ["Barcode", "Study", "Status", "Scan File", "SHA-256", "Message"]
FULL = {"Status": "Complete", "Scan File": "B_P1.svs", "SHA-256": "b" * 64, "Message": ""}
B = RowWrite("B", FULL)


def sheet(*rows: list[str]) -> SlideSheet:
    return read_grid([HEADER, *rows], title="s", barcode_header="Barcode", read_at=datetime.now(UTC))


def filled(barcode: str, study: str = "S") -> list[str]:
    return [barcode, study, *FULL.values()]


A, PLAIN_B, C = ["A", "S"], ["B", "S"], ["C", "S", "Complete", "C_P1.svs", "c" * 64]


def test_what_reached_its_own_row_is_no_stray() -> None:
    assert find_strays(sheet(A, PLAIN_B, C), sheet(C, A, filled("B")), [B]) == ()


def test_a_row_that_moved_into_the_way_gets_back_what_it_held() -> None:
    before, now = sheet(A, PLAIN_B, C), sheet(A, filled("C"), PLAIN_B)
    back = {"Status": "Complete", "Scan File": "C_P1.svs", "SHA-256": "c" * 64, "Message": ""}
    assert find_strays(before, now, [B]) == (Stray(3, "C", back),)


def test_a_row_that_is_new_held_nothing() -> None:
    now = sheet(A, filled(""), PLAIN_B, C)
    (stray,) = find_strays(sheet(A, PLAIN_B, C), now, [B])
    assert (stray.row, stray.barcode, set(stray.cells.values())) == (3, "", {""})


def test_a_row_without_a_barcode_is_known_by_what_others_wrote_there() -> None:
    noted = ["", "to be labelled", "", "", "", "by hand"]
    now = sheet(A, ["", "to be labelled", *FULL.values()], PLAIN_B)
    (stray,) = find_strays(sheet(A, noted, PLAIN_B), now, [B])
    assert stray.cells == {"Status": "", "Scan File": "", "SHA-256": "", "Message": "by hand"}


def test_what_another_station_wrote_meanwhile_is_left_alone() -> None:
    now = sheet(["A", "S", "Complete", "A_P1.svs", "a" * 64], PLAIN_B, C)
    assert find_strays(sheet(A, PLAIN_B, C), now, [B]) == ()


def test_a_row_that_was_emptied_by_a_write_for_another_gets_its_values_back() -> None:
    clear = RowWrite("B", {"Status": "", "Scan File": "", "SHA-256": "", "Message": ""})
    (stray,) = find_strays(sheet(PLAIN_B, C), sheet(["C", "S"], PLAIN_B), [clear])
    assert stray.cells == {"Status": "Complete", "Scan File": "C_P1.svs", "SHA-256": "c" * 64, "Message": ""}


def test_a_single_cell_somebody_emptied_is_left_empty() -> None:
    now = sheet(PLAIN_B, ["C", "S", "", "C_P1.svs", "c" * 64])
    clear = RowWrite("B", {"Status": "", "Scan File": "", "SHA-256": "", "Message": ""})
    assert find_strays(sheet(PLAIN_B, C), now, [clear]) == ()


def test_a_row_copied_under_another_barcode_does_not_keep_the_image() -> None:
    (stray,) = find_strays(sheet(A, PLAIN_B), sheet(A, filled("B"), filled("D")), [B])
    assert (stray.row, stray.barcode) == (4, "D")


def test_what_is_written_for_a_slide_itself_is_not_put_back() -> None:
    own = RowWrite("C", {"Status": "Need to rescan", "Scan File": "C_P1.svs", "SHA-256": "c" * 64, "Message": ""})
    assert find_strays(sheet(PLAIN_B, C), sheet(filled("C"), PLAIN_B), [B, own]) == ()


def test_what_any_station_could_have_written_is_no_stray() -> None:
    header = ["Barcode", "Study", "Status"]

    def status_only(*rows: list[str]) -> SlideSheet:
        return read_grid([header, *rows], title="s", barcode_header="Barcode", read_at=datetime.now(UTC))

    before = status_only(["A", "S", ""], ["B", "S", ""])
    now = status_only(["A", "S", "Complete"], ["B", "S", "Complete"])
    assert find_strays(before, now, [RowWrite("B", {"Status": "Complete"})]) == ()


REST = {"Size": "4096", "Quality": "Sharp", "Rescans": "0", "Operator": "Ada"}
WHOLE_B = RowWrite("B", {**FULL, **REST})


def without_telling(*rows: list[str]) -> SlideSheet:
    header = ["Barcode", "Study", "SHA-256", *REST]
    return read_grid([header, *rows], title="s", barcode_header="Barcode", read_at=datetime.now(UTC))


@pytest.mark.parametrize(
    ("values", "strayed"),
    [
        (["4096", "Sharp", "0", "Ada"], {"Size", "Quality", "Rescans", "Operator"}),
        (["4096", "Sharp", "0", ""], {"Size", "Quality", "Rescans"}),
        (["4096", "Sharp", "", ""], set()),
        (["4096", "Sharp", "0", "Eve"], set()),
    ],
)
def test_a_stray_is_known_though_its_telling_columns_were_removed(values: list[str], strayed: set[str]) -> None:
    """Only in a row without a barcode, where no station writes; too few values, or another among them, tell nothing."""
    before, now = without_telling(["B", "S"]), without_telling(["", "", "", *values], ["B", "S"])
    found = find_strays(before, now, [WHOLE_B])
    assert [(each.row, each.barcode, set(each.cells)) for each in found] == ([(2, "", strayed)] if strayed else [])
    assert find_strays(before, without_telling(["C", "S", "", *values], ["B", "S"]), [WHOLE_B]) == ()
    assert find_strays(now, now, [WHOLE_B]) == (), "it was there before"


class Counted(dict[str, str]):
    """Cells of a write that count how often they were gone through."""

    looks = 0

    def items(self):
        Counted.looks += 1
        return super().items()


def test_a_thousand_emptied_slides_are_not_each_compared_with_each_row() -> None:
    empty = {"Status": "", "Scan File": "", "SHA-256": "", "Message": ""}
    slides = [f"N{number}" for number in range(300)]
    before = sheet(*([each, "S", "Complete", f"{each}.svs", each, ""] for each in slides), C)
    now = sheet(*([each, "S", "", "", "", ""] for each in slides), ["C", "S"])
    Counted.looks = 0
    (stray,) = find_strays(before, now, [RowWrite(each, Counted(empty)) for each in slides])
    assert stray.barcode == "C"
    assert Counted.looks <= 10 * len(slides)
