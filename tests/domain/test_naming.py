import unicodedata
from datetime import UTC, datetime
from pathlib import PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.clean_name import LONGEST_PART, clean_component
from app.domain.errors import SlideError, UseError
from app.domain.naming import (
    clean_part,
    file_stem,
    folder_path,
    member_finals,
    rescan_final,
    rescan_finals,
    slide_path,
)
from app.domain.scan import Layout
from app.domain.sheet import SheetRow, SlideSheet
from app.domain.sheet_reading import read_grid

RULES = ["Include in Name?, REQUIRED", "Include in Name?", "Include in Name?", "Include in Name?", ""]
HEADERS = ["Barcode", "Study", "Experiment", "Panel", "Slide/Block"]
HOSTILE = st.text(
    st.one_of(st.characters(), st.sampled_from('./\\:*?"<>| \u202e\u200b\u0301\n\0~$=')), max_size=200
) | st.sampled_from(["..", ".", "CON", "con.svs", "NUL.tar.gz", "a:b", "C:x", "COM¹", "aux ", "=1+1", "a" * 300])


def slide(*cells: str, rules: list[str] | None = None) -> tuple[SlideSheet, SheetRow]:
    grid = [RULES if rules is None else rules, HEADERS, list(cells)]
    sheet = read_grid(grid, title="slides.xlsx", barcode_header="Barcode", read_at=datetime(2026, 1, 1, tzinfo=UTC))
    return sheet, sheet.rows[0]


def is_safe(part: str) -> bool:
    base = part.split(".", maxsplit=1)[0].rstrip().casefold()
    return (
        part not in {"", ".", ".."}
        and part == part.rstrip(" .")
        and not set(part) & set('<>:"/\\|?*')
        and unicodedata.is_normalized("NFC", part)
        and not any(unicodedata.category(each) in {"Cc", "Cf", "Cs"} for each in part)
        and base not in {"con", "prn", "aux", "nul", "com1", "com¹", "lpt9"}
    )


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("  Run  2 ", "Run 2"),
        ("A/B:C", "A-B-C"),
        ("two\r\nlines", "two lines"),
        ("..", ""),
        (".hidden.", "hidden"),
        ("CON", "CON_"),
        ("con.svs", "con_.svs"),
        ("NUL.tar.gz", "NUL_.tar.gz"),
        ("Constance", "Constance"),
        ("E\u0301tude \u03a9", "Étude Ω"),
        ("a\u202egpj\u200b", "agpj"),
        ("\x07", ""),
    ],
)
def test_a_part_is_cleaned_for_every_file_system(text: str, cleaned: str) -> None:
    assert clean_part(text) == cleaned


@given(HOSTILE)
def test_a_cleaned_part_is_safe_or_empty_and_stays_as_it_is(text: str) -> None:
    cleaned = clean_part(text)
    assert clean_part(cleaned) == cleaned
    assert len(cleaned) <= LONGEST_PART
    assert cleaned == "" or (is_safe(cleaned) and not cleaned.startswith("."))


def test_the_name_is_the_included_columns_in_sheet_order() -> None:
    assert file_stem(*slide("620995", "Prec01", "Run 2", "P1", "x")) == "620995_Prec01_Run 2_P1"


def test_empty_included_cells_are_left_out() -> None:
    assert file_stem(*slide("620995", " ", "Run 2", "")) == "620995_Run 2"


def test_the_barcode_alone_names_a_slide_when_nothing_is_included() -> None:
    assert file_stem(*slide("000123", "Prec01", rules=["REQUIRED"])) == "000123"


def test_a_name_of_nothing_is_refused() -> None:
    with pytest.raises(SlideError, match="row 3"):
        file_stem(*slide("", "..", "??"[:0], "\u200b", "x"))


@given(st.lists(HOSTILE, min_size=5, max_size=5))
def test_names_and_folders_from_hostile_cells_stay_inside(cells: list[str]) -> None:
    sheet = read_grid([RULES, HEADERS, ["k", *cells]], title="t", barcode_header="Barcode", read_at=datetime.now(UTC))
    row = sheet.rows[0]
    try:
        folder, stem = slide_path("{Study}/{Experiment} {Panel}/../{Slide/Block}", sheet, row, extension=".svs")
    except SlideError:  # too long, or nothing left of the name: said, not cut
        return
    path = "/".join(part for part in (folder, stem + ".svs") if part)
    assert len(path) <= 180
    assert not path.startswith("/")
    assert all(is_safe(part) for part in path.split("/"))


def test_the_folder_is_made_from_the_template() -> None:
    sheet, row = slide("620995", "Prec01", "Run/2", "", "B1")
    assert folder_path("{study}/{Experiment}", sheet, row) == "Prec01/Run-2"
    assert folder_path("scans/{Panel}/{Slide/Block}", sheet, row) == "scans/B1"
    assert folder_path("", sheet, row) == ""


def test_a_column_the_sheet_lacks_is_named_with_the_nearest() -> None:
    sheet, row = slide("1")
    with pytest.raises(UseError, match="no column “Studdy”") as raised:
        folder_path("{Studdy}/x", sheet, row)
    assert "{Study}" in raised.value.hint
    with pytest.raises(UseError, match="stray brace"):
        folder_path("{Study", sheet, row)


def test_a_long_name_is_refused_with_the_columns_that_make_it_so_never_cut() -> None:
    sheet, row = slide("620995", "s" * 100, "e" * 90, "P1")
    with pytest.raises(SlideError, match=r"B3 \(Study\) with 100 characters, C3 \(Experiment\) with 90"):
        file_stem(sheet, row)
    sheet, row = slide("620995", "s" * 60, "e" * 60)
    assert file_stem(sheet, row)
    with pytest.raises(SlideError, match="too long"):
        slide_path("{Study}", sheet, row, extension=".svs")


def test_bytes_count_too_where_characters_take_three() -> None:
    with pytest.raises(SlideError, match="too long"):
        file_stem(*slide("620995", "研" * 70))


@pytest.mark.parametrize(
    ("layout", "main", "members", "finals"),
    [
        (Layout.FILE, "in/a.b.svs", ["in/a.b.svs"], ["F/G/S.svs"]),
        (Layout.FILE, "a.ome.tiff", ["a.ome.tiff", "a.companion.ome"], ["F/G/S.ome.tiff", "F/G/S.companion.ome"]),
        (
            Layout.FILE,
            "a.ndpi",
            ["a.ndpi", "a.ndpi.ndpa", "A_map.xml"],
            ["F/G/S.ndpi", "F/G/S.ndpi.ndpa", "F/G/S_map.xml"],
        ),
        (Layout.FILE, "scan", ["scan"], ["F/G/S"]),
        (Layout.FILE, "scan v1.5", ["scan v1.5"], ["F/G/S"]),
        (
            Layout.FILE_AND_FOLDER,
            "d/x.mrxs",
            ["d/x/Data0001.dat", "d/x/Index.dat"],
            ["F/G/S.mrxs", "F/G/S/Data0001.dat", "F/G/S/Index.dat"],
        ),
        (Layout.FILE_AND_FOLDER, "x.vsi", ["x.vsi", "_x_/stack1/f.ets"], ["F/G/S.vsi", "F/G/_S_/stack1/f.ets"]),
        (Layout.FOLDER, "d/ser/1.dcm", ["d/ser/1.dcm", "d/ser/2.dcm"], ["F/G/S/1.dcm", "F/G/S/2.dcm"]),
        (
            Layout.FOLDER,
            "z/.zattrs",
            ["z/.zattrs", "z/0/.zarray", "z/0/0"],
            ["F/G/S/.zattrs", "F/G/S/0/.zarray", "F/G/S/0/0"],
        ),
    ],
)
def test_members_keep_their_places_under_the_new_name(
    layout: Layout, main: str, members: list[str], finals: list[str]
) -> None:
    assert list(member_finals(layout, main, members, "F/G", "S").values()) == finals


def test_rescans_move_as_one_and_stay_openable() -> None:
    assert rescan_final("F/G/S.svs", "Rescans", "0af3") == "Rescans/F/G/S__0af3.svs"
    assert rescan_final("S.ome.tif", "Rescans", "0af3") == "Rescans/S__0af3.ome.tif"
    mrxs = rescan_finals(
        Layout.FILE_AND_FOLDER, "F/S.mrxs", ["F/S.mrxs", "F/S/D1.dat"], rescans_folder="Old/R", older_scan_id="id"
    )
    assert mrxs == {"F/S.mrxs": "Old/R/F/S__id.mrxs", "F/S/D1.dat": "Old/R/F/S__id/D1.dat"}
    series = rescan_finals(Layout.FOLDER, "F/S/a/1", ["F/S/a/1", "F/S/b"], rescans_folder="R", older_scan_id="id")
    assert series == {"F/S/a/1": "R/F/S__id/a/1", "F/S/b": "R/F/S__id/b"}
    with pytest.raises(UseError):
        rescan_final("S.svs", "..", "id")


@pytest.mark.parametrize("member", ["../x.svs", "/etc/x.svs", "a/../../x", "a/\u200b/x"])
def test_a_member_that_leads_outside_is_refused(member: str) -> None:
    with pytest.raises(SlideError, match="cannot be carried"):
        member_finals(Layout.FOLDER, "a/b/main", ["a/b/main", member], "F", "S")


def test_members_that_would_share_a_name_are_refused() -> None:
    with pytest.raises(SlideError, match="would both become"):
        member_finals(Layout.FOLDER, "a/1?", ["a/1?", "a/1*"], "F", "S")


COMPONENT = st.text(st.characters(exclude_characters="/\0"), min_size=1, max_size=12)


@given(
    st.sampled_from(Layout),
    st.lists(st.lists(COMPONENT, min_size=1, max_size=3).map("/".join), min_size=1, max_size=6, unique=True),
    HOSTILE.map(clean_part).filter(bool),
    HOSTILE.map(clean_part).filter(bool),
)
def test_members_stay_distinct_inside_and_safe(layout: Layout, members: list[str], folder: str, stem: str) -> None:
    try:
        finals = member_finals(layout, members[0], members, folder, stem)
    except SlideError:
        return
    assert set(finals) == set(members)
    assert len({final.casefold() for final in finals.values()}) == len(members)
    for final in finals.values():
        parts = PurePosixPath(final).parts
        assert parts[0] == folder
        assert all(is_safe(part) and clean_component(part) == part for part in parts)
