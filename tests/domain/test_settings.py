import dataclasses
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.errors import UseError
from app.domain.settings import Declared, Settings, declared_settings
from app.domain.settings_text import parse_settings, settings_markdown, settings_to_toml

DOCS = Path(__file__).parents[2] / "docs" / "settings.md"


def problem(text: str) -> UseError:
    with pytest.raises(UseError) as raised:
        parse_settings(text, name="settings.toml")
    return raised.value


def values(each: Declared) -> st.SearchStrategy[Any]:
    rule, default = each.declaration, each.default
    texts = st.sampled_from(rule.choices) if rule.choices else st.text(st.characters(codec="utf-8"), max_size=20)
    if rule.pattern:
        texts = st.sampled_from(["", r"S\d{2}-'\d+'", r"\d+", 'a"b'])
    if rule.inside:
        texts = st.sampled_from(["Rescans", "Old scans/Ünsere", "a\\b"])
    if rule.day:
        texts = st.sampled_from(["", "2026-03-01"])
    if rule.pairs:
        pairs = st.text(st.characters(codec="utf-8"), min_size=2, max_size=2)
        return st.lists(pairs, max_size=3, unique_by=lambda pair: pair[0]).map(tuple)
    if rule.headers:
        return st.sampled_from([(), ("Status = Scan status",), ("Status=Größe =", "blurry % = “B”")])
    if isinstance(default, bool):
        return st.booleans()
    if isinstance(default, int):
        return st.integers(int(rule.low or 0), int(rule.high or 100))
    if isinstance(default, float):
        return st.floats(rule.low, rule.high)
    return st.lists(texts, max_size=3).map(tuple) if isinstance(default, tuple) else texts


@st.composite
def settings(draw: st.DrawFn) -> Settings:
    made = Settings()
    for each in declared_settings():
        section = dataclasses.replace(getattr(made, each.section), **{each.key: draw(values(each))})
        made = dataclasses.replace(made, **{each.section: section})
    return made


def test_an_empty_file_gives_the_defaults() -> None:
    assert parse_settings("", name="x") == Settings()


def test_what_stands_in_the_file_is_read() -> None:
    lines = ("[lab]", 'operators = ["Ann, a@b.org, AB"]', "[scanner]", "settle_seconds = 5", "watch = 'C:\\scans'", "")
    text = "\ufeff" + "\r\n".join(lines)
    read = parse_settings(text, name="x")
    assert read.lab.operators == ("Ann, a@b.org, AB",)
    assert read.scanner.settle_seconds == 5.0
    assert isinstance(read.scanner.settle_seconds, float)
    assert read.scanner.watch == "C:\\scans"


@given(settings())
def test_written_settings_read_back_equal(made: Settings) -> None:
    assert parse_settings(settings_to_toml(made), name="x") == made


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("[scanner]\n\nwach = 'x'", ["line 3", "[scanner] has no key wach", "did you mean watch?"]),
        ("# c\n[scaner]\nname = 'x'", ["line 2", "no section [scaner]", "[scanner]"]),
        ("[scanner]\nsettle_seconds = 'long'", ["line 2", "settle_seconds", '"long"', "from 0 up to 86400 s"]),
        ("[scanner]\nsettle_seconds = -1", ["line 2", "is -1", "from 0 up to 86400 s"]),
        ("[quality]\nblur_limit_percent = nan", ["line 2", "nan", "up to 100 %"]),
        ("[quality]\nenabled = 1", ["line 2", "enabled is 1", "true or false"]),
        ("[pipeline]\ncopies = 2.5", ["line 2", "copies is 2.5", "a whole number from 1 up to 16"]),
        ("[pipeline]\ncopies = true", ["copies is true", "a whole number"]),
        ("[quality]\nfocus_calibration = 'learnt'", ["focus_calibration", "learned, fixed"]),
        ("[quality]\nfocus_learned_since = 2026-03-01", ["line 2", 'a day in quotes such as "2026-03-01"']),
        ("[quality]\nfocus_learned_since = '20260301'", ["line 2", "a day such as 2026-03-01"]),
        ("[quality]\nfocus_learned_since = '2026-02-30'", ["line 2", "a day such as 2026-03-01"]),
        ("[release]\npolicy = 'allways'", ["policy", "never, verified"]),
        ("[scanner]\nbarcode_pattern = '('", ["line 2", "regular expression"]),
        ("[scanner]\nidentity = ['hand', 'nose']", ["line 2", '["hand", "nose"]', "macro"]),
        ("[lab]\noperators = 'Ann'", ["operators", "a list of texts"]),
        ("[sheet]\nheaders = ['Status']", ["line 2", '["Status"]', "such as “Status = Scan status”"]),
        ("[sheet]\nheaders = ['Status = ']", ["such as “Status = Scan status”"]),
        ("[sheet]\nheaders = ['Statsu = S']", ["names “Statsu”, which is no column of ours; did you mean “Status”?"]),
        ("[sheet]\nheaders = ['Status = A', 'status = B']", ["must give “Status” one header"]),
        ("[sheet]\nheaders = ['Status = A', 'Size = a']", ["must not give two columns of ours the header “A”"]),
        ("[sheet]\nheaders = ['Size = Status']", ["must not give two columns of ours the header “Status”"]),
        (
            "[sheet]\nbarcode_column = 'Slide'\nheaders = ['Size = slide']",
            ["line 3", "[sheet] headers gives “Size” the header “Slide”, which is [sheet] barcode_column"],
        ),
        ("[sheet]\nheaders = ['Size = Scanner']", ["which is [sheet] scanner_column"]),
        ("[wedge]\ntranslate = ['yzy']", ["line 2", '["yzy"]', "two characters"]),
        ("[wedge]\ntranslate = ['yz', 'yx']", ["line 2", "each arriving one once"]),
        ("[wedge]\ngap_ms = 55", ["line 2", "from 2 up to 40 ms"]),
        ("lab = 5", ["line 1", "lab is 5", "[lab]"]),
        ("copies = 5", ["line 1", "below [pipeline]"]),
        ("[lab]\nname = '''\n[scanner]\nwach = 1\n'''\nnam = 1", ["line 6", "did you mean name?"]),
        ("scanner.name = 'x'\nscanner.wach = 'y'", ["line 2", "did you mean watch?"]),
        ("[retention]\ndays = 1", ["no section [retention]"]),
    ],
)
def test_what_is_wrong_is_said_with_line_key_value_and_what_it_may_be(text: str, parts: list[str]) -> None:
    error = problem(text)
    assert "settings.toml" in error.message
    assert all(part in error.message for part in parts), error.message


def test_all_problems_are_said_at_once_in_the_order_of_the_file() -> None:
    lines = problem("[pipeline]\ncopies = 99\n[lab]\nnme = 'x'").message.splitlines()
    assert ["line 2" in lines[0], "line 4" in lines[1]] == [True, True]


def test_a_windows_path_in_double_quotes_is_explained() -> None:
    error = problem('[scanner]\nwatch = "C:\\scans"')
    assert "line 2" in error.message
    assert "single quotes" in error.hint


@pytest.mark.parametrize("text", ["[lab", "[lab]\nname = ", "x = " + "9" * 5000, '[lab]\nname = """'])
def test_a_file_that_is_no_toml_is_said_to_be_so(text: str) -> None:
    assert "settings.toml, line" in problem(text).message


def test_the_page_of_the_settings_is_up_to_date() -> None:
    assert DOCS.read_text(encoding="utf-8") == settings_markdown()


@pytest.mark.parametrize("folder", ["../x", "a/../x", "/old", "C:/old", "", ".", "\\\\nas\\old"])
def test_rescans_stay_on_the_share(folder: str) -> None:
    error = problem(f"[destination]\nrescans = '{folder}'")
    assert "[destination] rescans" in error.message
    assert "must name a folder on the share" in error.message


def test_rescans_may_lie_deeper_on_the_share() -> None:
    assert parse_settings("[destination]\nrescans = 'Old/Rescans'", name="x").destination.rescans == "Old/Rescans"
